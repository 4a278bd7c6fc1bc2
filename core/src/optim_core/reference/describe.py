"""A plugin class in words and plain data: its fields, their types, ranges and defaults, its docstring, an example."""

from __future__ import annotations

import re
from collections import abc
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from optim_core.config.canonical import is_finite, plain_value
from optim_core.config.issues import Issue
from optim_core.plugin_class.docstrings import parse_docstring
from optim_core.plugin_class.fields import config_fields, field_types
from optim_core.plugin_class.ranges import OneOf, demands, range_in_words
from optim_core.plugin_class.records import with_fields
from optim_core.run.durations import Duration
from optim_core.text.prose import said
from optim_core.text.values import type_in_words
from optim_core.validators import Each, Interval

__all__ = ["FieldDescription", "PluginDescription", "describe", "example"]

# The numbers that are tried, in this order, for a required field of which only the range is known.
_NUMBERS = (1.0, 0.5, 0.1, 0.01, 10.0, 100.0)
_WHOLE_NUMBERS = (10, 100, 1, 2, 0)
_RATE = 1e-3

# "arXiv:1711.05101"; a class or function of torch; "https://…", or an address without that, whose host is lower case.
_SOURCE = re.compile(
    r"arXiv:(?P<paper>\d{4}\.\d{4,5})"
    r"|\b(?P<torch>torch\.(?:optim|nn\.utils)(?:\.\w+)+)"
    r"|(?:(?P<scheme>https?://)|(?<![\w/.:@]))(?P<address>(?:[a-z\d-]+\.)+[a-z]{2,}/[^\s>,;`]*[\w/])"
)

_FACTORY: Any = attrs.Factory


@attrs.frozen(kw_only=True)
class FieldDescription:
    """One field of a plugin class.

    Args:
        name: the key in a config.
        type: its type in words.
        range: its range in words, None where its validator says none.
        required: whether a config must give it.
        default: the default as plain data; None where there is none, or none that a file can hold.
        note: why `default` does not say it all, None where it does.
        text: what the class's docstring says about it, None where it says nothing.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import describe
        >>> [field.name for field in describe(registry.schedulers["StepLR"]).fields if field.required]
        ['step_size']
    """

    name: str
    type: str
    range: str | None
    required: bool
    default: Any
    note: str | None
    text: str | None


@attrs.frozen(kw_only=True)
class PluginDescription:
    """What there is to say about a plugin class.

    Args:
        summary: the first line of its docstring.
        body: the rest of the docstring, without the sections on the fields, with examples, and with the formula.
        formula: what it computes, as the lines of its section ``Formula:``; "" where the docstring has none.
        sources: the addresses of the papers and pages that summary and body name, an arXiv number among them.
        fields: its fields, in the order of the class.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import describe
        >>> describe(registry.schedulers["StepLR"]).summary
        'Multiply the rate by `gamma` after every `step_size` calls of `step()`; `MultiStepLR` at given ones.'
    """

    summary: str
    body: str
    formula: str
    sources: tuple[str, ...]
    fields: tuple[FieldDescription, ...]


def describe(cls: type[Any]) -> PluginDescription:
    """Return what there is to say about a plugin class.

    Raises:
        Exception: whatever evaluating an annotation raises; for a plugin that was loaded, nothing.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import describe
        >>> field = describe(registry.optimizers["AdamW"]).fields[0]
        >>> field.name, field.type, field.range
        ('lr', 'a number', '> 0')
    """
    docstring = parse_docstring(cls.__doc__)
    types = field_types(cls)
    fields = tuple(
        _described(key, field, types[field.name], docstring.fields.get(field.name))
        for key, field in config_fields(cls).items()
    )
    return PluginDescription(
        summary=docstring.summary,
        body=docstring.body,
        formula=docstring.formula,
        sources=tuple(dict.fromkeys(_sources(f"{docstring.summary}\n{docstring.body}"))),
        fields=fields,
    )


def _sources(text: str) -> Iterator[str]:
    for found in _SOURCE.finditer(text):
        if found["paper"]:
            yield f"https://arxiv.org/abs/{found['paper']}"
        elif found["torch"]:
            yield f"https://docs.pytorch.org/docs/stable/generated/{found['torch']}.html"
        else:
            yield f"{found['scheme'] or 'https://'}{found['address']}"


def _described(key: str, field: attrs.Attribute[Any], hint: Any, text: str | None) -> FieldDescription:
    required = field.default is attrs.NOTHING
    default, note = (None, None) if required else plain_default(field)
    return FieldDescription(
        name=key,
        type=type_in_words(hint),
        range=range_in_words(field.validator),
        required=required,
        default=default,
        note=note,
        text=text,
    )


def plain_default(field: attrs.Attribute[Any]) -> tuple[Any, str | None]:
    """Return a field's default as plain data, and a note where that does not say it all."""
    default = field.default
    if isinstance(default, _FACTORY):
        factory: Any = default
        if factory.takes_self:
            return None, "depends on the other fields"
        try:
            default = factory.factory()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's factory may raise anything
            return None, f"cannot be computed: {said(error)}"
    issues: list[Issue] = []
    plain = plain_value(default, (), issues)
    if issues:
        return None, f"a Python object of type {type(default).__name__}"
    return (plain, None) if is_finite(plain) else (None, f"{default}, which no config can give")


def example(cls: type[Any]) -> dict[str, Any]:
    """Return a short config of a plugin class: its own `example` where it has one, else one made from its fields.

    What is made holds the required fields, filled by type and range; where there are none, the first field with its
    default. A validator that looks at several fields, or one that is not known here, may still refuse it.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import example
        >>> example(registry.schedulers["StepLR"])
        {'step_size': 30}
    """
    own = getattr(cls, "example", None)
    if isinstance(own, Mapping):
        issues: list[Issue] = []
        made: dict[str, Any] = plain_value(own, (), issues)
        if not issues:
            return made
    types = field_types(cls)
    fields = config_fields(cls)
    required = {key: field for key, field in fields.items() if field.default is attrs.NOTHING}
    if required:
        return {key: _value(field, types[field.name]) for key, field in required.items()}
    for key, field in fields.items():
        default, note = plain_default(field)
        if default is not None and note is None:
            return {key: default}
    return {}


def _value(field: attrs.Attribute[Any], hint: Any) -> Any:
    known = demands(field.validator)
    for demand in known:
        if isinstance(demand, OneOf):
            return demand.options[0]
    each = [demand.validator if isinstance(demand, Each) else demand for demand in known]
    intervals = [demand for demand in each if isinstance(demand, Interval)]
    is_rate = "lr" in field.name.split("_") or field.name == "learning_rate"
    return _value_of(hint, intervals, is_rate=is_rate)


def _value_of(hint: Any, intervals: list[Interval], *, is_rate: bool) -> Any:
    """Return a value of the type `hint` that lies in every interval, as far as one is found."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is float:
        return _inside(intervals, (_RATE, *_NUMBERS) if is_rate else _NUMBERS)
    if hint is int:
        return int(_inside(intervals, _WHOLE_NUMBERS))
    if hint is Duration:
        return int(_inside(intervals, _WHOLE_NUMBERS))
    if hint in (bool, str):
        return False if hint is bool else "text"
    if origin is Literal:
        return arguments[0]
    if origin in (Union, UnionType):
        members = [member for member in arguments if member is not NoneType]
        return _value_of(members[0], intervals, is_rate=is_rate)
    if origin is tuple and arguments[-1:] != (...,):
        return [_value_of(item, intervals, is_rate=is_rate) for item in arguments]
    if origin in (list, tuple, abc.Sequence, abc.Iterable):
        return [_value_of(arguments[0], intervals, is_rate=is_rate)]
    fielded = with_fields(hint) if isinstance(hint, type) and get_origin(hint) is None else None
    if fielded is not None:
        return example(fielded)
    return {} if hint is dict or origin in (dict, abc.Mapping) else None


def _inside(intervals: list[Interval], candidates: tuple[float, ...]) -> float:
    bounds = [bound for each in intervals for bound in (each.gt, each.ge, each.lt, each.le) if bound is not None]
    near = [value for bound in bounds for value in (bound, bound + 1, bound - 1)]
    middle = [(min(bounds) + max(bounds)) / 2] if bounds else []
    tried = (*candidates, *near, *middle)
    return next((value for value in tried if all(_accepts(each, value) for each in intervals)), candidates[0])


def _accepts(interval: Interval, value: float) -> bool:
    try:
        interval(None, None, value)  # type: ignore[arg-type]
    except ValueError:
        return False
    return True
