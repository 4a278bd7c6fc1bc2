"""Values and types as a reader of configs would say them."""

from __future__ import annotations

import numbers
import types
from collections import abc
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

from optim_core.mismatch import is_list

__all__ = ["shown", "type_in_words"]

_SCALARS: dict[Any, str] = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    type(None): "null",
    Any: "anything",
    list: "a list",
    tuple: "a list",
    dict: "a mapping",
}
_PLURALS: dict[Any, str] = {float: "numbers", int: "whole numbers", bool: "true or false values", str: "texts"}
_CLASSES = {
    ("optim_core.specs", "OptimizerSpec"): "an optimizer {type, config}",
    ("optim_core.specs", "SchedulerSpec"): "a scheduler {type, config}",
    ("optim_core.specs", "ClipperSpec"): "a clipper {type, config}",
}


def shown(value: Any) -> str:
    """A value in words and short: ``the text 'abc'``, ``null``, ``a list``."""
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
    return f"a Python object of type {type(value).__name__}"


def type_in_words(wanted: Any) -> str:
    """A field's type as a reader of configs would say it."""
    if wanted in _SCALARS:
        return _SCALARS[wanted]
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(type_in_words(argument) for argument in arguments))
    if origin is tuple and arguments[-1:] != (...,):
        inner = {_PLURALS.get(argument, type_in_words(argument)) for argument in arguments}
        return f"a list of {len(arguments)} {' or '.join(sorted(inner))}"
    if origin in (list, tuple, abc.Sequence, abc.Iterable):
        return f"a list of {_PLURALS.get(arguments[0], type_in_words(arguments[0]))}"
    if origin in (dict, abc.Mapping):
        return "a mapping"
    if origin is abc.Callable:
        return "a function"
    if isinstance(wanted, type):
        return _CLASSES.get((wanted.__module__, wanted.__name__), f"a {wanted.__name__}")
    return str(wanted)


def _short(value: Any) -> str:
    from reprlib import Repr

    short = Repr()
    short.maxstring = short.maxother = 60
    short.maxlong = 40
    return short.repr(value)
