"""Whether a config can hold a value of a field's type, so that a plugin class can be made of a config at all."""

from __future__ import annotations

import numbers
import types
from collections import abc, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final, Literal, NewType, Union, get_args, get_origin, get_type_hints

from optim_core.plugin_class.fields import config_fields, field_types
from optim_core.plugin_class.records import has_fields, with_fields

__all__ = ["LISTS", "NUMBERS", "unusable_field"]

LISTS: Mapping[Any, Callable[[list[Any]], Any]] = {
    list: list,
    tuple: tuple,
    abc.Sequence: list,
    abc.Iterable: list,
    abc.Collection: list,
    set: set,
    abc.MutableSet: set,
    frozenset: frozenset,
    abc.Set: frozenset,
    deque: deque,
}
"""What a list of a config may become, and how."""

NUMBERS: Mapping[Any, type[float] | type[int]] = {numbers.Real: float, numbers.Integral: int}
"""The abstract numbers, and what a number of a config is made for them."""

_PLAIN = (float, int, bool, str, type(None), Any, object, *NUMBERS)
_HOLDERS = (*LISTS, dict, abc.Mapping, Union, types.UnionType, Annotated, Final)
# The classes of the core are read by makers of their own.
_OURS = "optim_core."


def unusable_field(cls: type[Any]) -> str | None:
    """Return what is wrong with the first field whose type no config can hold a value of, None where none is.

    Args:
        cls: an attrs class whose annotations can be evaluated.

    Example:
        >>> import decimal
        >>> import attrs
        >>> from optim_core.plugin_class.usable_types import unusable_field
        >>> @attrs.frozen
        ... class Exact:
        ...     lr: decimal.Decimal
        >>> print(unusable_field(Exact))
        the field `lr` has the type Decimal, of which a config holds no value
    """
    found = _of_class(cls, ())
    if found is None:
        return None
    field, wrong = found
    name = wrong.__name__ if isinstance(wrong, type) and not get_args(wrong) else str(wrong)
    return f"the field `{field}` has the type {name}, of which a config holds no value"


def _of_class(cls: type[Any], outer: tuple[Any, ...]) -> tuple[str, Any] | None:
    """Return the key of the first such field, with what is within its type."""
    hints = field_types(cls)
    for key, field in config_fields(cls).items():
        wrong = next(_unusable(hints[field.name], (*outer, cls)), None)
        if wrong is not None:
            return key, wrong
    return None


def _unusable(wanted: Any, outer: tuple[Any, ...]) -> Iterator[Any]:
    """Yield what no config holds a value of, in a type and the types that it is made of."""
    origin = get_origin(wanted) or wanted
    if isinstance(wanted, NewType):
        yield from _unusable(wanted.__supertype__, outer)
    elif origin is Literal:
        yield from ([] if all(isinstance(each, str | int | float | None) for each in get_args(wanted)) else [wanted])
    elif _is_among(origin, (*_PLAIN, abc.Callable)):
        return
    elif _is_among(origin, _HOLDERS):
        yield from _of_all(_arguments(wanted, origin), outer)
    elif has_fields(origin):
        yield from _of_fields(origin, outer)
    elif not _is_known(wanted):
        yield wanted
    else:
        yield from _of_all(get_args(wanted), outer)


def _arguments(wanted: Any, origin: Any) -> tuple[Any, ...]:
    # What stands behind the type in Annotated is of any kind.
    return get_args(wanted)[:1] if origin is Annotated or hasattr(wanted, "__metadata__") else get_args(wanted)


def _of_all(types_: Any, outer: tuple[Any, ...]) -> Iterator[Any]:
    for each in types_:
        if each is not ...:
            yield from _unusable(each, outer)


def _of_fields(cls: type[Any], outer: tuple[Any, ...]) -> Iterator[Any]:
    if cls.__module__.startswith(_OURS):
        return
    try:
        fielded = with_fields(cls)
        found = None if fielded in outer else _of_class(fielded, outer)
    except Exception:  # noqa: BLE001 - evaluating a stranger's annotations may raise anything
        # It is told where a config gives one of this class; the plugin can be used without.
        return
    if found is not None:
        yield found[1]


def _is_among(wanted: Any, known: tuple[Any, ...]) -> bool:
    return any(wanted is each for each in known)


def _is_known(wanted: Any) -> bool:
    """Return whether cattrs makes a value of this type, of itself: enumerations, paths, dataclasses and more."""
    from cattrs import Converter

    if isinstance(wanted, type) and issubclass(wanted, bytes):
        # It makes bytes of any whole number, as many as that says.
        return False
    try:
        Converter().get_structure_hook(wanted)
        get_type_hints(wanted) if isinstance(wanted, type) else None
    except Exception:  # noqa: BLE001 - it raises what it likes of what is no type, and annotations may raise anything
        return False
    return True
