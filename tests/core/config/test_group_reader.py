"""`param_groups`, `no_decay` and `layer_decay` in a config: what they become, and how they are written again."""

from __future__ import annotations

import copy
from typing import Any

import attrs
import pytest
from plugin_classes import Momentum, empty_registry

from optim_core import ConfigError, OptimizerSpec
from optim_core.groups.rule import GroupRule
from optim_core.validators import positive

BASE = {"lr": 0.5, "weight_decay": 0.1}


@attrs.frozen(kw_only=True)
class Rateless:
    """Has neither a rate nor a decay, for tests."""

    decoupled_weight_decay: bool = False

    def build(self, params): ...


@attrs.frozen(kw_only=True)
class Odd:
    """Its rate may be null, one of its decays may not be 0, and it has fields with names of the envelope's, for tests.

    Args:
        no_decay: a field of its own.
    """

    lr: float | None = None
    needed: float
    matrix_weight_decay: float = attrs.field(default=1.0, validator=positive)
    decoupled_weight_decay: bool = True
    no_decay: float = 3.0

    def build(self, params): ...


@attrs.frozen(kw_only=True)
class Spelt:
    """Calls its rate `learning_rate`, for tests."""

    learning_rate: float = 0.1

    def build(self, params): ...


def registry():
    made = empty_registry()
    made.register("optimizer", "Rateless", Rateless)
    made.register("optimizer", "Odd", Odd)
    made.register("optimizer", "Spelt", Spelt)
    return made


def momentum(**beside: Any) -> dict[str, Any]:
    return {"type": "Momentum", "config": dict(BASE), **beside}


def rules(*given: Any) -> tuple[GroupRule, ...]:
    spec: OptimizerSpec = registry().build(momentum(param_groups=list(given)))
    return spec.param_groups


def problems(config):
    with pytest.raises(ConfigError) as caught:
        registry().build(config)
    return [(problem.path, problem.message) for problem in caught.value.problems]


# -- rules -----------------------------------------------------------------------------------------------------------


def test_a_rule_holds_the_class_with_its_fields_in_it():
    """The fields of a rule stand in place of the config's, which has the rest."""
    (rule,) = rules({"match": "*.bias", "weight_decay": 0, "lr_multiplier": 2})
    assert (
        GroupRule(
            match=("*.bias",),
            overrides={"weight_decay": 0.0},
            config=Momentum(lr=0.5, weight_decay=0.0),
            lr_multiplier=2.0,
        )
        == rule
    )


def test_a_rule_of_patterns_alone_holds_the_config():
    """It keeps what it matches from the rules after it."""
    (rule,) = rules({"match": ["a", "re:^b"]})
    assert GroupRule(match=("a", "re:^b"), config=Momentum(lr=0.5, weight_decay=0.1)) == rule


def test_a_rule_may_freeze():
    """`freeze: true` alone, and `freeze: false` beside anything."""
    frozen, free = rules({"match": "a", "freeze": True}, {"match": "b", "freeze": False, "lr": 1})
    assert (True, False) == (frozen.freeze, free.freeze)


@pytest.mark.parametrize("options", [{"lr": 0.5}, {"learning_rate": 0.5}])
@pytest.mark.parametrize("rule", [{"lr": 2}, {"learning_rate": "2e0"}])
def test_a_rate_is_replaced_under_either_name(options, rule):
    """`learning_rate` means `lr` in a rule, too, whichever the config has."""
    spec = registry().build({"type": "Momentum", "config": options, "param_groups": [{"match": "a", **rule}]})
    assert {"lr": 2.0} == spec.param_groups[0].overrides
    assert 2.0 == spec.param_groups[0].config.lr


def test_rules_across_fields_hold_for_a_rule():
    """A rule is checked together with the config: what breaks at a field of the rule is told there."""
    config = {"type": "Momentum", "momentum": 0.9, "nesterov": True, "param_groups": [{"match": "a", "momentum": 0}]}
    assert [("param_groups[0]", "makes `nesterov` wrong: needs momentum > 0")] == problems(config)
    config = {"type": "Momentum", "param_groups": [{"match": "a", "nesterov": True}]}
    assert [("param_groups[0].nesterov", "needs momentum > 0")] == problems(config)
    config["param_groups"][0]["momentum"] = 0.9
    assert registry().build(config).param_groups[0].config.nesterov


def test_a_required_field_is_missing_though_a_rule_has_it():
    """A rule holds for some parameters, and the config for all others."""
    config = {"type": "Odd", "config": {}, "param_groups": [{"match": "a", "needed": 1}]}
    assert [("config.needed", "is required and missing")] == problems(config)


def test_the_problems_of_config_and_rules_are_told_once_each():
    """What is wrong in the config is not told again for each rule."""
    config = {
        "type": "Momentum",
        "config": {"lr": -1},
        "param_groups": [{"match": "a", "momentum": 2}, {"match": "b", "weight_decay": 1}],
    }
    expected = [("config.lr", "must be > 0, is -1.0"), ("param_groups[0].momentum", "must be in [0, 1), is 2.0")]
    assert expected == problems(config)


def test_what_stands_beside_the_type_is_no_field_in_the_flat_form():
    """A field with the name of an envelope's key is given in `config`, where it is the field."""
    flat = registry().build({"type": "Odd", "needed": 1, "no_decay": []})
    nested = registry().build({"type": "Odd", "config": {"needed": 1, "no_decay": 7}})
    assert ((), 3.0) == (flat.no_decay, flat.config.no_decay)
    assert ((), 7.0) == (nested.no_decay, nested.config.no_decay)


# -- rates and decays ------------------------------------------------------------------------------------------------


def test_a_multiplier_needs_a_rate():
    """A class without `lr`, and an `lr` that is null, have nothing to multiply."""
    rule = {"match": "a", "lr_multiplier": 2}
    assert [("param_groups[0].lr_multiplier", "Rateless has no `lr` that it could multiply")] == problems(
        {"type": "Rateless", "param_groups": [rule]}
    )
    null = "needs an `lr` to multiply, and that is null"
    odd = {"type": "Odd", "config": {"needed": 1}}
    assert [("param_groups[0].lr_multiplier", null)] == problems({**odd, "param_groups": [rule]})
    assert 2.0 == registry().build({**odd, "param_groups": [{**rule, "lr": 1}]}).param_groups[0].lr_multiplier
    assert [("layer_decay", null)] == problems({**odd, "layer_decay": 0.5})
    assert [("layer_decay", "Rateless has no `lr` that could fall from layer to layer")] == problems(
        {"type": "Rateless", "layer_decay": 0.5}
    )


def test_a_rate_that_is_called_learning_rate_is_multiplied():
    """A class that has `learning_rate` and no `lr` has a rate, which rules may replace under both names."""
    rule = {"match": "a", "lr": 1, "lr_multiplier": 2}
    spec = registry().build({"type": "Spelt", "layer_decay": 0.5, "param_groups": [rule]})
    assert (0.5, {"learning_rate": 1.0}) == (spec.layer_decay, spec.param_groups[0].overrides)


def test_no_decay_needs_a_decay_that_may_be_0():
    """A switch that is called a decay is none."""
    assert [("no_decay", "Rateless has no `weight_decay` that could be left out")] == problems(
        {"type": "Rateless", "no_decay": ["bias"]}
    )
    assert [("no_decay", "sets `matrix_weight_decay` to 0, which must be > 0, is 0.0")] == problems(
        {"type": "Odd", "config": {"needed": 1}, "no_decay": ["bias"]}
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["norm", "bias"], ("bias", "norm")),
        ("embedding", ("embedding",)),
        ([], ()),
        (None, ()),
        (("bias",), ("bias",)),
    ],
)
def test_no_decay_is_a_list_of_kinds(given, expected):
    """In one order, so that equal lists make equal specs; one kind needs no list."""
    assert expected == registry().build(momentum(no_decay=given)).no_decay


@pytest.mark.parametrize("off", [{"param_groups": None}, {"param_groups": []}, {"layer_decay": None}])
def test_null_and_an_empty_list_are_nothing(off):
    """They make the spec that their absence makes."""
    assert registry().build(momentum()) == registry().build(momentum(**off))


# -- forms -----------------------------------------------------------------------------------------------------------

GROUPS = {"param_groups": [{"match": "*.bias", "momentum": 0.5}], "no_decay": ["norm"], "layer_decay": 0.75}


@pytest.mark.parametrize(
    "config",
    [
        momentum(**GROUPS),
        {"type": "Momentum", **BASE, **GROUPS},
        {"optimizer_name": "Momentum", **BASE, **GROUPS},
        {"optimizer_type": "Momentum", "optimizer_params": {**BASE, **GROUPS}},
        {"optimizer_type": "Momentum", "optimizer_params": BASE, **GROUPS},
    ],
)
def test_they_stand_in_every_form_of_one_optimizer(config):
    """Nested, flat, in a flat set, and in or beside serialized fields they mean the same."""
    expected = registry().build(momentum(**GROUPS))
    before = copy.deepcopy(config)
    assert expected == registry().build(config)
    assert before == config


@pytest.mark.parametrize(
    "config",
    [
        {"optimizer": momentum(**GROUPS)},
        {"training": {"optimizer": momentum(**GROUPS), "amp": True}},
        {"training": {"optimizer": "momentum", **BASE, **GROUPS, "amp": True}},
        {"optimizer_configs": {"default": momentum(**GROUPS)}},
        {"default": {"optimizer": momentum(**GROUPS)}},
    ],
)
def test_they_stand_in_every_form_of_a_recipe(config):
    """In recipes, sections and named sets."""
    assert registry().build(momentum(**GROUPS)) == registry().build(config).optimizers["default"]


def test_a_problem_in_serialized_fields_is_told_there():
    """The path is the one that the user wrote."""
    config = {"optimizer_type": "Momentum", "optimizer_params": {"param_groups": [{"match": "a", "lr": -1}]}}
    assert [("optimizer_params.param_groups[0].lr", "must be > 0, is -1.0")] == problems(config)
    config["no_decay"] = ["bais"]
    assert [
        ("optimizer_params.param_groups[0].lr", "must be > 0, is -1.0"),
        ("no_decay[0]", "must be `bias`, `norm`, `embedding` or `vector`, is the text 'bais'"),
    ] == problems(config)


# -- back to a config ------------------------------------------------------------------------------------------------


def test_the_canonical_form_holds_what_was_given():
    """Patterns as text or list, the fields of rules by their own names, and nothing that was not said."""
    given = {
        "param_groups": [
            {"learning_rate": 1, "match": ["*.bias"], "lr_multiplier": 1.0, "freeze": False},
            {"match": ("a", "b"), "lr_multiplier": "5"},
            {"match": "c", "freeze": True},
        ],
        "no_decay": "norm",
        "layer_decay": 1,
    }
    spec = registry().build(momentum(**given))
    canonical = registry().to_config(spec)
    assert {
        "param_groups": [
            {"match": "*.bias", "lr": 1.0},
            {"match": ["a", "b"], "lr_multiplier": 5.0},
            {"match": "c", "freeze": True},
        ],
        "no_decay": ["norm"],
        "layer_decay": 1.0,
    } == {key: value for key, value in canonical.items() if key not in ("type", "config")}
    assert spec == registry().build(canonical)
    assert {"type", "config"} == set(registry().to_config(registry().build(momentum())))


def test_a_migrated_config_holds_what_was_given():
    """`migrate` writes the canonical rules beside the fields that were given."""
    migrated = registry().migrate({"optimizer_type": "Momentum", "optimizer_params": {"learning_rate": 1, **GROUPS}})
    assert {"type": "Momentum", "config": {"lr": 1.0}, **GROUPS} == migrated


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("optimizer.param_groups.0.lr_multiplier=2", {"match": "a", "lr": 1, "lr_multiplier": 2}),
        ("optimizer.param_groups.0.lr=3", {"match": "a", "lr": 3}),
        ("optimizer.param_groups.0.match=0", {"match": "0", "lr": 1}),
        ("optimizer.param_groups.0={match: b}", {"match": "b"}),
        ("optimizer.param_groups=[{match: b}]", {"match": "b"}),
    ],
)
def test_an_override_changes_a_rule(override, expected):
    """The number of a rule stands between dots."""
    config = {"optimizer": momentum(param_groups=[{"match": "a", "lr": 1}])}
    expected = registry().build({"optimizer": momentum(param_groups=[expected])})
    assert expected == registry().build(config, overrides=[override])


@pytest.mark.parametrize("config", [{"optimizer": momentum()}, {"optimizer": {"type": "Momentum", **BASE}}])
def test_an_override_adds_what_stands_beside_the_type(config):
    """The keys may be new, in the nested form and in the flat one."""
    overrides = ["optimizer.layer_decay=0.75", "optimizer.no_decay=[bias]", "optimizer.param_groups=[{match: a}]"]
    spec = registry().build(config, overrides=overrides).optimizer
    assert (0.75, ("bias",), ("a",)) == (spec.layer_decay, spec.no_decay, spec.param_groups[0].match)


@pytest.mark.parametrize(
    ("match", "patterns", "kinds"),
    [
        ({"kind": "norm"}, (), ("norm",)),
        ({"kind": ["norm", "bias"]}, (), ("norm", "bias")),
        (["head.*", {"kind": "vector"}], ("head.*",), ("vector",)),
        ([{"kind": "vector"}], (), ("vector",)),
        (["head.*", {"kind": ["norm", "bias"]}], ("head.*",), ("norm", "bias")),
    ],
)
def test_a_rule_may_be_for_kinds_of_parameters(match, patterns, kinds):
    """What `to_config` writes is the same rule."""
    registry = empty_registry()
    config = {"type": "Momentum", "config": BASE, "param_groups": [{"match": match, "lr": 0.1}]}
    spec = registry.build(config, "optimizer")
    (rule,) = spec.param_groups
    assert (patterns, kinds) == (rule.match, rule.kinds)
    assert spec == registry.build(registry.to_config(spec), "optimizer")
    written = registry.to_config(spec)["param_groups"][0]["match"]
    assert (match[0] if match == [{"kind": "vector"}] else match) == written
    assert spec == registry.build(registry.migrate(config), "optimizer")


@pytest.mark.parametrize(
    ("match", "path", "message", "hint"),
    [
        ({"kind": "embeding"}, "match.kind", "must be `embedding`, `head`, `norm`, `bias` or `vector`", "`embedding`"),
        ({"kind": ["norm", "LayerNorm"]}, "match.kind[1]", "must be `embedding`", "did you mean `norm`?"),
        ({"kind": ["norm", "norm"]}, "match.kind[1]", "stands already in this rule", "take one of the two away"),
        ({"kind": []}, "match.kind", "is empty", "{kind: embedding}"),
        ({}, "match.kind", "is required and missing", "{kind: embedding}"),
        ({"kinds": "norm"}, "match.kinds", "unknown key", "did you mean `kind`?"),
        ({"name": "head.*"}, "match.name", "unknown key", 'write match: "head.*"'),
        ({"kind": "norm", "shape": 1}, "match.shape", "unknown key", "allowed here: kind"),
        (["a", {"kind": 3}], "match[1].kind", "must be `embedding`", "for parameters by name"),
    ],
)
def test_kinds_that_there_are_none_of_are_refused(match, path, message, hint):
    """At their own place, with what is near."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().build(
            {"type": "Momentum", "config": BASE, "param_groups": [{"match": match, "lr": 1}]}, "optimizer"
        )
    (problem,) = caught.value.problems
    assert f"param_groups[0].{path}" == problem.path
    assert message in problem.message
    assert hint in problem.hint


def test_a_kind_in_two_rules_and_one_beside_match_are_told():
    """The first match wins; a rule for a kind says so below `match`."""
    rules = [{"match": {"kind": "norm"}, "lr": 1}, {"match": {"kind": "norm"}, "lr": 2}, {"kind": "bias", "lr": 3}]
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "Momentum", "config": BASE, "param_groups": rules}, "optimizer")
    first, second = caught.value.problems
    assert "stands already in param_groups[0], which takes what it matches" == first.message
    assert ("param_groups[2].kind", "write `match: {kind: bias}`") == (second.path, second.hint)


def test_kinds_in_several_items_of_one_rule_are_one_item():
    """For `to_config` and `migrate` alike."""
    registry = empty_registry()
    rule = {"match": [{"kind": "norm"}, "head.*", {"kind": "bias"}], "lr": 0.1}
    config = {"type": "Momentum", "config": BASE, "param_groups": [rule]}
    written = ["head.*", {"kind": ["norm", "bias"]}]
    assert written == registry.to_config(registry.build(config, "optimizer"))["param_groups"][0]["match"]
    assert written == registry.migrate(config)["param_groups"][0]["match"]


def test_an_unknown_type_hides_nothing_beside_it():
    """What is wrong with groups, decay and intervals is told with the name that nothing has."""
    registry = empty_registry()
    optimizer = {
        "type": "NoSuch",
        "param_groups": [{"match": ""}, {"lr": 1, "freeze": "yes"}],
        "no_decay": ["biases"],
        "layer_decay": 2,
        "lr_decay_gamma": -1,
    }
    with pytest.raises(ConfigError) as caught:
        registry.build(optimizer, "optimizer")
    beside = ("param_groups[0].match", "param_groups[1].match", "param_groups[1].freeze", "no_decay[0]", "layer_decay")
    assert {"type", "lr_decay_gamma", *beside} == {problem.path for problem in caught.value.problems}
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": "NoSuch", "interval": "never"}, "scheduler")
    assert {"type", "interval"} == {problem.path for problem in caught.value.problems}
