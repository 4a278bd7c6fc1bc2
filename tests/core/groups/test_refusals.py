"""Options of groups that would have no effect are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs
import pytest
from model_tree import Model
from plugin_classes import LiveOptimizer, Momentum, empty_registry

from optim_core import ParamGroupError


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
