"""Parameter groups without torch: rules, decay exclusion, layer decay, multipliers, hooks, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs
import pytest
from model_tree import Dropout, Embedding, LayerNorm, Linear, Model, Module, ModuleList, Parameter, Sequential
from plugin_classes import LiveOptimizer, Momentum, empty_registry

from optim_core import ParameterInfo, ParamGroupError


def spec(**beside):
    config = beside.pop("config", {"lr": 0.1, "weight_decay": 0.01})
    return empty_registry().build({"type": "Momentum", "config": config, **beside}, "optimizer")


def groups(built, model, **options):
    """Names and what is said of them, group by group."""
    return [
        (group["param_names"], {key: value for key, value in group.items() if key not in ("params", "param_names")})
        for group in built.create_optimizer(model, **options).param_groups
    ]


def value_of(found, name, key):
    return next((options.get(key) for names, options in found if name in names), "not there")


# -- rules -----------------------------------------------------------------------------------------------------------


def test_the_first_rule_that_matches_decides():
    """A name that two rules match falls under the first; the rest keeps the config."""
    rules = [{"match": "head.bias", "lr": 0.5}, {"match": ["head.*", "re:^norm"], "momentum": 0.9}]
    found = groups(spec(param_groups=rules), Model(1))
    assert ["head.bias"] == next(names for names, options in found if options == {"lr": 0.5})
    assert ["norm.weight", "norm.bias", "head.weight"] == next(
        n for n, options in found if options == {"momentum": 0.9}
    )
    assert {} == found[0][1]


def test_groups_come_in_the_order_of_first_appearance_and_equal_options_share_one():
    """Two rules that say the same make one group."""
    rules = [{"match": "head.*", "lr": 0.5}, {"match": "embed.*", "lr": 0.5}]
    found = groups(spec(param_groups=rules), Model(1))
    assert [["embed.weight", "head.weight", "head.bias"]] == [names for names, o in found if o]
    assert "embed.weight" == found[0][0][0]


def test_every_trainable_parameter_is_in_exactly_one_group():
    """Whatever the rules, nothing is lost and nothing is there twice."""
    model = Model(4)
    built = spec(
        param_groups=[{"match": "*.fc.*", "lr_multiplier": 2}, {"match": "re:norm", "lr": 1.0}],
        no_decay=["bias", "norm", "embedding"],
        layer_decay=0.5,
    )
    found = [id(each) for group in built.create_optimizer(model).param_groups for each in group["params"]]
    assert sorted(found) == sorted(id(each) for each in model.parameters())


@pytest.mark.parametrize(
    ("match", "name"),
    [
        ("head.weight", "head.weight"),
        ("*.0.fc.bias", "blocks.0.fc.bias"),
        ("blocks.[01].*", "blocks.1.norm.weight"),
        ("blocks.[!0]*", "blocks.1.fc.weight"),
        ("re:1\\.fc", "blocks.1.fc.bias"),
        ("h??d.*", "head.bias"),
        ("*", "embed.weight"),
    ],
)
def test_patterns_are_those_of_fnmatch_or_regular_expressions(match, name):
    """A pattern stands for the whole name, an expression for any part of it."""
    assert 0.5 == value_of(groups(spec(param_groups=[{"match": match, "lr": 0.5}]), Model(2)), name, "lr")


def test_upper_and_lower_case_differ():
    """A pattern in another case matches nothing, and the right name is suggested."""
    with pytest.raises(ParamGroupError, match=r"`Head.weight` matches no parameter; did you mean `head.weight`"):
        spec(param_groups=[{"match": "Head.weight", "lr": 0.5}]).create_optimizer(Model(1))


def test_a_rule_means_a_tied_parameter_by_either_name():
    """One tensor under two names falls under a rule for the second, and is taken once."""
    model = Model(1)
    model.head.weight = model.embed.weight
    found = groups(spec(param_groups=[{"match": "head.weight", "lr": 0.5}]), model)
    assert (["embed.weight"], {"lr": 0.5}) == found[0]


def test_frozen_parameters_are_in_no_group():
    """`freeze` takes the gradient away when the optimizer is made, and doing so twice is the same."""
    model = Model(1)
    built = spec(param_groups=[{"match": "embed.*", "freeze": True}])
    for _ in range(2):
        assert "not there" == value_of(groups(built, model), "embed.weight", "lr")
        assert [False] == [each.requires_grad for each in model.embed.parameters()]


def test_a_model_is_not_frozen_where_something_else_is_wrong():
    """An error leaves the model as it was."""
    model = Model(1)
    rules = [{"match": "embed.*", "freeze": True}, {"match": "nothing", "lr": 1.0}]
    with pytest.raises(ParamGroupError):
        spec(param_groups=rules).create_optimizer(model)
    assert model.embed.weight.requires_grad


def test_pairs_of_name_and_tensor_are_enough_for_rules():
    """Rules go by names alone; so does the decay of biases."""
    built = spec(param_groups=[{"match": "head.*", "lr": 0.5}], no_decay=["bias"])
    found = groups(built, list(Model(1).named_parameters()))
    assert 0.5 == value_of(found, "head.weight", "lr")
    assert 0.0 == value_of(found, "norm.bias", "weight_decay")


# -- multipliers -----------------------------------------------------------------------------------------------------


def test_all_factors_multiply():
    """A rule's, the layer's and a module's factor give one rate, and the group says which factor that is."""
    model = Model(2)
    built = spec(param_groups=[{"match": "blocks.0.fc.*", "lr": 0.2, "lr_multiplier": 3}], layer_decay=0.5)
    found = groups(built, model, lr_multipliers={model.blocks: 10.0})
    assert 0.2 * 3 * 0.25 * 10 == pytest.approx(value_of(found, "blocks.0.fc.bias", "lr"))
    assert 3 * 0.25 * 10 == value_of(found, "blocks.0.fc.bias", "lr_multiplier")
    assert 1.0 == value_of(found, "head.bias", "lr_multiplier")


def test_without_a_factor_nothing_is_said_of_the_rate():
    """A group that has the config's rate leaves it to the constructor."""
    assert [{}] == [options for _, options in groups(spec(), Model(1))]


def test_of_many_nested_modules_the_innermost_wins_in_time():
    """A chain of a thousand modules, each with a factor, gives each parameter its own module's."""
    chain = [Linear()]
    for _ in range(400):
        chain.append(Module(inner=chain[-1], own=Linear()))
    factors = {module: float(number + 1) for number, module in enumerate(chain)}
    found = spec().create_optimizer(chain[-1], lr_multipliers=factors).param_groups
    assert {float(number + 1) for number in range(401)} == {group["lr_multiplier"] for group in found}


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (lambda model: Linear(), "Linear has no parameter among those to optimize; it is not part of Model"),
        (
            lambda model: model.embed,
            "Embedding has no parameter among those to optimize; all of its parameters are frozen",
        ),
    ],
)
def test_a_module_without_a_trained_parameter_is_named(module, message):
    """A stranger, or one that is frozen, cannot have a factor."""
    model = Model(1)
    model.embed.weight.requires_grad = False
    with pytest.raises(ParamGroupError, match=message):
        spec().create_optimizer(model, lr_multipliers={module(model): 2.0})


def test_a_suggested_pattern_matches_what_it_is_for():
    """Brackets in a name are written as a pattern means them."""
    model = Model(1)
    setattr(model, "side[0]", Linear())
    with pytest.raises(ParamGroupError, match=r"did you mean `side\[\[\]0\]\.\*`"):
        spec(param_groups=[{"match": "side[0].*", "lr": 1}]).create_optimizer(model)
    spec(param_groups=[{"match": "side[[]0].*", "lr": 1}]).create_optimizer(model)


def test_multipliers_are_a_mapping():
    """Pairs of module and factor are a mistake that is named."""
    model = Model(1)
    with pytest.raises(ParamGroupError, match=r"lr_multipliers is a mapping of modules to factors.*not of type list"):
        spec().create_optimizer(model, lr_multipliers=[(model.head, 2.0)])


# -- no_decay --------------------------------------------------------------------------------------------------------


class LlamaRMSNorm(Module):
    def __init__(self):
        super().__init__(weight=Parameter(4))


class BatchNorm2d(LlamaRMSNorm):
    pass


class GRN(Module):
    def __init__(self):
        super().__init__(gamma=Parameter(1, 1, 1, 4))


class LayerNormLinear(Module):
    def __init__(self):
        super().__init__(layer_norm_weight=Parameter(4), weight=Parameter(4, 4))


class PositionalEmbedding(Module):
    def __init__(self):
        super().__init__(weight=Parameter(9, 4))


def exempt(kinds, **parts):
    found = groups(spec(no_decay=kinds), Module(**parts, last=Linear()))
    return [name for names, options in found if options.get("weight_decay") == 0 for name in names]


def test_norms_are_known_by_the_class_of_their_module():
    """Every variant's name says Norm; a matrix in such a module is none."""
    parts = {"a": LlamaRMSNorm(), "b": BatchNorm2d(), "c": GRN(), "d": LayerNormLinear(), "normal": Linear()}
    assert ["a.weight", "b.weight", "c.gamma", "d.layer_norm_weight"] == exempt(["norm"], **parts)


def test_biases_are_known_by_their_own_name_alone():
    """A module called debias has a weight like any other."""
    parts = {
        "debias": Module(weight=Parameter(4, 4)),
        "attention": Module(in_proj_bias=Parameter(4), in_proj_weight=Parameter(4, 4)),
        "lstm": Module(bias_ih_l0=Parameter(4), unbiased=Parameter(4)),
    }
    assert ["attention.in_proj_bias", "lstm.bias_ih_l0", "last.bias"] == exempt(["bias"], **parts)


def test_embeddings_are_tables_positions_and_tokens():
    """By the class of their module, or by the name of a parameter that a model owns itself."""
    parts = {
        "tokens": Embedding(),
        "places": PositionalEmbedding(),
        "vit": Module(cls_token=Parameter(1, 1, 4), pos_embed=Parameter(1, 9, 4), proj=Linear()),
        "embed_proj": Linear(),
    }
    wanted = ["tokens.weight", "places.weight", "vit.cls_token", "vit.pos_embed"]
    assert wanted == exempt(["embedding"], **parts)


def test_a_rule_that_gives_weight_decay_itself_goes_before():
    """What a rule says of a field holds for norms and biases too."""
    built = spec(no_decay=["norm", "bias"], param_groups=[{"match": "norm.*", "weight_decay": 0.3}])
    found = groups(built, Model(1))
    assert 0.3 == value_of(found, "norm.weight", "weight_decay")
    assert 0.0 == value_of(found, "head.bias", "weight_decay")


# -- layer_decay -----------------------------------------------------------------------------------------------------


def depths(model, decay=0.5):
    """Name to depth, worked out from the factors."""
    plans = empty_registry().explain(spec(layer_decay=decay), model)
    return {plan.name: next(text.split()[2] for text in plan.decided_by if "layer_decay" in text) for plan in plans}


def test_depth_counts_from_the_embeddings_to_the_head():
    """Embeddings are 0, block i is i + 1, and the head and what follows the blocks come last."""
    found = depths(Model(3))
    assert ["0", "1", "3", "4", "4"] == [
        found[name] for name in ("embed.weight", "blocks.0.fc.bias", "blocks.2.norm.bias", "norm.weight", "head.weight")
    ]
    rates = groups(spec(layer_decay=0.5), Model(3))
    assert [0.1 / 16, 0.1 / 8, 0.1 / 4, 0.1 / 2, None] == [options.get("lr") for _, options in rates]


def test_blocks_in_stages_are_counted_through():
    """Stages that hold blocks and one reduction are not layers themselves."""

    class Stage(Module):
        def __init__(self, count):
            blocks = [Module(a=Linear(), b=Linear()) for _ in range(count)]
            super().__init__(blocks=ModuleList(*blocks), downsample=Module(reduction=Linear()))

    found = depths(Module(embed=Embedding(), layers=ModuleList(Stage(1), Stage(3)), head=Linear()))
    assert ["1", "3"] == [found["layers.0.downsample.reduction.weight"], found["layers.1.blocks.1.a.weight"]]
    assert "5" == found["head.weight"]


def test_experts_in_a_block_are_part_of_it():
    """A block of a mixture of experts is one layer."""

    def block():
        experts = ModuleList(*(Module(up=Linear(), down=Linear()) for _ in range(4)))
        return Module(attention=Linear(), moe=Module(gate=Linear(), experts=experts))

    found = depths(Module(embed=Embedding(), layers=ModuleList(block(), block()), head=Linear()))
    assert ["1", "2", "3"] == [
        found[name] for name in ("layers.0.moe.experts.3.up.bias", "layers.1.attention.bias", "head.bias")
    ]


def test_a_plain_sequence_of_layers_is_counted_too():
    """In a multilayer perceptron each linear layer is one, and the last is the head."""
    found = depths(Sequential(Linear(), Dropout(), Linear(), Dropout(), Linear()))
    assert ["1", "2", "3"] == [found[f"{number}.weight"] for number in (0, 2, 4)]


def test_a_model_without_layers_is_refused():
    """Where nothing repeats, the error says what was looked for."""
    with pytest.raises(ParamGroupError, match="Module has no layers to count: no ModuleList or Sequential"):
        spec(layer_decay=0.5).create_optimizer(Module(a=Linear(), b=Linear()))


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([{"match": "haed.*", "lr": 1}], r"param_groups\[0\] `haed.\*` matches no parameter; did you mean `head.\*`"),
        ([{"match": "fc.*", "lr": 1}], r"matches no parameter; did you mean `\*.fc.\*`"),
        (
            [{"match": ["embed.*", "haed.*"], "lr": 1}],
            r"param_groups\[0\]: `haed.\*` matches no parameter; did you mean `head.\*`",
        ),
        (
            [{"match": "*", "lr": 1}, {"match": "head.*", "lr": 2}],
            r"param_groups\[1\] `head.\*`: each of the 2 .* taken by an earlier rule, param_groups\[0\] `\*`",
        ),
        ([{"match": "*", "freeze": True}], r"nothing of Model is left to train: param_groups\[0\] `\*` freezes"),
    ],
)
def test_rules_that_do_nothing_are_named(rules, message):
    """No rule without a match, none that an earlier one leaves nothing, none that leaves nothing to train."""
    with pytest.raises(ParamGroupError, match=message):
        spec(param_groups=rules).create_optimizer(Model(1))


def test_a_rule_for_frozen_parameters_is_refused():
    """A rate for what is not trained would have no effect."""
    model = Model(1)
    model.embed.weight.requires_grad = False
    with pytest.raises(ParamGroupError, match=r"all 1 parameters that it matches are frozen already: embed.weight"):
        spec(param_groups=[{"match": "embed.*", "lr": 1}]).create_optimizer(model)


@pytest.mark.parametrize(
    ("beside", "params", "message"),
    [
        (
            {"param_groups": [{"match": "*", "lr": 1}]},
            lambda m: m.parameters(),
            "hand over the model, or .name, tensor",
        ),
        ({"no_decay": ["norm"]}, lambda m: m.named_parameters(), "no_decay: norm goes by the modules"),
        ({"no_decay": ["bias"]}, lambda m: m.parameters(), "no_decay: bias goes by the modules"),
        ({"layer_decay": 0.5}, lambda m: m.named_parameters(), "hand over the model instead of its parameters"),
        (
            {"no_decay": ["bias"], "layer_decay": 0.5},
            lambda m: [{"params": list(m.parameters())}],
            "ready-made groups are divided already; the config's no_decay, layer_decay would have no effect",
        ),
    ],
)
def test_what_needs_the_model_says_so(beside, params, message):
    """Names and modules cannot be guessed from tensors."""
    with pytest.raises(ParamGroupError, match=message):
        spec(**beside).create_optimizer(params(Model(1)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ([Model(1), Model(1)], "a Model stands among the parameters; .* several to create_optimizer_for_multiple"),
        ([{"lr": 1.0}], "group 0 must be a mapping with `params`, is {'lr': 1.0}"),
        ([{"params": [Parameter(4)]}, Parameter(4)], "group 1 must be a mapping with `params`"),
    ],
)
def test_what_is_neither_parameters_nor_groups_is_named(params, message):
    """The error says what stands there and what is to."""
    with pytest.raises(ParamGroupError, match=message):
        spec().create_optimizer(params)


def test_a_pattern_whose_matches_another_of_its_rule_or_an_earlier_rule_has_is_not_dead():
    """Patterns of a rule may overlap."""
    rules = [{"match": "embed.*", "lr": 1}, {"match": ["head.*", "head.bias", "embed.weight"], "lr": 2}]
    built = spec(param_groups=rules).create_optimizer(Model(1))
    assert [1.0, 0.1, 2.0] == [group.get("lr", 0.1) for group in built.param_groups]


def test_a_parameter_in_two_places_is_named():
    """The same tensor twice in an iterable, or in two ready-made groups."""
    one = Parameter(2)
    with pytest.raises(ParamGroupError, match="given twice, as a and as b"):
        spec().create_optimizer([("a", one), ("b", one)])
    with pytest.raises(ParamGroupError, match="`a` of group 1 is in two places: it is parameter 0 of group 0 too"):
        spec().create_optimizer([{"params": [one]}, {"params": iter([("a", one)])}])
    with pytest.raises(ParamGroupError, match="some parameters have names and some have none"):
        spec().create_optimizer([("a", one), Parameter(3)])


def test_a_model_that_is_frozen_as_a_whole_says_so():
    """The number of frozen parameters tells it from a model without any."""
    with pytest.raises(ParamGroupError, match="no parameter that requires a gradient: all 1 are frozen"):
        spec().create_optimizer(Module(weight=Parameter(2, requires_grad=False)))


class WithDefaults(LiveOptimizer):
    defaults = {"lr": 0.1}  # noqa: RUF012 - as torch's optimizers have them


@attrs.frozen(kw_only=True)
class RateOnly(Momentum):
    """Its optimizer knows no momentum per group."""

    def build(self, params):
        return WithDefaults(params, self.lr)


def test_an_option_that_the_optimizer_would_ignore_is_refused():
    """A field that cannot differ from group to group is named, with those that can."""
    registry = empty_registry()
    registry.register("optimizer", "RateOnly", RateOnly)
    built = registry.build({"type": "RateOnly", "param_groups": [{"match": "head.*", "momentum": 0.5}]}, "optimizer")
    message = r"param_groups\[0\] `head.\*`: RateOnly cannot have momentum different for a group; it can: lr"
    with pytest.raises(ParamGroupError, match=message):
        built.create_optimizer(Model(1))


class WithoutDefaults(LiveOptimizer):
    """Its groups have a rate that ``defaults`` does not show."""

    defaults = {"foreach": None}  # noqa: RUF012 - as torch's optimizers have them

    def __init__(self, params, lr):
        super().__init__([{"lr": lr, **group} for group in params], lr)


def _built_as(optimizer, **options):
    @attrs.frozen(kw_only=True)
    class Built(Momentum):
        def build(self, params):
            return optimizer(params, self.lr)

    registry = empty_registry()
    registry.register("optimizer", "Built", Built)
    return registry.build({"type": "Built", **options}, "optimizer")


def test_an_option_that_groups_have_is_one_though_no_default_shows_it():
    """A rate of its own is taken where the groups that were given none have one."""
    model = Model(1)
    optimizer = _built_as(WithoutDefaults).create_optimizer(model, lr_multipliers={model.head: 5.0})
    rates = [group["lr"] for group in optimizer.param_groups]

    assert 2 == len(set(rates))
    assert 5 == pytest.approx(max(rates) / min(rates))


class NoRates(LiveOptimizer):
    """It knows of no rate at all."""

    defaults = {"momentum": 0.9}  # noqa: RUF012 - as torch's optimizers have them


def test_what_wanted_a_rate_that_no_group_can_have_is_named():
    """Multipliers of modules and of layers are called by their names."""
    model = Model(1)

    with pytest.raises(ParamGroupError, match=r"^lr_multipliers: Built cannot have lr different for a group"):
        _built_as(NoRates).create_optimizer(model, lr_multipliers={model.head: 5.0})
    with pytest.raises(ParamGroupError, match=r"^layer_decay: Built cannot have lr different"):
        _built_as(NoRates, layer_decay=0.5).create_optimizer(model)


@attrs.frozen(kw_only=True)
class FindsItsRate(Momentum):
    """Its rates do nothing, and it says so."""

    conformance: ClassVar[Mapping[str, str]] = {"lr_multipliers": "refuses: it finds one rate for all"}


@pytest.mark.parametrize(
    ("options", "multiplied", "source"),
    [
        ({"param_groups": [{"match": "head.*", "lr": 0.5}]}, False, r"param_groups\[0\] `head.\*`"),
        ({"param_groups": [{"match": "head.*", "lr_multiplier": 5.0}]}, False, r"param_groups\[0\] `head.\*`"),
        ({"layer_decay": 0.5}, False, "layer_decay"),
        ({}, True, "lr_multipliers"),
    ],
)
def test_rates_that_would_do_nothing_are_refused(options, multiplied, source):
    """Where a plugin class declares that rates of groups do nothing, whatever would give them is an error."""
    registry = empty_registry()
    registry.register("optimizer", "FindsItsRate", FindsItsRate)
    built = registry.build({"type": "FindsItsRate", **options}, "optimizer")
    model = Model(1)

    with pytest.raises(ParamGroupError, match=f"^{source}: FindsItsRate .* for a group: it finds one rate for all"):
        built.create_optimizer(model, lr_multipliers={model.head: 5.0} if multiplied else None)
    assert registry.build({"type": "FindsItsRate"}, "optimizer").create_optimizer(model).param_groups


# -- hooks -----------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Halves(Momentum):
    """Matrices have a rate of their own."""

    matrix_lr: float = 1.0

    def group_options(self, info: ParameterInfo):
        matrix = info.ndim > 1 and not info.is_embedding and not info.is_head
        return {"matrix": True, "lr": self.matrix_lr, "lr_multiplier": 1.0} if matrix else {"matrix": False}


@attrs.frozen(kw_only=True)
class Largest(Momentum):
    """The largest parameter is marked; the choice needs all of them."""

    def group_options_for(self, infos):
        largest = max(info.numel for info in infos)
        return [{"largest": info.numel == largest} for info in infos]


def hooked(cls, **beside):
    registry = empty_registry()
    registry.register("optimizer", "Hooked", cls)
    return registry.build({"type": "Hooked", **beside}, "optimizer")


def test_a_hook_divides_the_parameters():
    """Parameters with equal options share a group; embeddings and the head are not hidden matrices."""
    found = groups(hooked(Halves), Model(1))
    assert [False, True] == [options["matrix"] for _, options in found]
    assert ["blocks.0.fc.weight", "blocks.0.out.weight"] == found[1][0]


def test_a_hook_may_refuse_the_multiplier():
    """An `lr_multiplier` in the options counts instead of core's; elsewhere the rate is multiplied."""
    model = Model(1)
    found = groups(hooked(Halves), model, lr_multipliers={model: 3.0})
    assert (1.0, 1.0) == tuple(value_of(found, "blocks.0.fc.weight", key) for key in ("lr", "lr_multiplier"))
    assert (pytest.approx(0.3), 3.0) == tuple(value_of(found, "head.bias", key) for key in ("lr", "lr_multiplier"))


def test_a_hook_sees_all_parameters_and_the_overridden_config():
    """A rule's fields reach the hook of the config that has them."""
    found = groups(hooked(Halves, param_groups=[{"match": "*.fc.*", "matrix_lr": 0.25}]), Model(1))
    assert 0.25 == value_of(found, "blocks.0.fc.weight", "lr")
    assert 1.0 == value_of(found, "blocks.0.out.weight", "lr")
    marked = groups(hooked(Largest, param_groups=[{"match": "head.*", "momentum": 0.5}]), Model(1))
    assert {"largest": False, "momentum": 0.5} == marked[-1][1]
    assert ["embed.weight"] == next(names for names, options in marked if options["largest"])


def test_a_field_that_makes_no_difference_to_a_hook_is_refused():
    """A rule whose change the plugin class ignores is no silent no-op."""
    built = hooked(Halves, param_groups=[{"match": "blocks.0.fc.weight", "momentum": 0.5}])
    with pytest.raises(ParamGroupError, match=r"`blocks.0.fc.weight`: momentum makes no difference"):
        built.create_optimizer(Model(1))


def test_each_change_of_a_rule_is_looked_at_by_itself():
    """That one of them makes a difference does not hide that another makes none."""
    built = hooked(Halves, param_groups=[{"match": "blocks.0.fc.weight", "matrix_lr": 0.5, "momentum": 0.5}])
    with pytest.raises(ParamGroupError, match=r"`blocks.0.fc.weight`: momentum makes no difference"):
        built.create_optimizer(Model(1))


def test_what_a_hook_does_not_decay_need_not_be_spared():
    """no_decay changes nothing there, and says nothing."""

    @attrs.frozen(kw_only=True)
    class Spared(Momentum):
        weight_decay: float = 0.5

        def group_options(self, info: ParameterInfo):
            return {"weight_decay": 0.0 if info.is_embedding else self.weight_decay}

    found = groups(hooked(Spared, no_decay=["embedding"]), Model(1))
    assert 0.0 == value_of(found, "embed.weight", "weight_decay")
    assert 0.5 == value_of(found, "head.weight", "weight_decay")


def test_a_hook_is_told_what_the_model_shows():
    """Name, shape, owner, kind, depth and what multiplies the rate."""
    seen = []

    @attrs.frozen(kw_only=True)
    class Watching(Momentum):
        def group_options(self, info):
            seen.append(info)
            return {}

    model = Model(2)
    hooked(Watching, layer_decay=0.5).create_optimizer(model, lr_multipliers={model.embed: 2.0})
    embed, norm = seen[0], seen[1]
    assert (
        ParameterInfo(
            name="embed.weight",
            shape=(9, 4),
            module="Embedding",
            is_embedding=True,
            is_head=False,
            in_block=False,
            depth=0,
            num_layers=2,
            lr_multiplier=0.25,
            multiplier_from=("layer_decay", "lr_multipliers"),
        )
        == embed
    )
    assert (True, True, 1, 36) == (norm.is_norm, norm.in_block, norm.depth, embed.numel)
    assert [True, True] == [info.is_head for info in seen if info.name.startswith("head")]
    seen.clear()
    hooked(Watching).create_optimizer([Parameter(2)])
    assert [(None, None, None)] == [(info.name, info.is_embedding, info.is_head) for info in seen]


# -- explain ---------------------------------------------------------------------------------------------------------


def test_explain_says_what_decided():
    """Each parameter with its group, rate, decay and the rules behind them; the model stays as it is."""
    model = Model(2)
    built = spec(
        param_groups=[{"match": "embed.*", "freeze": True}, {"match": "head.*", "lr_multiplier": 5.0}],
        no_decay=["norm"],
        layer_decay=0.5,
    )
    plans = empty_registry().explain(built, model, lr_multipliers={model.norm: 2.0})
    assert plans["embed.weight"].frozen
    assert model.embed.weight.requires_grad
    assert ("param_groups[1] `head.*`: lr_multiplier 5", "layer_decay depth 3 of 3: lr x 1") == plans[
        "head.weight"
    ].decided_by
    norm = plans["norm.weight"]
    assert (0.2, 0.0, 2.0) == (norm.lr, norm.weight_decay, norm.lr_multiplier)
    assert "no_decay norm: weight_decay 0" == norm.decided_by[0]
    assert "lr_multipliers LayerNorm: lr x 2" == norm.decided_by[-1]
    made = built.create_optimizer(model, lr_multipliers={model.norm: 2.0}).param_groups
    assert {name: number for number, group in enumerate(made) for name in group["param_names"]} == {
        plan.name: plan.group for plan in plans if not plan.frozen
    }


def test_explain_of_named_optimizers_shows_each():
    """The table has a part for each optimizer, and a row for each parameter."""
    registry = empty_registry()
    recipe = registry.build({"optimizer_configs": {"a": {"type": "Momentum"}, "b": {"type": "Momentum", "lr": 0.5}}})
    plans = registry.explain(recipe, {"a": Linear(), "b": Linear()})
    assert [("a", 0.1), ("a", 0.1), ("b", 0.5), ("b", 0.5)] == [(plan.optimizer, plan.lr) for plan in plans]
    assert ["a", "parameter  shape  group  lr   weight_decay", "weight     4x4    0      0.1  0"] == str(
        plans
    ).splitlines()[:3]


def test_names_of_several_models_begin_with_their_index():
    """Rules see those names; each model has layers and a head of its own."""
    built = spec(param_groups=[{"match": "1.head.*", "lr": 0.5}], layer_decay=0.5)
    optimizer = built.create_optimizer_for_multiple([Model(1), Model(3)])
    rates = {name: group.get("lr") for group in optimizer.param_groups for name in group["param_names"]}
    assert (0.1 / 4, 0.1 / 16, None, 0.5) == tuple(
        rates[name] for name in ("0.embed.weight", "1.embed.weight", "0.head.weight", "1.head.weight")
    )


def test_norms_of_the_base_class_are_not_misread():
    """A plain linear layer is neither a norm nor an embedding."""
    assert [] == exempt(["norm", "embedding"], a=Linear(), normal=Linear())
    assert ["a.weight", "a.bias"] == exempt(["norm"], a=LayerNorm())


def test_a_rule_need_not_matter_to_every_parameter_that_it_matches():
    """A field of one half may be set for both halves, with and without weight decay."""

    @attrs.frozen(kw_only=True)
    class Decaying(Halves):
        def group_options(self, info):
            if info.ndim > 1:
                return {"lr": self.matrix_lr, "weight_decay": 0.5}
            return {"lr": self.lr, "weight_decay": self.weight_decay}

    config = {"weight_decay": 0.1}
    rules = [{"match": "blocks.*", "lr": 0.25}]
    found = groups(hooked(Decaying, config=config, param_groups=rules, no_decay=["bias"]), Model(1))
    assert {"lr": 0.25, "weight_decay": 0.0} == next(o for names, o in found if "blocks.0.fc.bias" in names)
    assert {"lr": 0.25, "weight_decay": 0.1} == next(o for names, o in found if "blocks.0.norm.weight" in names)
    assert {"lr": 1.0, "weight_decay": 0.5} == next(o for names, o in found if "blocks.0.fc.weight" in names)


def test_no_decay_reaches_the_group_of_a_hook_that_only_marks():
    """Where the hook says nothing of the decay, core does."""
    rules = [{"match": "head.*", "momentum": 0.5}]
    built = hooked(Largest, config={"weight_decay": 0.1}, no_decay=["bias"], param_groups=rules)
    found = groups(built, Model(1))
    assert 0.5 == value_of(found, "head.bias", "momentum")
    assert 0.0 == value_of(found, "head.bias", "weight_decay")
    assert None is value_of(found, "head.weight", "weight_decay")
