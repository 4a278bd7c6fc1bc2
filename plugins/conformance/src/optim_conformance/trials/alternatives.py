"""Values of a field that differ from the one it has, from its type, as far as its validator takes them."""

from __future__ import annotations

from collections import abc
from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from optim_conformance.subject import Subject
from optim_core import Duration
from optim_core.errors import ConfigError
from optim_core.plugin_class.fields import field_types
from optim_core.plugin_tools import Share, plain_data

__all__ = ["MOST", "alternatives", "possible"]

_NUMBERS = (0.5, 0.1, 0.9, 2.0, 1.0, 0.01, 0.0, 10.0)
_WHOLE_NUMBERS = (1, 2, 3, 5, 0, 20)
# What a config writes for the types of ours.
_TEXTS: dict[Any, tuple[Any, ...]] = {Duration: (3, "10%", 7, "1 epoch"), Share: ("10%", "50%")}
_LISTS = (list, tuple, abc.Sequence, abc.Iterable)
MOST = 8


def alternatives(subject: Subject, key: str) -> list[Any]:
    """Return at most eight values that a config may give the field, bold ones first; none where its type is unknown."""
    found: list[Any] = []
    for value in possible(subject, key):
        try:
            subject.spec({key: value})
        except ConfigError:
            continue
        found.append(value)
        if len(found) == MOST:
            break
    return found


def possible(subject: Subject, key: str) -> list[Any]:
    """Return values of the field's type, each once and none its own, whether its validator takes them or not."""
    field = subject.fields[key]
    current = plain_data(getattr(subject.spec().config, field.name))
    wanted = field_types(subject.cls)[field.name]
    found: list[Any] = []
    for value in _values(wanted, current):
        if not _is_same(value, current) and not any(_is_same(value, each) for each in found):
            found.append(value)
    return found


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _values(wanted: Any, current: Any) -> Iterator[Any]:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if wanted is Any:
        wanted = type(current)
    if wanted is bool:
        yield from (not current, bool(current))
    elif wanted in (float, int):
        yield from _numbers(wanted, current)
    elif wanted in _TEXTS:
        yield from _TEXTS[wanted]
    elif origin is Literal:
        yield from arguments
    elif origin in (Union, UnionType):
        for member in sorted(arguments, key=lambda member: member is NoneType):
            yield from _values(member, current)
    elif wanted is NoneType:
        yield None
    elif (origin or wanted) in _LISTS:
        yield from _lists(arguments, current)


def _numbers(wanted: type[Any], current: Any) -> Iterator[Any]:
    known = isinstance(current, (int, float)) and not isinstance(current, bool)
    if wanted is int:
        yield from (2 * int(current) + 1, int(current) + 1, int(current) - 1) if known else ()
        yield from _WHOLE_NUMBERS
    else:
        yield from (current * 10.0, current / 10.0, current / 2.0) if known else ()
        yield from _NUMBERS


def _lists(arguments: tuple[Any, ...], current: Any) -> Iterator[list[Any]]:
    """Yield lists of which one item differs from the current one; where there is none, lists of one item."""
    wanted = [argument for argument in arguments if argument is not ...]
    if not wanted:
        return
    if not isinstance(current, list) or not current:
        yield from ([value] for value in _first(_values(wanted[0], None), 3))
        return
    for index, item in enumerate(current[:4]):
        for value in _first(_values(wanted[min(index, len(wanted) - 1)], item), 5):
            yield [*current[:index], value, *current[index + 1 :]]


def _first(values: Iterable[Any], count: int) -> Iterator[Any]:
    yield from (value for value, _ in zip(values, range(count), strict=False))
