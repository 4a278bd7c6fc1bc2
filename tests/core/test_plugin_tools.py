"""What plugins may use of the core."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from plugin_classes import Clip, Everything, Momentum, empty_registry

from optim_core import ConfigError, SchedulerSpec, plugin_tools
from optim_core.plugin_tools import Combined, follows_no_metric, keyword_arguments, multiplied, one_interval, plain_data


@attrs.frozen(kw_only=True)
class ByStep:
    """A schedule that counts steps."""

    monitor_nothing: int = 0

    def build(self, optimizer, horizon):
        return optimizer


@attrs.frozen(kw_only=True)
class Watching:
    """A schedule that waits for a metric."""

    monitor: str | None = None

    def build(self, optimizer, horizon):
        return optimizer


@attrs.frozen(kw_only=True)
class Together(Combined):
    """Schedules that are stepped together."""

    schedulers: list[SchedulerSpec] = attrs.field(validator=one_interval)

    def parts(self):
        return self.schedulers

    def build(self, optimizer, horizon):
        return optimizer


@attrs.frozen(kw_only=True)
class Around:
    """A schedule around another one."""

    scheduler: SchedulerSpec = attrs.field(validator=follows_no_metric)

    def build(self, optimizer, horizon):
        return optimizer


@pytest.fixture
def registry():
    registry = empty_registry()
    for cls in (ByStep, Watching, Together, Around):
        registry.register("scheduler", cls.__name__, cls)
    return registry


def optimizer_of(*multipliers):
    """As much of an optimizer as has groups; one without a multiplier has none in its options."""
    return SimpleNamespace(param_groups=[{} if each is None else {"lr_multiplier": each} for each in multipliers])


def test_every_name_can_be_imported():
    """Each name in `__all__` is there, those too that are imported when they are asked for."""
    assert [] == [name for name in plugin_tools.__all__ if not hasattr(plugin_tools, name)]


def test_a_name_that_is_not_there_is_an_attribute_error():
    """A module that imports its names on demand says of an unknown one what any module says."""
    name = "no_such_tool"
    with pytest.raises(AttributeError, match=r"optim_core\.plugin_tools.*no_such_tool"):
        getattr(plugin_tools, name)


def test_the_fields_of_a_config_are_keyword_arguments():
    """Under their names, but for those that are left out; what they hold is not converted."""
    config = Everything(pair=(2, 0.5))
    arguments = keyword_arguments(config, "number", "whole")

    assert (2, 0.5) == arguments["pair"]
    assert config.inner is arguments["inner"]
    assert {field.name for field in attrs.fields(Everything)} - {"number", "whole"} == set(arguments)
    assert {"max_norm": 1.0} == keyword_arguments(Clip(max_norm=1.0))


def test_plain_data_is_what_a_file_holds():
    """A tuple is a list, a config a mapping, and a function is nothing."""
    assert [0.5, 0.9] == plain_data((0.5, 0.9))
    assert {"max_norm": 2.0} == plain_data(Clip(max_norm=2.0))
    assert plain_data(Momentum.build) is None


@pytest.mark.parametrize(
    ("rate", "multipliers", "expected"),
    [
        (0.5, (1.0, 4.0), [0.5, 2.0]),
        (0.5, (None, 4.0), [0.5, 2.0]),
        (0.5, (1.0, None), 0.5),
        ([0.5, 0.25], (1.0, 4.0), [0.5, 0.25]),
        (0.0, (2.0,), [0.0]),
    ],
)
def test_a_rate_for_all_groups_is_times_the_multiplier_of_each(rate, multipliers, expected):
    """One for each group is as it is, and so is one of which no group has a multiple."""
    assert expected == multiplied(rate, optimizer_of(*multipliers))


def test_schedules_that_are_stepped_together_have_one_interval(registry):
    """It is the interval of the whole, which may be set for all of them."""
    of_epochs = {"type": "ExponentialLR", "config": {"gamma": 0.5}}

    assert "epoch" == registry.build({"type": "Together", "config": {"schedulers": [of_epochs]}}).interval
    assert "step" == registry.build({"type": "Together", "config": {"schedulers": [{"type": "ByStep"}]}}).interval


def problems_of(registry: Any, config: dict[str, Any]) -> list[tuple[str, str]]:
    """The place and message of each problem of a config."""
    with pytest.raises(ConfigError) as caught:
        registry.build(config)
    return [(problem.path, problem.message) for problem in caught.value.problems]


def test_parts_that_do_not_fit_together_are_refused_one_by_one(registry):
    """The one that waits for a metric, and the one with another interval than the first."""
    parts = [{"type": "ByStep"}, {"type": "Watching"}, {"type": "ExponentialLR", "config": {"gamma": 0.5}}]
    expected = [
        ("config.schedulers[1]", "Watching waits for a metric and cannot be combined with others"),
        (
            "config.schedulers[2]",
            "ExponentialLR has the interval epoch, and item 0, ByStep, has step",
        ),
    ]
    assert expected == problems_of(registry, {"type": "Together", "config": {"schedulers": parts}})


def test_a_combination_of_nothing_is_refused(registry):
    """There would be no interval."""
    expected = [("config.schedulers", "must have at least one schedule, is empty")]
    assert expected == problems_of(registry, {"type": "Together", "config": {"schedulers": []}})


def test_a_schedule_around_one_that_waits_for_a_metric_is_refused(registry):
    """The metric would be given to the whole."""
    expected = [("config.scheduler", "Watching waits for a metric and cannot be combined with others")]
    assert expected == problems_of(registry, {"type": "Around", "config": {"scheduler": {"type": "Watching"}}})
