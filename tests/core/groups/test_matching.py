"""Which rule decides a parameter, and rules that decide nothing."""

from __future__ import annotations

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
