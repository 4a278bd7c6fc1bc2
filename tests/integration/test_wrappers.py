"""What a config says of a model's parameters is the same however the model is wrapped."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel
from wrappers import IN_PLACE, WRAPPERS, one_process, quietly, wrapped

from optim_core import ParamGroupError, registry
from optim_core.groups.model.wrappers import unwrapped

transformers = pytest.importorskip("transformers")

TEXT = {"vocab_size": 40, "bos_token_id": 0, "eos_token_id": 1}
BERT = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
GPT2 = {"n_embd": 16, "n_layer": 3, "n_head": 2, "n_positions": 8}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "vocab_size": 40}


class Block(nn.Module):
    """Has a norm, and a module that is called as wrappers call theirs."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.module = nn.Linear(8, 8)


class Net(nn.Module):
    """Has a list called module, an embedding that the head is tied to, and a parametrized layer."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 8)
        self.module = nn.ModuleList(Block() for _ in range(3))
        self.mixer = nn.utils.parametrizations.weight_norm(nn.Linear(8, 8))
        self.head = nn.Linear(8, 9)
        self.head.weight = self.embed.weight


def of(name, config, options):
    return lambda: getattr(transformers, name)(getattr(transformers, config)(**options))


MODELS = {
    "Net": (Net, "module.0", "embed.*", "module.1.module.weight"),
    "BERT": (
        of("BertForSequenceClassification", "BertConfig", {**TEXT, **BERT}),
        "classifier",
        "*embeddings*",
        "*.1.*",
    ),
    "GPT-2": (of("GPT2LMHeadModel", "GPT2Config", {**TEXT, **GPT2}), "transformer.h.1", "lm_head.*", "re:h\\.2\\."),
    "T5": (of("T5ForConditionalGeneration", "T5Config", T5), "decoder.block.0", "shared.*", "encoder.block.1.*"),
}
"""A function that makes the model, a part of it, and two patterns."""

ADAMW = {
    "type": "AdamW",
    "config": {"lr": 0.01, "weight_decay": 0.1},
    "no_decay": ["bias", "norm", "embedding"],
    "layer_decay": 0.5,
}
MUON = {"type": "Muon", "config": {"lr": 0.01, "weight_decay": 0.1}, "no_decay": ["norm"]}
CONFIGS = {"AdamW": ADAMW, "Muon": MUON}
NAMED = {"optimizer_configs": {"first": ADAMW, "second": MUON}}


@pytest.fixture(scope="module", autouse=True)
def process():
    """What is distributed needs a process group."""
    with one_process():
        yield


def part(model, path):
    """Return the module at a path, through wrappers."""
    for name in path.split("."):
        model = getattr(unwrapped(model), name)
    return model


def said(config, name, wrapper):
    """Return what is explained of a model's parameters in a wrapper, and what the groups of the optimizer are."""
    make, inner, frozen, faster = MODELS[name]
    rules = [{"match": frozen, "freeze": True}, {"match": faster, "lr_multiplier": 3.0}]
    spec = registry.build({**CONFIGS[config], "param_groups": rules}, "optimizer")
    model = wrapped(wrapper, make())
    multipliers = {part(model, inner): 2.0}
    with quietly():
        # Muon says that multipliers do nothing to its matrices.
        plans = registry.explain(spec, model, lr_multipliers=multipliers)
        groups = spec.create_optimizer(model, lr_multipliers=multipliers).param_groups
    return list(plans), [{key: value for key, value in group.items() if key != "params"} for group in groups]


@pytest.fixture(scope="module")
def of_the_plain_model():
    """What is said of the models that are not wrapped, made once for each."""
    known = {}

    def find(config, name):
        if (config, name) not in known:
            known[config, name] = said(config, name, "plain")
        return known[config, name]

    return find


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("config", CONFIGS)
def test_a_config_says_the_same_of_a_wrapped_model(config, name, wrapper, of_the_plain_model):
    """Names, groups, rates, decays, Muon's choice and the reasons are those of the model without the wrapper."""
    plans, groups = of_the_plain_model(config, name)
    own_plans, own_groups = said(config, name, wrapper)
    assert plans == own_plans
    assert groups == own_groups


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_named_parameters_have_the_names_of_the_model(wrapper):
    """Pairs that a wrapped model lists are called as those of the model, in rules and in groups."""
    rule = {"match": "embed.*", "lr_multiplier": 2.0}
    spec = registry.build({"type": "SGD", "config": {"lr": 0.1}, "param_groups": [rule]}, "optimizer")
    names = [group["param_names"] for group in spec.create_optimizer(Net().named_parameters()).param_groups]
    own = spec.create_optimizer(wrapped(wrapper, Net()).named_parameters()).param_groups
    assert names == [group["param_names"] for group in own]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_ready_made_groups_have_the_names_of_the_model(wrapper):
    """Names in groups that a caller divides are those of the model, whatever group holds them."""
    spec = registry.build({"type": "SGD", "config": {"lr": 0.1}}, "optimizer")

    def names(model):
        pairs = list(model.named_parameters())
        groups = [{"params": pairs[:1], "lr": 1.0}, {"params": (pair for pair in pairs[1:])}]
        return [group["param_names"] for group in spec.create_optimizer(groups).param_groups]

    assert names(Net()) == names(wrapped(wrapper, Net()))


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_several_models_and_named_recipes_take_wrapped_models(wrapper):
    """In a list of models, and in a mapping of names to models, wrapped ones are called as others."""
    spec = registry.build(ADAMW, "optimizer")
    recipe = registry.build(NAMED)

    def names(*models):
        together = spec.create_optimizer_for_multiple(models)
        run = recipe.create(dict(zip(("first", "second"), models, strict=True)))
        return [group["param_names"] for each in (together, *run.optimizers.values()) for group in each.param_groups]

    with quietly():
        assert names(Net(), Net()) == names(wrapped(wrapper, Net()), Net())
        assert names(Net(), Net()) == names(Net(), wrapped(wrapper, Net()))


@pytest.mark.parametrize("wrapper", ["compiled", "DataParallel", "DistributedDataParallel", "AveragedModel"])
def test_named_recipes_take_a_wrapped_mapping(wrapper):
    """A ModuleDict that is wrapped is a mapping of names to models still."""
    recipe = registry.build(NAMED)

    def names(model):
        with quietly():
            return [
                group["param_names"] for each in recipe.create(model).optimizers.values() for group in each.param_groups
            ]

    parts = {"first": Net(), "second": Net()}
    assert names(parts) == names(wrapped(wrapper, nn.ModuleDict(parts)))


def test_a_state_goes_from_each_wrapper_to_the_plain_model():
    """Names are no obstacle: what was saved under a wrapper fits without it, and the other way round."""
    recipe = registry.build({"optimizer": ADAMW})
    plain = recipe.create(Net())
    for wrapper in WRAPPERS:
        if wrapper not in IN_PLACE:
            run = recipe.create(wrapped(wrapper, Net()))
            run.load_state_dict(plain.state_dict())
            plain.load_state_dict(run.state_dict())
            assert plain.state_dict()["optimizers"] == run.state_dict()["optimizers"], wrapper


def test_what_a_subclass_of_a_wrapper_holds_itself_is_trained():
    """A parameter that is the wrapper's own is there under its name, beside those of the model."""
    model = type("Scaled", (nn.DataParallel,), {})(nn.Linear(2, 2))
    model.scale = nn.Parameter(torch.ones(1))
    model.extra = nn.Linear(2, 2)
    names = [plan.name for plan in registry.explain(registry.build({"type": "SGD"}, "optimizer"), model)]
    assert ["scale", "weight", "bias", "extra.weight", "extra.bias"] == names


def test_two_parameters_with_one_name_are_refused():
    """Without its prefix a parameter may be called as another one: the message has both names."""
    spec = registry.build({"type": "SGD", "config": {"lr": 0.1}}, "optimizer")
    model = type("Scaled", (nn.DataParallel,), {})(nn.Linear(2, 2))
    model.weight = nn.Parameter(torch.ones(1))
    with pytest.raises(ParamGroupError, match=r"weight and module\.weight are both weight"):
        spec.create_optimizer(model)
    pairs = [("0.weight", torch.zeros(1)), ("_orig_mod.0.weight", torch.zeros(1))]
    with pytest.raises(ParamGroupError, match=r"0\.weight and _orig_mod\.0\.weight are both 0\.weight"):
        spec.create_optimizer(pairs)


def test_prefixes_of_pairs_are_taken_off_where_they_are_whole_parts_of_all_names():
    """A name that only ends like a prefix is kept, and so is `module.` where another name begins otherwise."""
    spec = registry.build({"type": "SGD", "config": {"lr": 0.1}}, "optimizer")
    names = ["module.a", "own_orig_mod.b", "c._checkpoint_wrapped_module.d"]
    optimizer = spec.create_optimizer([(name, torch.zeros(1, requires_grad=True)) for name in names])
    assert ["module.a", "own_orig_mod.b", "c.d"] == optimizer.param_groups[0]["param_names"]


def test_messages_call_a_model_by_its_own_class():
    """A wrapped model without layers is called as the user called it."""
    spec = registry.build(ADAMW, "optimizer")
    with pytest.raises(ParamGroupError, match="layer_decay: Linear has no layers"):
        spec.create_optimizer(torch.compile(nn.Linear(2, 2), backend="eager"))


@pytest.mark.parametrize("asked", [{"no_decay": ["norm"]}, {"layer_decay": 0.5}, {"param_groups": [{"match": "*"}]}])
def test_flat_parameters_cannot_be_told_apart(asked):
    """Where FSDP1 makes one tensor of a model, what would go by its parameters is refused, with the repair."""
    with quietly():
        model = FullyShardedDataParallel(Net(), device_id=torch.device("cpu"))
    message = rf"{next(iter(asked))} goes by parameters, .* those of Net into _flat_param; give it use_orig_params=True"
    with pytest.raises(ParamGroupError, match=message):
        registry.build({"type": "SGD", **asked}, "optimizer").create_optimizer(model)
    optimizer = registry.build({"type": "SGD"}, "optimizer").create_optimizer(model)
    assert ["_flat_param"] == optimizer.param_groups[0]["param_names"]


class Renamed(nn.Module):
    """Lists its parameters by names of its own."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def named_parameters(self, *args, **kwargs):
        for name, parameter in super().named_parameters(*args, **kwargs):
            yield name.replace("inner", "shown"), parameter


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_names_that_a_model_gives_itself_hold_in_wrappers(wrapper):
    """A class that overrides named_parameters is asked, wherever it is wrapped."""
    spec = registry.build({"type": "SGD", "config": {"lr": 0.1}}, "optimizer")
    optimizer = spec.create_optimizer(wrapped(wrapper, Renamed()))
    assert ["shown.weight", "shown.bias"] == optimizer.param_groups[0]["param_names"]
