"""JSON Schema of one plugin class: its fields, their types and ranges."""

from __future__ import annotations

import enum
from collections import abc
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from optim_core.config.canonical import is_finite
from optim_core.config.structuring.class_plan import ALIASES
from optim_core.kinds import Kind
from optim_core.plugin_class.docstrings import parse_docstring
from optim_core.plugin_class.fields import config_fields, field_types
from optim_core.plugin_class.ranges import range_schema
from optim_core.plugin_class.records import with_fields
from optim_core.plugin_class.usable_types import LISTS, NUMBERS
from optim_core.reference.describe import plain_default
from optim_core.run.durations import DURATION_TEXT, Duration
from optim_core.run.shares import SHARE_TEXT, Share
from optim_core.specs import SPECS

Schema = dict[str, Any]

_SCALARS: dict[Any, Schema] = {
    float: {"type": "number"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    str: {"type": "string"},
    NoneType: {"type": "null"},
    **{abstract: {"type": "number" if number is float else "integer"} for abstract, number in NUMBERS.items()},
    Share: {"type": "string", "pattern": SHARE_TEXT},
    Duration: {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": DURATION_TEXT}]},
}

# JSON type to the keywords of a range that mean something for it.
_NUMERIC = ("exclusiveMinimum", "minimum", "exclusiveMaximum", "maximum", "enum")

_KEYWORDS = {
    "number": _NUMERIC,
    "integer": _NUMERIC,
    "string": ("minLength", "maxLength", "enum"),
    "array": ("minItems", "maxItems", "enum"),
}

_COMPONENTS: dict[Any, Kind] = {cls: kind for kind, cls in SPECS.items()}

LARGEST_INT = 10_000
"""The bits of a whole number that is written as one."""

NOWHERE: Schema = {"not": {}}


def config_schema(cls: type[Any], outer: tuple[type[Any], ...]) -> Schema:
    """Return the schema of a plugin class's config, or of a class that stands in one below `outer`.

    Raises:
        Exception: whatever evaluating an annotation raises; for a plugin that was loaded, nothing.
    """
    docstring = parse_docstring(cls.__doc__)
    types = field_types(cls)
    attributes = config_fields(cls)
    properties: Schema = {}
    for key, field in attributes.items():
        described = _field(field, types[field.name], (*outer, cls))
        text = docstring.fields.get(field.name)
        properties[key] = {**({"description": text} if text else {}), **described}
    schema: Schema = {
        "title": cls.__name__,
        "description": "\n\n".join(part for part in (docstring.summary, docstring.body) if part),
        "type": "object",
        "properties": properties,
        "required": [key for key, field in attributes.items() if field.default is attrs.NOTHING],
        "additionalProperties": False,
    }
    return _with_aliases(schema)


def _with_aliases(schema: Schema) -> Schema:
    """Add the other names of fields to a schema; a config that gives both names of one field is refused."""
    properties = schema["properties"]
    for alias, name in ALIASES.items():
        if name not in properties or alias in properties:
            continue
        # `doNotSuggest` is VS Code's own keyword: it does not offer the second name.
        same = {keyword: value for keyword, value in properties[name].items() if keyword != "default"}
        properties[alias] = {**same, "description": f"The same as `{name}`.", "doNotSuggest": True}
        schema["not"] = {"required": [name, alias]}
        if name in schema["required"]:
            schema["required"].remove(name)
            schema["anyOf"] = [{"required": [name]}, {"required": [alias]}]
    return schema


def _field(field: attrs.Attribute[Any], hint: Any, outer: tuple[type[Any], ...]) -> Schema:
    try:
        schema = _typed(hint, outer)
    except Exception:  # noqa: BLE001 - the annotations of a class that a stranger's field holds may raise anything
        # `build` says what is wrong when the field is given; that the plugin can be used without it stays known.
        schema = {}
    if field.converter is None:
        # Where a field has a converter, its range is that of what the converter returns, not of what a config says.
        schema = _within(schema, range_schema(field.validator))
    if field.default is not attrs.NOTHING:
        default, note = plain_default(field)
        if note is None:
            schema["default"] = default
    # The bounds of a stranger's validator, and the values of his enumeration, may be what JSON does not have.
    return {keyword: value for keyword, value in schema.items() if _is_json(value)}


def _is_json(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_json, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_json, value))
    if isinstance(value, int):
        # Python does not convert a number of more than 4,300 digits to text.
        return value.bit_length() < LARGEST_INT
    return value is None or isinstance(value, str) or (isinstance(value, float) and is_finite(value))


def _within(schema: Schema, keywords: Schema) -> Schema:
    """Return a type's schema with the keywords of a range; those for items go where the items are described."""
    of_items = keywords.get("items")
    meant = _KEYWORDS.get(schema["type"]) if isinstance(schema.get("type"), str) else None
    of_itself = {key: value for key, value in keywords.items() if key != "items" and (meant is None or key in meant)}
    narrowed = {**schema, **of_itself}
    # Values of a mapping are items, too.
    if of_items:
        narrowed |= _with_values(schema, of_items)
    if of_items and "anyOf" in schema:
        narrowed["anyOf"] = [{**member, **_with_values(member, of_items)} for member in schema["anyOf"]]
    if of_items and "prefixItems" in schema:
        narrowed["prefixItems"] = [{**item, **of_items} for item in schema["prefixItems"]]
    elif of_items and schema.get("items") is not False:
        narrowed["items"] = {**schema.get("items", {}), **of_items}
    return narrowed


def _with_values(schema: Schema, keywords: Schema) -> Schema:
    """Return what a range changes in the schema of a mapping; nothing for any other."""
    values = schema.get("additionalProperties")
    return {"additionalProperties": {**values, **keywords}} if isinstance(values, dict) else {}


def _typed(hint: Any, outer: tuple[type[Any], ...]) -> Schema:
    """Return the schema of what a field of this type takes in a canonical config; {} for a type that is not known."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    if hint in _COMPONENTS:
        return {"$ref": f"#/$defs/{_COMPONENTS[hint]}"}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, UnionType):
        return _any_of([_typed(member, outer) for member in arguments])
    if (origin or hint) in LISTS:
        return _array(origin or hint, arguments, outer)
    if (origin or hint) in (dict, abc.Mapping):
        return {"type": "object", "additionalProperties": _typed(arguments[1], outer) if arguments else True}
    if (origin or hint) is abc.Callable:
        return dict(NOWHERE)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    fielded = with_fields(hint) if isinstance(hint, type) else None
    if fielded is not None:
        return {"type": "object"} if fielded in outer else config_schema(fielded, outer)
    return {}


def _any_of(members: list[Schema]) -> Schema:
    members = [member for member in members if member != NOWHERE]
    if len(members) <= 1:
        return members[0] if members else dict(NOWHERE)
    if all(set(member) == {"type"} for member in members):
        return {"type": list(dict.fromkeys(member["type"] for member in members))}
    return {"anyOf": members}


def _array(origin: Any, arguments: tuple[Any, ...], outer: tuple[type[Any], ...]) -> Schema:
    items = [_typed(argument, outer) for argument in arguments if argument is not ...]
    if origin is not tuple or not arguments or arguments[-1] is ...:
        return {"type": "array", **({"items": items[0]} if items else {})}
    size = {"minItems": len(items), "maxItems": len(items)}
    if all(item == items[0] for item in items):
        return {"type": "array", "items": items[0], **size}
    return {"type": "array", "prefixItems": items, **size}
