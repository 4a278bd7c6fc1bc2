"""Which rule decides a parameter, and rules that decide nothing."""

from __future__ import annotations

import re

import pytest
from model_tree import Linear, Model
from parameter_groups import groups, spec

from optim_core import ParamGroupError


def test_the_first_rule_that_matches_decides():
    """A name that two rules match falls under the first; the rest keeps the config."""
    rules = [{"match": "head.bias", "lr": 0.5}, {"match": ["head.*", "re:^norm"], "momentum": 0.9}]
    found = groups(spec(param_groups=rules), Model(1))
    assert ["head.bias"] == next(names for names, options in found if options == {"lr": 0.5})
    assert ["norm.weight", "norm.bias", "head.weight"] == next(
        n for n, options in found if options == {"momentum": 0.9}
    )
    assert {} == found[0][1]


def test_a_rule_means_a_tied_parameter_by_either_name():
    """One tensor under two names falls under a rule for the second, and is taken once."""
    model = Model(1)
    model.head.weight = model.embed.weight
    found = groups(spec(param_groups=[{"match": "head.weight", "lr": 0.5}]), model)
    assert (["embed.weight"], {"lr": 0.5}) == found[0]


def test_a_pattern_whose_matches_another_of_its_rule_or_an_earlier_rule_has_is_not_dead():
    """Patterns of a rule may overlap."""
    rules = [{"match": "embed.*", "lr": 1}, {"match": ["head.*", "head.bias", "embed.weight"], "lr": 2}]
    built = spec(param_groups=rules).create_optimizer(Model(1))
    assert [1.0, 0.1, 2.0] == [group.get("lr", 0.1) for group in built.param_groups]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([{"match": "haed.*", "lr": 1}], r"param_groups\[0\] `haed.\*` matches no parameter; did you mean `head.\*`"),
        ([{"match": "fc.*", "lr": 1}], r"matches no parameter; did you mean `\*.fc.\*`"),
        ([{"match": "*.head.*", "lr": 1}], r"`\*.head.\*` matches no parameter; did you mean `head.\*`"),
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


def test_a_suggested_pattern_matches_what_it_is_for():
    """Brackets in a name are written as a pattern means them."""
    model = Model(1)
    setattr(model, "side[0]", Linear())
    with pytest.raises(ParamGroupError, match=r"did you mean `side\[\[\]0\]\.\*`"):
        spec(param_groups=[{"match": "side[0].*", "lr": 1}]).create_optimizer(model)
    spec(param_groups=[{"match": "side[[]0].*", "lr": 1}]).create_optimizer(model)


# -- kinds ---------------------------------------------------------------------------------------------------------


NORMS = ["blocks.0.norm.weight", "blocks.0.norm.bias", "norm.weight", "norm.bias"]
BIASES = ["blocks.0.norm.bias", "blocks.0.fc.bias", "blocks.0.out.bias", "norm.bias", "head.bias"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("embedding", ["embed.weight"]),
        ("head", ["head.weight", "head.bias"]),
        ("norm", NORMS),
        ("bias", BIASES),
        ("vector", [*NORMS, *BIASES]),
        (["norm", "embedding"], ["embed.weight", *NORMS]),
    ],
)
def test_a_rule_for_a_kind_has_the_parameters_of_that_kind(kind, names):
    """As the modules say, whatever the parameters are called; of several kinds those of each."""
    found = groups(spec(param_groups=[{"match": {"kind": kind}, "lr": 0.5}]), Model(1))
    (taken,) = [own for own, options in found if options == {"lr": 0.5}]
    assert set(names) == set(taken)


def test_kinds_and_patterns_decide_in_the_order_of_the_rules():
    """Also in one list, and for a parameter of two kinds the first rule."""
    rules = [
        {"match": ["embed.*", {"kind": "norm"}], "lr": 0.5},
        {"match": {"kind": "bias"}, "lr": 0.6},
        {"match": {"kind": "head"}, "lr": 0.7},
    ]
    found = groups(spec(param_groups=rules), Model(1))
    rate = {name: options.get("lr") for names, options in found for name in names}
    assert (0.5, 0.5, 0.6, 0.7) == tuple(rate[n] for n in ("embed.weight", "norm.bias", "head.bias", "head.weight"))


def test_a_tied_parameter_is_of_both_kinds():
    """An embedding that is the head's weight is found as either."""
    for kind in ("embedding", "head"):
        model = Model(1)
        model.head.weight = model.embed.weight
        found = groups(spec(param_groups=[{"match": {"kind": kind}, "lr": 0.5}]), model)
        assert any("embed.weight" in names for names, options in found if options == {"lr": 0.5})


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            [{"match": {"kind": "norm"}, "lr": 1}],
            "param_groups[0] `kind: norm` matches no parameter; the kinds that there are",
        ),
        (
            [{"match": {"kind": ["bias", "norm"]}, "lr": 1}],
            "param_groups[0]: `kind: norm` matches no parameter; the kinds",
        ),
        (
            [{"match": {"kind": "vector"}, "lr": 1}, {"match": {"kind": "bias"}, "lr": 2}],
            "param_groups[1] `kind: bias`: each of the 1 parameters that it matches is taken by an earlier rule",
        ),
    ],
)
def test_a_kind_that_decides_nothing_is_named(rules, message):
    """With the kinds that there are, as for a pattern with the names."""
    with pytest.raises(ParamGroupError, match=re.escape(message)):
        spec(param_groups=rules).create_optimizer(Linear())


def test_without_a_model_names_and_shapes_say_what_they_can():
    """Biases and vectors; the rest goes by modules."""
    found = groups(spec(param_groups=[{"match": {"kind": ["bias", "vector"]}, "lr": 0.5}]), Model(1).named_parameters())
    assert {*NORMS, *BIASES} == {name for names, options in found for name in names if options}
    with pytest.raises(ParamGroupError, match=r"param_groups\[0\] `kind: head` goes by the modules that own"):
        spec(param_groups=[{"match": {"kind": "head"}, "lr": 0.5}]).create_optimizer(Model(1).named_parameters())
