"""What a config may set of a plugin class: the fields, and their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints
from weakref import WeakKeyDictionary

import attrs

__all__ = ["config_fields", "decay_fields", "field_types", "rate_field"]

_known: WeakKeyDictionary[type[Any], Mapping[str, Any]] = WeakKeyDictionary()


def config_fields(cls: type[Any]) -> dict[str, attrs.Attribute[Any]]:
    """Return the fields that a config may set: key to attrs field. The key of ``_x`` is ``x``, as with attrs."""
    return {field.alias or field.name: field for field in attrs.fields(cls) if field.init}


def field_types(cls: type[Any]) -> Mapping[str, Any]:
    """Return the type of each field by the name of the attribute, `Any` where a field has none.

    Raises:
        Exception: whatever evaluating an annotation raises, NameError as a rule.

    Example:
        >>> import attrs
        >>> from optim_core.plugin_tools import field_types
        >>> @attrs.frozen
        ... class Halving:
        ...     every: int = 1000
        >>> field_types(Halving)["every"]
        <class 'int'>
    """
    types = _known.get(cls)
    if types is None:
        hints = get_type_hints(cls)
        types = _known[cls] = {field.name: hints.get(field.name, Any) for field in attrs.fields(cls)}
    return types


def decay_fields(cls: type[Any]) -> list[str]:
    """Return the keys of a plugin class that are weight decays; a switch such as ``decoupled_weight_decay`` is none.

    Raises:
        Exception: whatever evaluating an annotation raises, NameError as a rule.
    """
    types = field_types(cls)
    fields = config_fields(cls).items()
    named = [(key, field) for key, field in fields if key == "weight_decay" or key.endswith("_weight_decay")]
    return [key for key, field in named if types[field.name] is not bool]


def rate_field(cls: type[Any]) -> str | None:
    """Return the key of a plugin class that is the rate of its groups, None where there is none."""
    fields = config_fields(cls)
    return next((key for key in ("lr", "learning_rate") if key in fields), None)
