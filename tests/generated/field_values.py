"""Strategies for the values of one field, from its type and the range that its validator states."""

from __future__ import annotations

import enum
import math
import sys
from collections import abc
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs
from hypothesis import strategies as st

from optim_core import ClipperSpec, OptimizerSpec, SchedulerSpec
from optim_core.kinds import Kind
from optim_core.plugin_class.fields import config_fields, field_types
from optim_core.plugin_class.ranges import range_schema
from optim_core.run.durations import Duration

__all__ = ["COMPONENTS", "edges_of", "fitting", "fitting_field", "junk", "numbers_near", "outside", "wrong_type"]

COMPONENTS: dict[Any, Kind] = {OptimizerSpec: "optimizer", SchedulerSpec: "scheduler", ClipperSpec: "clipper"}
_LISTS = (list, tuple, abc.Sequence, abc.Iterable)
_MAPPINGS = (dict, abc.Mapping)
_LARGEST_WHOLE = 10**6

# What fits hardly any field; none of it is a number written as text, or a name.
junk = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 1.5, -0.0, 10**30, math.nan, math.inf, -math.inf, "", "?", "0.x"),
        *([], [[]], [None], [1, 2, 3, 4, 5], ["?"], {}, {"?": 1}, {"type": "?"}),
    ]
)

lengths = st.one_of(
    st.integers(0, 1000),
    st.sampled_from(
        ["5%", "0.5 epochs", "1 epoch", " 2epochs ", "10 steps", "0%", "100%", "1e-3%", ".5 %", "1e5 steps"]
    ),
    st.tuples(st.floats(0, 100), st.sampled_from(["%", " epochs"])).map(lambda parts: f"{parts[0]!r}{parts[1]}"),
)


def fitting_field(field: attrs.Attribute[Any], hint: Any, components: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type that lie in its range, so far as that can be read from outside.

    Args:
        field: the field.
        hint: its type.
        components: a function from kind to a strategy for {type, config} that stands in a field.
    """
    bounds = range_schema(field.validator) if field.converter is None else {}
    choices = bounds.get("enum")
    return st.sampled_from(choices) if choices else fitting(hint, bounds, components)


def fitting(hint: Any, bounds: dict[str, Any], components: Any) -> st.SearchStrategy[Any]:
    """Values of a type, with JSON Schema's keywords for their range; of a type that is not known here, any scalar."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in (float, int):
        return numbers(hint, bounds)
    if hint in (bool, str, NoneType):
        return {bool: st.booleans(), str: st.text(max_size=20), NoneType: st.none()}[hint]
    if hint is Duration:
        return lengths
    if hint in COMPONENTS:
        return components(COMPONENTS[hint])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of([fitting(member, bounds, components) for member in arguments])
    if (origin or hint) in _LISTS:
        return _lists(origin or hint, arguments, bounds, components)
    if (origin or hint) in _MAPPINGS:
        keys, values = arguments or (str, float)
        return st.dictionaries(fitting(keys, {}, components), fitting(values, {}, components), max_size=3)
    if origin is abc.Callable:
        return st.nothing()
    return _of_class(hint, components)


def numbers(hint: type[Any], bounds: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Numbers within bounds: plain ones more often than the smallest and the largest that a float can hold."""
    least, most = bounds.get("minimum"), bounds.get("maximum")
    above, below = bounds.get("exclusiveMinimum"), bounds.get("exclusiveMaximum")
    if hint is int:
        low = 0 if least is None and above is None else math.ceil(least) if above is None else math.floor(above) + 1
        high = max(_LARGEST_WHOLE, low) if most is None and below is None else math.floor(most or below - 1)
        return st.one_of(st.integers(low, min(high, low + 50)), st.integers(low, high))
    low = -sys.float_info.max if least is None and above is None else above if least is None else least
    high = sys.float_info.max if most is None and below is None else below if most is None else most
    inside = st.floats(
        low, high, exclude_min=above is not None, exclude_max=below is not None, allow_nan=False, allow_infinity=False
    )
    plain = [number for number in (0, 0.0, 1e-6, 0.1, 0.5, 0.9, 1, 1.0, 2, 10, 1e5) if _within(number, bounds)]
    return st.one_of(st.sampled_from(plain), inside) if plain else inside


def _within(number: float, bounds: dict[str, Any]) -> bool:
    return bounds.get("minimum", -math.inf) <= number <= bounds.get("maximum", math.inf) and bounds.get(
        "exclusiveMinimum", -math.inf
    ) < number < bounds.get("exclusiveMaximum", math.inf)


def _lists(origin: Any, arguments: tuple[Any, ...], bounds: dict[str, Any], components: Any) -> st.SearchStrategy[Any]:
    of_items = bounds.get("items", {})
    items = [fitting(argument, of_items, components) for argument in arguments if argument is not ...]
    if origin is tuple and arguments and arguments[-1] is not ...:
        return st.tuples(*items).map(list)
    least = bounds.get("minItems", 0)
    some = st.lists(items[0] if items else st.integers(), min_size=least, max_size=bounds.get("maxItems", least + 3))
    return st.one_of(some, some.map(sorted)) if arguments[:1] == (int,) else some


def _of_class(hint: Any, components: Any) -> st.SearchStrategy[Any]:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from([member.value for member in hint])
    if isinstance(hint, type) and attrs.has(hint):
        types = field_types(hint)
        fields = config_fields(hint).items()
        return st.fixed_dictionaries(
            {},
            optional={key: fitting_field(field, types[field.name], components) for key, field in fields},
        )
    return st.one_of(st.none(), st.integers(0, 100), st.floats(0, 1), st.text(max_size=5))


def wrong_type(hint: Any) -> st.SearchStrategy[Any]:
    """Values of no type that a field has, for there are no plugins with them: a deep list, a mapping of such a list."""
    types = str(hint)
    texts = [] if "str" in types or "Any" in types else ["no number and no name"]
    return st.sampled_from([[[[]]], {"?": [[]]}, *texts])


def outside(field: attrs.Attribute[Any]) -> st.SearchStrategy[Any]:
    """Numbers below and above the range that a field states, if it states one for the number itself."""
    stated = range_schema(field.validator) if field.converter is None else {}
    below = [stated["minimum"] - 1] if "minimum" in stated else []
    above = [stated["maximum"] + 1] if "maximum" in stated else []
    below += [stated["exclusiveMinimum"]] if "exclusiveMinimum" in stated else []
    above += [stated["exclusiveMaximum"]] if "exclusiveMaximum" in stated else []
    return st.sampled_from(below + above) if below + above else st.nothing()


def edges_of(field: attrs.Attribute[Any]) -> st.SearchStrategy[Any]:
    """Numbers on the bounds of a field's range and on both sides of them, alone and in short lists."""
    keywords = range_schema(field.validator)
    stated = {**keywords.get("items", {}), **keywords}
    bounds = [bound for key, bound in stated.items() if "inimum" in key or "aximum" in key]
    return numbers_near(bounds or [0, 1])


def numbers_near(bounds: list[float]) -> st.SearchStrategy[Any]:
    """Each bound, its neighbours among the floats and the whole numbers; alone, and in lists of up to three."""
    near: list[float] = []
    for bound in bounds:
        near += [bound, float(bound), math.nextafter(bound, -math.inf), math.nextafter(bound, math.inf)]
        near += [bound - 1, bound + 1]
    alone = st.sampled_from(near)
    return st.one_of(alone, st.lists(alone, max_size=3))
