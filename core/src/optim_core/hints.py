"""What a config may set of an attrs class: the fields, and their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints
from weakref import WeakKeyDictionary

import attrs

__all__ = ["config_fields", "field_types"]

_known: WeakKeyDictionary[type[Any], Mapping[str, Any]] = WeakKeyDictionary()


def config_fields(cls: type[Any]) -> dict[str, attrs.Attribute[Any]]:
    """The fields that a config may set: key to attribute. attrs calls a field ``_x`` ``x`` in the constructor."""
    return {field.alias or field.name: field for field in attrs.fields(cls) if field.init}


def field_types(cls: type[Any]) -> Mapping[str, Any]:
    """Attribute name to type, `Any` where a field has none.

    Raises:
        Exception: whatever evaluating an annotation raises, NameError as a rule.
    """
    types = _known.get(cls)
    if types is None:
        hints = get_type_hints(cls)
        types = _known[cls] = {field.name: hints.get(field.name, Any) for field in attrs.fields(cls)}
    return types
