"""Dataclasses and typed dictionaries in the fields of plugin classes, which are read as attrs classes are."""

from __future__ import annotations

import dataclasses
from typing import Any, get_type_hints, is_typeddict
from weakref import WeakKeyDictionary

import attrs

__all__ = ["has_fields", "with_fields"]

_known: WeakKeyDictionary[type[Any], type[Any]] = WeakKeyDictionary()


def has_fields(wanted: Any) -> bool:
    """Return whether a type has named fields: an attrs class, a dataclass or a typed dictionary."""
    return attrs.has(wanted) or (
        isinstance(wanted, type) and (dataclasses.is_dataclass(wanted) or is_typeddict(wanted))
    )


def with_fields(wanted: Any) -> Any:
    """Return an attrs class with the fields of a type, None where it is no type of named fields.

    Of an attrs class that is the class itself; of a dataclass or a typed dictionary one of the same names, types and
    defaults.

    Raises:
        Exception: whatever evaluating an annotation of a dataclass raises, NameError as a rule.

    Example:
        >>> import dataclasses
        >>> from optim_core.plugin_class.records import with_fields
        >>> @dataclasses.dataclass
        ... class Warmup:
        ...     steps: int
        ...     start: float = 0.0
        >>> with_fields(Warmup)(steps=10)
        Warmup(steps=10, start=0.0)
    """
    if not has_fields(wanted):
        return None
    if attrs.has(wanted):
        return wanted
    found = _known.get(wanted)
    if found is None:
        defaults, types = _defaults(wanted), get_type_hints(wanted)
        fields = {name: attrs.field(default=default, type=types[name]) for name, default in defaults.items()}
        found = _known[wanted] = attrs.make_class(wanted.__name__, fields, kw_only=True)
    return found


def _defaults(record: type[Any]) -> dict[str, Any]:
    """Return the default of each field that the constructor takes, `attrs.NOTHING` where there is none."""
    if dataclasses.is_dataclass(record):
        return {field.name: _default(field) for field in dataclasses.fields(record) if field.init}
    required: frozenset[str] = record.__required_keys__
    return {name: attrs.NOTHING if name in required else None for name in get_type_hints(record)}


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return attrs.NOTHING if field.default_factory is dataclasses.MISSING else attrs.Factory(field.default_factory)
