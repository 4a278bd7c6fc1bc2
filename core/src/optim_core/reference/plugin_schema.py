"""JSON Schema of one plugin class: its fields, their types and ranges."""

from __future__ import annotations

import enum
import json
from collections import abc
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from optim_core.config.canonical import is_finite
from optim_core.config.structuring.class_plan import ALIASES
from optim_core.kinds import Kind
from optim_core.plugin_class.fields import config_fields, field_types
from optim_core.plugin_class.ranges import range_schema
from optim_core.plugin_class.records import with_fields
from optim_core.plugin_class.usable_types import LISTS, NUMBERS
from optim_core.reference.describe import FieldDescription, describe
from optim_core.run.durations import DURATION_TEXT, Duration
from optim_core.run.shares import SHARE_TEXT, Share
from optim_core.specs import SPECS
from optim_core.text.values import shown

Schema = dict[str, Any]

# A text that writes a number is one. Of such a text the range is not looked at, which a pattern cannot say.
NUMBER_TEXT = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"


def _number(name: str, said: str) -> Schema:
    """Return the schema of a number or of a text that writes one; `said` is what an editor says of another text."""
    return {"type": [name, "string"], "pattern": NUMBER_TEXT, "errorMessage": f"Incorrect type. {said}"}


NUMBER = _number("number", "Expected a number.")
_INT = _number("integer", "Expected a whole number.")

_SCALARS: dict[Any, Schema] = {
    float: NUMBER,
    int: _INT,
    bool: {"type": "boolean"},
    str: {"type": "string"},
    NoneType: {"type": "null"},
    **{abstract: NUMBER if number is float else _INT for abstract, number in NUMBERS.items()},
    Share: {
        "type": "string",
        "pattern": SHARE_TEXT,
        "errorMessage": "Incorrect type. Expected a share such as 10%.",
    },
    Duration: {
        "type": ["integer", "string"],
        "minimum": 0,
        "pattern": DURATION_TEXT,
        "errorMessage": "Incorrect type. Expected a length: 500, 500 steps, 5% or 2 epochs.",
    },
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

LONGEST_DEFAULT = 60

LARGEST_INT = 10_000
"""The bits of a whole number that is written as one."""

NOWHERE: Schema = {"not": {}}


def config_schema(cls: type[Any], outer: tuple[type[Any], ...]) -> Schema:
    """Return the schema of a plugin class's config, or of a class that stands in one below `outer`.

    Raises:
        Exception: whatever evaluating an annotation raises; for a plugin that was loaded, nothing.
    """
    described = describe(cls)
    types = field_types(cls)
    attributes = config_fields(cls)
    properties = {
        of_field.name: {"description": _told(of_field), **_field(field, types[field.name], of_field, (*outer, cls))}
        for of_field, field in zip(described.fields, attributes.values(), strict=True)
    }
    schema: Schema = {
        "title": cls.__name__,
        "description": "\n\n".join(part for part in (described.summary, described.body) if part),
        "type": "object",
        "properties": properties,
        "required": [key for key, field in attributes.items() if field.default is attrs.NOTHING],
        "additionalProperties": False,
    }
    return _with_aliases(schema)


def _told(field: FieldDescription) -> str:
    """Return what an editor shows of a field: what its class says of it, its type, range and default."""
    words = f"{field.type} {field.range}" if field.range else field.type
    text = json.dumps(field.default, ensure_ascii=False) if _is_json(field.default) else ""
    given = text if 0 < len(text) <= LONGEST_DEFAULT else shown(field.default)
    default = "required" if field.required else field.note or f"by default {given}"
    facts = f"{words[:1].upper()}{words[1:]}; {default}."
    return f"{field.text}\n\n{facts}" if field.text else facts


def _with_aliases(schema: Schema) -> Schema:
    """Add the other names of fields to a schema; a config that gives both names of one field is refused."""
    properties = schema["properties"]
    for alias, name in ALIASES.items():
        if name not in properties or alias in properties:
            continue
        # `doNotSuggest` is VS Code's own keyword: it does not offer the second name.
        same = {keyword: value for keyword, value in properties[name].items() if keyword != "default"}
        said = f"The same as `{name}`: {same['description']}"
        properties[alias] = {**same, "description": said, "doNotSuggest": True}
        schema["not"] = {"required": [name, alias]}
        if name in schema["required"]:
            schema["required"].remove(name)
            schema["anyOf"] = [{"required": [name]}, {"required": [alias]}]
    return schema


def _field(field: attrs.Attribute[Any], hint: Any, described: FieldDescription, outer: tuple[type[Any], ...]) -> Schema:
    try:
        schema = _typed(hint, outer)
    except Exception:  # noqa: BLE001 - the annotations of a class that a stranger's field holds may raise anything
        # `build` says what is wrong when the field is given; that the plugin can be used without it stays known.
        schema = {}
    if field.converter is None:
        # Where a field has a converter, its range is that of what the converter returns, not of what a config says.
        schema = _within(schema, range_schema(field.validator))
    if not described.required and described.note is None:
        schema["default"] = described.default
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
    types = schema.get("type")
    meant = _NUMERIC if _is_number(schema) else _KEYWORDS.get(types) if isinstance(types, str) else None
    of_itself = {key: value for key, value in keywords.items() if key != "items" and (meant is None or key in meant)}
    if _is_number(schema) and "enum" in of_itself:
        schema = {"anyOf": [{"enum": of_itself.pop("enum")}, {"type": "string", "pattern": NUMBER_TEXT}]}
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


def _is_number(schema: Schema) -> bool:
    types = schema.get("type")
    return "pattern" in schema and isinstance(types, list) and types[:2] in (NUMBER["type"], _INT["type"])


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
    if all(set(member) <= {"type", *_OF_TEXTS} for member in members):
        return _merged(members)
    if members[-1] == {"type": "null"} and len(members) == 2 and "enum" not in members[0] and "type" in members[0]:
        return {**members[0], "type": [*_types(members[0]), "null"]}
    return {"anyOf": members}


_OF_TEXTS = ("pattern", "errorMessage")


def _types(schema: Schema) -> list[str]:
    return [schema["type"]] if isinstance(schema["type"], str) else schema["type"]


def _merged(members: list[Schema]) -> Schema:
    """Return one schema for values of several types, which takes the texts that any of them takes."""
    types = list(dict.fromkeys(name for member in members for name in _types(member)))
    of_texts = [member for member in members if "string" in _types(member)]
    patterns = list(dict.fromkeys(member["pattern"] for member in of_texts if "pattern" in member))
    if not patterns or not all("pattern" in member for member in of_texts):
        return {"type": types}
    said = [member["errorMessage"] for member in of_texts]
    last = " or ".join(dict.fromkeys(text.rpartition("Expected ")[2].rstrip(".") for text in said))
    return {"type": types, "pattern": "|".join(patterns), "errorMessage": f"Incorrect type. Expected {last}."}


def _array(origin: Any, arguments: tuple[Any, ...], outer: tuple[type[Any], ...]) -> Schema:
    items = [_typed(argument, outer) for argument in arguments if argument is not ...]
    if origin is not tuple or not arguments or arguments[-1] is ...:
        return {"type": "array", **({"items": items[0]} if items else {})}
    size = {"minItems": len(items), "maxItems": len(items)}
    if all(item == items[0] for item in items):
        return {"type": "array", "items": items[0], **size}
    return {"type": "array", "prefixItems": items, **size}
