"""Values and types as a reader of configs would say them."""

from __future__ import annotations

import numbers
import types
from collections import abc, deque
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

__all__ = ["LONGEST_WRITTEN", "as_in_config", "is_list", "shown", "type_in_words"]

# A whole number of more bits is shown by how many bits it has.
LARGEST_SHOWN = 1024
# A longer text does not stand in a hint.
LONGEST_WRITTEN = 200

_SCALARS: dict[Any, str] = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    type(None): "null",
    Any: "anything",
    object: "anything",
    numbers.Real: "a number",
    numbers.Integral: "a whole number",
    list: "a list",
    tuple: "a list",
    set: "a list",
    frozenset: "a list",
    deque: "a list",
    dict: "a mapping",
}
_ABSTRACT_LISTS = (abc.Sequence, abc.Iterable, abc.Collection, abc.Set, abc.MutableSet)
_PLURALS: dict[Any, str] = {
    float: "numbers",
    int: "whole numbers",
    bool: "true or false values",
    str: "texts",
    type(None): "nulls",
}
_LISTS = (list, tuple, set, frozenset, deque, *_ABSTRACT_LISTS)
_TIMES = {"date": "date", "time": "time", "datetime": "date and time"}
_CLASSES = {
    ("optim_core.run.durations", "Duration"): "a length such as 500, `10%` or `2 epochs`",
    ("optim_core.run.shares", "Share"): "a share such as `10%`",
    ("optim_core.specs", "OptimizerSpec"): "an optimizer {type, config}",
    ("optim_core.specs", "SchedulerSpec"): "a scheduler {type, config}",
    ("optim_core.specs", "ClipperSpec"): "a clipper {type, config}",
}


def shown(value: Any) -> str:
    """Return a value in words and short: ``the text 'abc'``, ``null``, ``a list of 2``.

    Example:
        >>> from optim_core.plugin_tools import shown
        >>> shown("fast"), shown([1, 2]), shown(None)
        ("the text 'fast'", 'a list of 2', 'null')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {_short(str(value))}"
    if isinstance(value, Mapping):
        return "a mapping"
    if is_list(value):
        return f"a list of {len(value)}"
    if isinstance(value, numbers.Number):
        return _short(value)
    if type(value).__module__ == "datetime" and type(value).__name__ in _TIMES:
        # TOML, unlike JSON, has values for dates and times.
        return f"the {_TIMES[type(value).__name__]} {value.isoformat()}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"a Python object of type {type(value).__name__}"


def as_in_config(value: Any) -> str:
    """Return a number or a text as a config writes it; ``…`` for anything else, and for what is too long to show."""
    if isinstance(value, str):
        return value if 0 < len(value) <= LONGEST_WRITTEN else "…"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "…"
    # Python does not convert a number of more than 4,300 digits to text.
    return "…" if isinstance(value, int) and value.bit_length() > LARGEST_SHOWN else str(value)


def type_in_words(wanted: Any) -> str:
    """Return a field's type as a reader of configs would say it."""
    if wanted in _SCALARS:
        return _SCALARS[wanted]
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Literal or _is_union(origin):
        return _either(_choices(wanted))
    if origin is tuple and arguments[-1:] != (...,):
        if len(set(arguments)) == 1:
            return f"a list of {len(arguments)} {_plural(arguments[0])}"
        return f"a list of {len(arguments)} ({', '.join(map(type_in_words, arguments))})"
    if origin in _LISTS:
        return f"a list of {_plural(arguments[0])}"
    if origin in (dict, abc.Mapping):
        return "a mapping"
    if origin is abc.Callable:
        return "a function"
    if isinstance(wanted, type):
        return _CLASSES.get((wanted.__module__, wanted.__name__), f"a {wanted.__name__}")
    return str(wanted)


def _is_union(origin: Any) -> bool:
    return origin in (Union, types.UnionType)


def _choices(wanted: Any) -> list[str]:
    """Return the words for each of the values or types between which a type leaves the choice."""
    if wanted is bool:
        return ["true", "false"]
    if get_origin(wanted) is Literal:
        return [f"`{argument}`" for argument in get_args(wanted)]
    if _is_union(get_origin(wanted)):
        return list(dict.fromkeys(word for argument in get_args(wanted) for word in _choices(argument)))
    return [type_in_words(wanted)]


def _either(choices: list[str]) -> str:
    """Return the choices as one phrase: ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))


def _plural(wanted: Any) -> str:
    if wanted in _PLURALS:
        return _PLURALS[wanted]
    if _is_union(get_origin(wanted)):
        return _either([_plural(argument) for argument in get_args(wanted)])
    singular = type_in_words(wanted)
    if singular.startswith("a share"):
        return "shares"
    article, _, rest = singular.partition(" ")
    noun, _, keys = rest.partition(" ")
    # The plural of "a scheduler {type, config}" is "schedulers {type, config}"; what is no plain noun stays as it is.
    plain = article in ("a", "an") and noun and (not keys or keys.startswith("{"))
    return f"{noun}s {keys}".rstrip() if plain else singular


def _short(value: Any) -> str:
    from reprlib import Repr

    if isinstance(value, int) and value.bit_length() > LARGEST_SHOWN:
        # Python does not convert a number of more than 4,300 digits to text.
        return f"a whole number of {value.bit_length()} bits"
    short = Repr()
    short.maxstring = short.maxother = 60
    short.maxlong = 40
    return short.repr(value)


def is_list(value: Any) -> bool:
    """Return whether a value is a list as configs have them: a sequence of any type that is not text or bytes."""
    return isinstance(value, (list, tuple)) or (
        isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))
    )
