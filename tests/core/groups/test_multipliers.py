"""Factors on the rates of modules, of layers and of rules."""

from __future__ import annotations

import pytest
from model_tree import Linear, Model, Module
from parameter_groups import groups, spec, value_of

from optim_core import ParamGroupError


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


def test_multipliers_are_a_mapping():
    """Pairs of module and factor are a mistake that is named."""
    model = Model(1)
    with pytest.raises(ParamGroupError, match=r"lr_multipliers is a mapping of modules to factors.*not of type list"):
        spec().create_optimizer(model, lr_multipliers=[(model.head, 2.0)])
