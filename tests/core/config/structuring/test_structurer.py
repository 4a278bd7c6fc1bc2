"""Values of a config to the fields of a plugin class."""

from __future__ import annotations

import math
from collections import UserList
from enum import Enum
from fractions import Fraction
from types import MappingProxyType

import attrs
import pytest
from plugin_classes import Everything, empty_registry

from optim_core import ConfigError, OptimizerSpec


def structured(field, value):
    spec = empty_registry().build({"type": "Everything", "config": {field: value}})
    return getattr(spec.config, field)


def refused(field, value):
    with pytest.raises(ConfigError) as caught:
        structured(field, value)
    (problem,) = caught.value.problems
    return problem


class Mode(str, Enum):  # noqa: UP042 - the form that most code has
    MAX = "max"


class Index:
    """A whole number that is not an int, as numpy's are."""

    def __index__(self):
        return 7


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("number", 3, 3.0),
        ("number", 0, 0.0),
        ("number", "1e-4", 1e-4),
        ("number", "1E-4", 1e-4),
        ("number", "1.e-4", 1e-4),
        ("number", "-.5", -0.5),
        ("number", Fraction(1, 4), 0.25),
        ("whole", "100", 100),
        ("whole", 1e5, 100_000),
        ("whole", "1e5", 100_000),
        ("whole", Index(), 7),
        ("flag", True, True),
        ("text", "1e-4", "1e-4"),
        ("mode", "max", "max"),
        ("mode", Mode.MAX, "max"),
        ("many", range(3), (0.0, 1.0, 2.0)),
        ("many", UserList([1]), (1.0,)),
        ("maybe", None, None),
        ("maybe", "2", 2.0),
        ("fused", "auto", "auto"),
        ("fused", False, False),
        ("rate_or_rates", [1, "2e-1"], [1.0, 0.2]),
        ("rate_or_rates", 1, 1.0),
        ("number_or_text", "1e-4", 1e-4),
        ("number_or_text", "linear", "linear"),
        ("pair", [2, 3], (2, 3.0)),
        ("pair", (2, "3"), (2, 3.0)),
        ("many", [1, 2, 3], (1.0, 2.0, 3.0)),
        ("many", [], ()),
        ("names", {"a": 1}, {"a": 1}),
        ("function", "step ** 2", "step ** 2"),
        ("function", abs, abs),
        ("anything", {"free": [1]}, {"free": [1]}),
        ("mapping", {"a": 1}, {"a": 1.0}),
        ("mapping", MappingProxyType({"a": 1}), {"a": 1.0}),
    ],
)
def test_right_values_arrive_with_the_type_of_their_field(field, value, expected):
    """A value that says what the field wants arrives as the field's type, numbers written as text included."""
    arrived = structured(field, value)
    assert expected == arrived
    assert type(expected) is type(arrived)


@pytest.mark.parametrize(
    ("field", "value", "path", "message"),
    [
        ("number", True, "number", "must be a number, is true"),
        ("number", None, "number", "must be a number, is null"),
        ("number", "", "number", "must be a number, is the text ''"),
        ("number", ".", "number", "must be a number, is the text '.'"),
        ("number", "1e", "number", "must be a number, is the text '1e'"),
        ("number", "0x10", "number", "must be a number, is the text '0x10'"),
        ("number", "inf", "number", "must be a number, is the text 'inf'"),
        ("number", "nan", "number", "must be a number, is the text 'nan'"),
        ("number", "1e999", "number", "must be a finite number, is inf"),
        ("number", math.nan, "number", "must be a finite number, is nan"),
        ("number", -math.inf, "number", "must be a finite number, is -inf"),
        ("number", 10**400, "number", "is too large for a number"),
        ("number", [1], "number", "must be a number, is a list of 1"),
        ("number", {}, "number", "must be a number, is a mapping"),
        ("number", 1j, "number", "must be a number, is 1j"),
        ("number", object(), "number", "must be a number, is a Python object of type object"),
        ("whole", 1.5, "whole", "must be a whole number, is 1.5"),
        ("whole", "1.5", "whole", "must be a whole number, is the text '1.5'"),
        ("whole", False, "whole", "must be a whole number, is false"),
        ("whole", math.inf, "whole", "must be a whole number, is inf"),
        ("whole", "9" * 5000, "whole", "must be a whole number, is the text"),
        ("flag", 1, "flag", "must be true or false, is 1"),
        ("flag", "yes", "flag", "must be true or false, is the text 'yes'"),
        ("text", 3, "text", "must be text, is 3"),
        ("text", b"a", "text", "must be text, is a Python object of type bytes"),
        ("mode", "mid", "mode", "must be `min` or `max`, is the text 'mid'"),
        ("mode", None, "mode", "must be `min` or `max`, is null"),
        ("maybe", "x", "maybe", "must be a number or null, is the text 'x'"),
        ("maybe", math.nan, "maybe", "must be a finite number, is nan"),
        ("fused", "true", "fused", "must be true, false, `auto` or null, is the text 'true'"),
        ("fused", 1, "fused", "must be true, false, `auto` or null, is 1"),
        ("rate_or_rates", [0.1, "x"], "rate_or_rates[1]", "must be a number, is the text 'x'"),
        ("rate_or_rates", "x", "rate_or_rates", "must be a number or a list of numbers, is the text 'x'"),
        ("pair", [1], "pair", "must be a list of 2 (a whole number, a number), is a list of 1"),
        ("pair", "12", "pair", "must be a list of 2 (a whole number, a number), is the text '12'"),
        ("pair", [1.5, 1], "pair[0]", "must be a whole number, is 1.5"),
        ("pair", {1: 2}, "pair", "must be a list of 2 (a whole number, a number), is a mapping"),
        ("many", 3, "many", "must be a list of numbers, is 3"),
        ("names", [1], "names", "must be a mapping, is a list of 1"),
        ("names", {"a": "x"}, "names.a", "must be a whole number, is the text 'x'"),
        ("names", {3: 1}, "names.3", "must be text, is 3"),
        ("function", 3, "function", "must be text or a function, is 3"),
        ("inner", {"depth": 1.5}, "inner.depth", "must be a whole number, is 1.5"),
        ("inner", {"deep": 1}, "inner.deep", "unknown key"),
        ("anything", math.nan, "anything", "must be a finite number, is nan"),
        ("many", b"12", "many", "must be a list of numbers, is a Python object of type bytes"),
        ("inner", 3, "inner", "must be a mapping of Inner's fields, is 3"),
    ],
)
def test_wrong_values_are_refused_with_path_and_reason(field, value, path, message):
    """A value of another type is refused where it stands, with what is wanted and what is there."""
    problem = refused(field, value)
    assert f"config.{path}" == problem.path
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("flag", "false", "write false without quotes"),
        ("flag", "True", "write true without quotes"),
        ("mode", "mn", "did you mean `min`?"),
    ],
)
def test_a_near_miss_has_the_repair(field, value, hint):
    """Where the repair of a value is known, the hint holds it."""
    assert hint == refused(field, value).hint


def test_a_private_attribute_is_set_under_its_public_name():
    """An attrs field called `_private` is the key `private`, as in its constructor."""
    spec = empty_registry().build({"type": "Everything", "config": {"private": 5}})
    assert Everything(private=5) == spec.config


def test_every_problem_is_reported_at_once_in_the_order_of_the_config():
    """Unknown keys, types, ranges and cross-checks come together, in the order in which they stand."""
    config = {"betas": [0.9, 2], "lr": -1, "nesterov": True, "wieght_decay": 0, "momentum": "x"}
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "Momentum", "config": config})
    assert [
        ("config.betas[1]", "must be in [0, 1), is 2.0"),
        ("config.lr", "must be > 0, is -1.0"),
        ("config.wieght_decay", "unknown key"),
        ("config.momentum", "must be a number, is the text 'x'"),
    ] == [(problem.path, problem.message) for problem in caught.value.problems]


def test_a_cross_check_speaks_when_the_fields_that_it_reads_are_right():
    """A validator that compares fields is reported at its own field."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "Momentum", "nesterov": True, "lr": -1})
    assert [("nesterov", "needs momentum > 0"), ("lr", "must be > 0, is -1.0")] == [
        (problem.path, problem.message) for problem in caught.value.problems
    ]


def test_an_unknown_key_names_the_nearest_and_all_that_are_allowed():
    """A misspelt key is answered with the right one and the list of all."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "Momentum", "config": {"weight_decai": 0.1}})
    assert (
        "did you mean `weight_decay`? Momentum takes: lr, momentum, betas, weight_decay, nesterov"
        == caught.value.problems[0].hint
    )


def test_learning_rate_is_another_name_of_lr():
    """`learning_rate` sets `lr`, and the canonical config says `lr`."""
    registry = empty_registry()
    spec = registry.build({"type": "Momentum", "learning_rate": 0.5})
    assert 0.5 == spec.config.lr
    assert 0.5 == registry.to_config(spec)["config"]["lr"]


def test_a_wrong_learning_rate_is_reported_under_the_key_that_the_user_wrote():
    """The path of a problem is the user's, also where the key is an alias."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "Momentum", "learning_rate": 0})
    assert "learning_rate" == caught.value.problems[0].path


@pytest.mark.parametrize("keys", [("lr", "learning_rate"), ("learning_rate", "lr")])
def test_lr_and_learning_rate_together_are_an_error(keys):
    """Giving both names of the rate is refused at the second, even where they agree."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "Momentum", "config": dict.fromkeys(keys, 0.1)})
    (problem,) = caught.value.problems
    assert (f"config.{keys[1]}", f"means the same as `{keys[0]}`") == (problem.path, problem.message)


def test_a_class_that_calls_it_learning_rate_takes_lr_too():
    """The alias works in both directions, for classes that have only the other name."""

    @attrs.frozen(kw_only=True)
    class Foreign:
        learning_rate: float = 0.1

        def build(self, params):
            return None

    registry = empty_registry()
    registry.register("optimizer", "Foreign", Foreign)
    assert Foreign(learning_rate=0.3) == registry.build({"type": "Foreign", "lr": 0.3}).config


def test_the_words_of_attrs_own_validators_are_kept():
    """What attrs' validators say reaches the user, each at its field."""

    @attrs.frozen(kw_only=True)
    class Foreign:
        lr: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))
        mode: str = attrs.field(default="a", validator=attrs.validators.in_(["a", "b"]))

        def build(self, params):
            return None

    registry = empty_registry()
    registry.register("optimizer", "Foreign", Foreign)
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": "Foreign", "config": {"lr": -1, "mode": "c"}})
    assert [
        ("config.lr", "must be > 0: -1.0"),
        ("config.mode", "must be in ['a', 'b'] (got 'c')"),
    ] == [(problem.path, problem.message) for problem in caught.value.problems]


def test_what_a_constructor_raises_is_a_problem_of_the_whole_config():
    """An error from `__attrs_post_init__` belongs to no field and is reported at the config."""

    @attrs.frozen(kw_only=True)
    class Foreign:
        a: int = 0

        def __attrs_post_init__(self):
            raise RuntimeError("never content")

        def build(self, params):
            return None

    registry = empty_registry()
    registry.register("optimizer", "Foreign", Foreign)
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": "Foreign", "config": {}})
    assert [("config", "never content")] == [(p.path, p.message) for p in caught.value.problems]


def test_a_required_field_that_is_missing_is_named():
    """A field without default and without value is one problem, which says what belongs there."""
    with pytest.raises(ConfigError) as caught:
        empty_registry().build({"type": "ExponentialLR", "config": {}})
    (problem,) = caught.value.problems
    assert ("config.gamma", "is required and missing", "ExponentialLR needs a number here") == (
        problem.path,
        problem.message,
        problem.hint,
    )


def test_converters_of_fields_run_once():
    """A field's attrs converter sees the structured value."""

    @attrs.frozen(kw_only=True)
    class Foreign:
        level: int = attrs.field(default=1, converter=lambda value: value * 2)

        def build(self, params):
            return None

    registry = empty_registry()
    registry.register("optimizer", "Foreign", Foreign)
    assert 6 == registry.build({"type": "Foreign", "config": {"level": "3"}}).config.level


def test_the_callers_mapping_is_never_changed():
    """Building leaves the given config as it was, lists inside included."""
    config = {"type": "Momentum", "config": {"betas": ["0.8", 0.9]}}
    spec = empty_registry().build(config)
    assert isinstance(spec, OptimizerSpec)
    assert {"type": "Momentum", "config": {"betas": ["0.8", 0.9]}} == config
