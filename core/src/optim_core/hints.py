"""The types of an attrs class's fields, worked out once for each class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints
from weakref import WeakKeyDictionary

import attrs

__all__ = ["field_types"]

_known: WeakKeyDictionary[type[Any], Mapping[str, Any]] = WeakKeyDictionary()


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
