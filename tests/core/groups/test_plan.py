"""How parameters are divided into groups: order, completeness, and what is frozen."""

from __future__ import annotations

import pytest
from model_tree import Model
from parameter_groups import groups, spec, value_of

from optim_core import ParamGroupError


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


def test_vectors_are_told_by_their_dimensions():
    """`vector` is what has fewer than two, whoever owns it, so that tensors alone are enough."""
    model = Model(1)
    one_dimensional = {name for name, each in model.named_parameters() if each.ndim < 2}
    for target in (model, list(model.named_parameters())):
        found = groups(spec(no_decay=["vector"]), target)
        without = {name for names, options in found if options.get("weight_decay") == 0 for name in names}
        assert one_dimensional == without
    alone = spec(no_decay=["vector"]).create_optimizer(list(model.parameters()))
    sizes = [{each.ndim < 2 for each in group["params"]} for group in alone.param_groups]
    assert {frozenset({True}), frozenset({False})} == set(map(frozenset, sizes))
