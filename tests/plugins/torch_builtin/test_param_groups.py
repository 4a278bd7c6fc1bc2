"""Parameter groups of torch's optimizers: every field can differ, schedules keep the factors, states fit or say why."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from optim_core import CheckpointMismatchError, ConfigError, ParamGroupError, registry
from optim_core.plugin_class.fields import config_fields

RULES = [{"match": "head.*", "lr_multiplier": 5.0, "betas": [0.8, 0.9]}, {"match": "embed.*", "freeze": True}]


class GPT(nn.Module):
    """Like GPT-2, its head tied to the embeddings."""

    def __init__(self, tied=True):
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(11, 8)
        self.pos_embed = nn.Parameter(torch.zeros(1, 5, 8))
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True) for _ in range(2))
        self.norm = nn.RMSNorm(8)
        self.head = nn.Linear(8, 11, bias=False)
        if tied:
            self.head.weight = self.embed.weight

    def forward(self, tokens):
        hidden = self.embed(tokens) + self.pos_embed
        for block in self.blocks:
            hidden = block(hidden)
        return self.head(self.norm(hidden))


def spec(**beside):
    return registry.build({"type": "AdamW", "config": {"lr": 1e-3}, **beside}, "optimizer")


def option(optimizer, name, key):
    return next(group.get(key) for group in optimizer.param_groups if name in group["param_names"])


def of_torch():
    """Each optimizer of torch with each of its fields."""
    for name in registry.optimizers:
        cls = registry.optimizers[name]
        if cls.__module__.startswith("optim_torch_builtin.optimizers") and name != "LBFGS":
            for key, field in config_fields(cls).items():
                yield name, key, field.default


def another(value):
    match value:
        case bool():
            return not value
        case float() | int():
            return value * 0.5 or 0.125
        case tuple():
            return [(item or 1e-9) * 0.9 for item in value]
        case _:
            return {"original": "match_rms_adamw", None: True}.get(value, "auto")


@pytest.mark.parametrize(("name", "key", "default"), list(of_torch()))
def test_every_field_can_differ_in_a_group(name, key, default):
    """What a rule sets is in the group, in no other, and the step is taken with it."""
    values = {"d": 2.0, "adjust_lr_fn": "original", "nesterov": name != "TorchMuon", "etas": [0.4, 1.3], "ns_steps": 3}
    value = values.get(key, another(default))
    config = {"momentum": 0.9} if key == "nesterov" and name == "SGD" else {}
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    built = registry.build(
        {"type": name, "config": config, "param_groups": [{"match": "1.*", key: value}]}, "optimizer"
    )
    first, second = (group[key] for group in built.create_optimizer(net).param_groups)
    expected = tuple(value) if isinstance(value, list) else value
    assert expected == (tuple(second) if isinstance(second, (list, tuple)) else second)
    assert first != second


@pytest.mark.parametrize(
    ("base", "rule", "expected"),
    [
        ("auto", {"fused": False}, (True, False)),
        ("auto", {"fused": None}, (True, None)),
        ("auto", {"foreach": True}, (True, None)),
        ("auto", {"lr": 1.0}, (True, True)),
        (None, {"fused": "auto"}, (None, True)),
        (None, {"fused": "auto", "foreach": True}, (None, None)),
        (False, {"fused": True}, (False, True)),
    ],
)
def test_auto_is_resolved_in_each_group(base, rule, expected):
    """torch never sees the word "auto", and a group's own choice of a kernel is not overruled."""
    built = spec(config={"fused": base}, param_groups=[{"match": "1.*", **rule}])
    net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    optimizer = built.create_optimizer(net)
    assert expected == tuple(group["fused"] for group in optimizer.param_groups)
    net(torch.ones(2, 4)).sum().backward()
    optimizer.step()


def test_two_kernels_for_one_group_are_refused():
    """A rule that asks for fused where the config asks for foreach is an error of the config."""
    with pytest.raises(ConfigError, match=r"param_groups\[0\].fused: does not go with foreach: true"):
        spec(config={"foreach": True}, param_groups=[{"match": "*", "fused": True}])


def test_torchs_default_is_no_silent_option():
    """A tied head is an embedding, norms and biases are found in torch's own layers."""
    optimizer = spec(no_decay=["bias", "norm", "embedding"], layer_decay=0.5).create_optimizer(GPT())
    decayed = [name for group in optimizer.param_groups if group["weight_decay"] for name in group["param_names"]]
    assert {"in_proj_weight", "weight"} == {name.rpartition(".")[2] for name in decayed}
    assert [] == [name for name in decayed if "norm" in name or "embed" in name]
    assert 1e-3 / 8 == option(optimizer, "pos_embed", "lr")
    assert 1e-3 == option(optimizer, "norm.weight", "lr")


def test_rules_train_what_they_say():
    """A frozen parameter stays, another moves by its own rate."""
    net = GPT(tied=False)
    optimizer = spec(param_groups=RULES).create_optimizer(net)
    before = {name: parameter.detach().clone() for name, parameter in net.named_parameters()}
    net(torch.arange(5)[None]).square().mean().backward()
    optimizer.step()
    moved = {name for name, parameter in net.named_parameters() if not torch.equal(parameter, before[name])}
    assert "embed.weight" not in moved
    assert {"head.weight", "norm.weight"} <= moved
    assert (5e-3, (0.8, 0.9), 5.0) == tuple(
        option(optimizer, "head.weight", key) for key in ("lr", "betas", "lr_multiplier")
    )


def test_rates_of_groups_survive_a_schedule():
    """Each group starts from its own rate and keeps its factor down to the floor."""
    config = {
        "optimizer": {
            "type": "AdamW",
            "config": {"lr": 1e-3},
            "param_groups": [*RULES, {"match": "norm.*", "lr": 0.5}],
        },
        "scheduler": {"type": "CosineAnnealingLR", "config": {"T_max": 10, "eta_min": 1e-5}},
    }
    run = registry.build(config).create(GPT(tied=False))
    assert 0.5 == option(run.optimizer, "norm.weight", "initial_lr")
    for _ in range(10):
        run.optimizer.step()
        run.scheduler.step()
    assert 5e-5 == pytest.approx(option(run.optimizer, "head.weight", "lr"))
    assert 1e-5 == pytest.approx(option(run.optimizer, "pos_embed", "lr"))


def recipe(rules):
    return registry.build({"optimizer": {"type": "AdamW", "param_groups": rules, "no_decay": ["bias"]}})


def test_the_state_of_groups_goes_on_bit_for_bit():
    """Saved in the middle and loaded into the same rules, a run ends where the whole one does."""
    nets = [GPT(tied=False), GPT(tied=False)]
    runs = [recipe(RULES).create(net) for net in nets]

    def steps(number):
        for _ in range(3):
            runs[number].optimizer.zero_grad()
            nets[number](torch.arange(5)[None]).square().mean().backward()
            runs[number].optimizer.step()

    steps(0)
    state, weights = copy.deepcopy(runs[0].state_dict()), copy.deepcopy(nets[0].state_dict())
    steps(0)
    nets[1].load_state_dict(weights)
    runs[1].load_state_dict(state)
    steps(1)
    assert all(torch.equal(one, other) for one, other in zip(*(net.parameters() for net in nets), strict=True))


def test_a_state_of_other_rules_says_which_parameter_moved():
    """Groups that were divided otherwise do not load, and the error names a parameter and the keys."""
    net = GPT(tied=False)
    state = recipe([{"match": "head.*", "lr": 0.1}]).create(net).state_dict()
    message = r"divided into other groups: .*norm.weight was in group 0 and is in group 2; .*param_groups, no_decay"
    with pytest.raises(CheckpointMismatchError, match=message):
        recipe([{"match": "norm.*", "lr": 0.1}]).create(net).load_state_dict(state)


def test_a_plain_list_of_parameters_needs_no_model():
    """ParameterList and a model with thousands of tensors are divided by name alone."""
    net = nn.ParameterList(nn.Parameter(torch.zeros(2, 2)) for _ in range(2000))
    optimizer = spec(param_groups=[{"match": "*7", "lr": 0.5}]).create_optimizer(net)
    assert [1800, 200] == [len(group["params"]) for group in optimizer.param_groups]


def test_an_optimizer_of_one_group_says_so():
    """LBFGS refuses what would be two groups, and takes rules that leave one."""
    built = registry.build({"type": "LBFGS", "param_groups": [{"match": "0.*", "freeze": True}]}, "optimizer")
    assert 1 == len(built.create_optimizer(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))).param_groups)
    with pytest.raises(ParamGroupError, match="LBFGS has no weight_decay"):
        registry.build({"type": "AdamW", "no_decay": ["bias"]}, "optimizer").__class__(
            type="LBFGS", config=built.config, no_decay=("bias",)
        ).create_optimizer(nn.Linear(2, 2))


def test_a_model_where_several_are_asked_for_is_told_apart():
    """create_optimizer_for_multiple takes a list; the message names the function for one."""
    with pytest.raises(ParamGroupError, match="for one Linear take create_optimizer"):
        registry.build({"type": "SGD"}).create_optimizer_for_multiple(torch.nn.Linear(2, 2))


@pytest.mark.parametrize("names", [["default"], ["a", "b"]])
def test_multipliers_of_a_recipe_are_a_mapping(names):
    """Pairs in a list are refused in the words for one optimizer, whether the recipe has one or several."""
    models = {name: torch.nn.Linear(2, 2) for name in names}
    recipe = registry.build({"optimizer_configs": {name: {"optimizer": {"type": "SGD"}} for name in names}})
    with pytest.raises(ParamGroupError, match="lr_multipliers is a mapping of modules to factors"):
        recipe.create(models, lr_multipliers=[(models[names[0]], 2.0)])


def test_a_group_with_one_flat_tensor_in_the_place_of_its_parameters():
    """An optimizer whose parameters DeepSpeed has flattened, and not renamed, is saved and loaded."""
    made = [registry.build({"type": "AdamW"}).create_optimizer(torch.nn.Linear(3, 2)) for _ in range(2)]
    for optimizer in made:
        optimizer.param_groups[0]["params"] = [torch.nn.Parameter(torch.zeros(8))]
    saved, loaded = made
    saved.param_groups[0]["params"][0].grad = torch.ones(8)
    saved.step()
    loaded.load_state_dict(saved.state_dict())
    (state,) = loaded.state.values()
    assert torch.equal(torch.full((8,), 0.1), state["exp_avg"])
    assert ["weight", "bias"] == loaded.param_groups[0]["param_names"]
