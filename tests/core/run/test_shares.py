"""A rate in a config that is a share of another."""

import re

import attrs
import pytest
from plugin_classes import empty_registry

from optim_core import ConfigError
from optim_core.plugin_tools import Floor, FloorPerGroup, Share, rate_or_share
from optim_core.validators import FieldError, each


@attrs.frozen(kw_only=True)
class Falling:
    """Has floors, for tests."""

    floor: Floor = attrs.field(default=0.0, validator=rate_or_share)
    floors: FloorPerGroup = attrs.field(default=0.0, validator=each(rate_or_share))

    def build(self, optimizer, horizon): ...


def registry():
    made = empty_registry()
    made.register("scheduler", "Falling", Falling)
    return made


@pytest.mark.parametrize(
    ("text", "fraction", "written"),
    [("10%", 0.1, "10%"), (" 2.5 % ", 0.025, "2.5%"), ("1e1%", 0.1, "10%"), ("0%", 0.0, "0%"), ("100%", 1.0, "100%")],
)
def test_a_share_is_a_text_with_a_percent_sign(text, fraction, written):
    """It is written again as short as it can be, and is then the same."""
    share = Share.of(text)
    assert (fraction, written) == (share.fraction, str(share))
    assert share == Share.of(str(share)) == Share.of(share)


@pytest.mark.parametrize("text", ["10", "ten%", "-1%", "100.1%", "10 steps", "", 0.1, None])
def test_nothing_else_is_one(text):
    """A bare number is a rate, and never a share."""
    with pytest.raises(FieldError):
        Share.of(text)


@pytest.mark.parametrize(
    ("value", "config"),
    [("10%", Share(10.0)), ("1e-6", 1e-6), (0.5, 0.5), (0, 0.0)],
)
def test_a_floor_is_a_rate_or_a_share(value, config):
    """What `to_config` writes builds the same again."""
    made = registry()
    spec = made.build({"type": "Falling", "config": {"floor": value}}, "scheduler")
    assert config == spec.config.floor
    assert spec == made.build(made.to_config(spec), "scheduler")


def test_floors_for_groups_may_be_shares_too():
    """In a list, and by names."""
    made = registry()
    spec = made.build({"type": "Falling", "config": {"floors": {"head": "10%", "default": 1e-3}}}, "scheduler")
    assert {"head": Share(10.0), "default": 1e-3} == spec.config.floors
    assert {"head": "10%", "default": 0.001} == made.to_config(spec)["config"]["floors"]
    assert [Share(5.0), 0.1] == made.build({"type": "Falling", "floors": ["5%", 0.1]}, "scheduler").config.floors


@pytest.mark.parametrize(
    ("config", "path", "message"),
    [
        ({"floor": "101%"}, "floor", "must be at most 100%, is 101%"),
        ({"floor": "ten"}, "floor", "must be a number or a share such as `10%`, is the text 'ten'"),
        ({"floor": -1}, "floor", "must be ≥ 0, is -1.0"),
        ({"floors": ["10%", -1]}, "floors[1]", "must be ≥ 0, is -1.0"),
        ({"floors": {"head": "x%"}}, "floors.head", "must be a share such as `10%`, is the text 'x%'"),
    ],
)
def test_what_is_neither_is_told_at_its_place(config, path, message):
    """A share is held to 100 %, a rate to its range."""
    with pytest.raises(ConfigError) as caught:
        registry().build({"type": "Falling", "config": config}, "scheduler")
    assert [(f"config.{path}", message)] == [(problem.path, problem.message) for problem in caught.value.problems]


def test_the_schema_takes_both():
    """An editor refuses a text that is no share."""
    floor = registry().schema()["$defs"]["scheduler.Falling"]["properties"]["floor"]
    assert (["number", "string"], 0) == (floor["type"], floor["minimum"])
    assert [True, True, False] == [re.search(floor["pattern"], text) is not None for text in ("10%", "1e-4", "ten")]
