"""JSON Schema of one component: its type, its fields in either place, and the keys that stand beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from optim_core.config.components import DECAY
from optim_core.config.keys import (
    DEFAULT_CLIPPER,
    KIND,
    LAYER_DECAY,
    NO_DECAY,
    PARAM_GROUPS,
    RULE_KEYS,
)
from optim_core.groups.rule import MATCH_KINDS, NO_DECAY_KINDS
from optim_core.kinds import KINDS, Kind
from optim_core.plugin_class.docstrings import summary_of
from optim_core.plugin_class.fields import decay_fields, rate_field
from optim_core.reference.plugin_schema import NOWHERE, NUMBER, Schema
from optim_core.reference.type_names import NamedPlugin, literally, names_it, spelling
from optim_core.specs import is_around

__all__ = [
    "all_of",
    "beside_schema",
    "clipping_schema",
    "component_schema",
    "demands",
    "keys_beside",
    "open_schema",
    "or_null",
    "rule_schema",
]


# So many keys are named where one is unknown.
MOST_KEYS = 12


def or_null(schema: Schema) -> Schema:
    """Return the schema of what may be null, too."""
    return {"anyOf": [schema, {"type": "null"}]}


def component_schema(kind: Kind, plugins: list[NamedPlugin], definitions: Schema) -> Schema:
    """Return the schema of a component of one kind, in which the type decides which fields there are, in either place.

    Args:
        kind: that kind.
        plugins: all of this kind.
        definitions: the schema of each plugin class, by what `NamedPlugin.definition` gives.
    """
    return {
        "type": "object",
        "properties": {
            "type": _type(kind, plugins),
            "config": _CONFIG,
            **envelope_schema(kind, definitions),
        },
        "required": ["type"],
        **all_of({"if": names_it(kind, plugin), "then": _then(kind, plugin, definitions)} for plugin in plugins),
    }


_CONFIG: Schema = {"description": "The fields of the plugin, which may stand beside `type` instead."}


def _then(kind: Kind, plugin: NamedPlugin, definitions: Schema) -> Schema:
    """Return the schema of what stands beside the type of a plugin: its fields below `config`, or all of them here."""
    # What is said of the type is shown before what is said of every type.
    named = {"type": {"description": f"{plugin.name}: {summary_of(plugin.cls.__doc__) or ''}"}}
    return {"properties": {**named, **beside_schema(kind, plugin)}, **_in_either_place(kind, plugin, definitions)}


def _in_either_place(kind: Kind, plugin: NamedPlugin, definitions: Schema) -> Schema:
    return {
        "if": {"required": ["config"]},
        "then": {
            "properties": {"config": _below(plugin.definition(kind), definitions)},
            "propertyNames": key_schema("Beside `config` may stand", "type", *beside_keys(kind), "config"),
        },
        "else": {"$ref": f"#/$defs/{plugin.alone(kind)}"},
    }


def beside_keys(kind: Kind) -> tuple[str, ...]:
    """Return the keys that may stand beside a type, and are no fields."""
    return (*KINDS[kind].beside, *(("enabled",) if kind == "clipper" else ()))


def field_schemas(kind: Kind, plugin: NamedPlugin, definitions: Schema) -> Schema:
    """Return two definitions of the fields of a plugin beside its type: among any other keys, and with no others."""
    beside = ("type", *beside_keys(kind))
    definition = plugin.definition(kind)
    among_others = open_schema(definition, definitions, beside)
    return {
        plugin.beside(kind): among_others,
        plugin.alone(kind): {
            "$ref": f"#/$defs/{plugin.beside(kind)}",
            "propertyNames": key_schema(f"{plugin.name} takes", *among_others["properties"], *beside),
            **demands(definition, definitions, beside),
        },
    }


def key_schema(said: str, *keys: str, pattern: str = "") -> Schema:
    """Return the schema of the keys of a mapping that may have these alone.

    Args:
        said: what introduces them to people.
        keys: those that are named to people, where there are not too many.
        pattern: what a key may be, where that is more than one of them.
    """
    known = ", ".join(keys[:MOST_KEYS]) + (", …" if len(keys) > MOST_KEYS else "")
    return {
        "type": "string",
        # YAML's merge key is no key of what it is merged into, though an editor looks at it.
        "pattern": f"^(?:<<|{pattern or '|'.join(map(literally, keys))})$",
        "patternErrorMessage": f"Unknown key. {said}: {known}.",
        "doNotSuggest": True,
    }


def all_of(cases: Iterable[Schema]) -> Schema:
    """Return the keyword `allOf` with these cases; nothing without a case, as it may not have an empty list."""
    listed = list(cases)
    return {"allOf": listed} if listed else {}


def _type(kind: Kind, plugins: list[NamedPlugin]) -> Schema:
    """Return the schema of a type: names for editors to offer, and a pattern for any case, with - and _."""
    described = {"description": f"Which {kind}: the name of a plugin."}
    if not plugins:
        return {**described, **NOWHERE}
    offered = {name: plugin for plugin in plugins for name in plugin.offered}
    spellings = "|".join(spelling(plugin, plugins) for plugin in plugins)
    said = f"No {kind} that is installed has this name."
    names = {
        "enum": list(offered),
        "enumDescriptions": [summary_of(plugin.cls.__doc__) or "" for plugin in offered.values()],
        "errorMessage": said,
    }
    pattern = {"type": "string", "pattern": f"^(?:{spellings})$", "patternErrorMessage": said}
    return {**described, "anyOf": [names, pattern]}


def keys_beside(kind: Kind) -> dict[str, Schema]:
    """Return the schemas of the keys that a component of a kind may have beside `type` and `config`, described.

    What the plugins that are installed allow them to be is not looked at.

    Example:
        >>> from optim_core.plugin_tools import keys_beside
        >>> keys_beside("scheduler")["interval"]["enum"]
        ['step', 'epoch', None]
    """
    return envelope_schema(kind, {})


def envelope_schema(kind: Kind, definitions: Schema) -> Schema:
    """Return the schemas of the keys beside type and config; a key without a description takes any value."""
    decay = f"scheduler.{DECAY}"
    has_gamma = "gamma" in definitions.get(decay, {}).get("properties", {})
    gamma = {"$ref": f"#/$defs/{decay}/properties/gamma"} if has_gamma else NOWHERE
    described: Schema = {
        "lr_decay_gamma": {
            "description": "Multiplies the learning rate after each epoch, in place of a scheduler.",
            **or_null({**gamma, "maximum": 1}),
        },
        "interval": {
            "description": "Whether the schedule moves on after each optimizer step or after each epoch.",
            "enum": ["step", "epoch", None],
        },
        **_GROUPS,
    }
    return {key: described.get(key, {}) for key in KINDS[kind].beside}


def _below(definition: str, definitions: Schema) -> Schema:
    """Return the schema of a config under its own key, which may be null where every field has a default."""
    reference = {"$ref": f"#/$defs/{definition}"}
    needed = definitions[definition]["required"] or "anyOf" in definitions[definition]
    return reference if needed else or_null(reference)


def open_schema(definition: str, definitions: Schema, taken: Collection[str]) -> Schema:
    """Return the schema of a mapping that holds the fields of a plugin among others.

    Args:
        definition: that of the plugin class.
        definitions: those of all.
        taken: keys that mean something else in the mapping. A field that is called so can only be given below `config`.
    """
    whole = definitions[definition]
    names = [name for name in whole["properties"] if name not in taken]
    return {
        "properties": {name: {"$ref": f"#/$defs/{definition}/properties/{name}"} for name in names},
        **({"not": whole["not"]} if "not" in whole else {}),
    }


def demands(definition: str, definitions: Schema, taken: Collection[str]) -> Schema:
    """Return which fields of a plugin must be given beside its type."""
    whole = definitions[definition]
    if not set(taken).isdisjoint(whole["required"]):
        # It can only be given below `config`, and whatever needs it says so.
        return {}
    return {keyword: whole[keyword] for keyword in ("required", "anyOf") if whole.get(keyword)}


# -- some of the parameters ------------------------------------------------------------------------------------------

_PATTERN: Schema = {"type": "string", "minLength": 1}
_KINDS: Schema = {"enum": list(NO_DECAY_KINDS)}
_MATCHED: Schema = {"enum": list(MATCH_KINDS)}
_OF_KINDS: Schema = {
    "type": "object",
    "properties": {
        KIND: {"anyOf": [_MATCHED, {"type": "array", "items": _MATCHED, "minItems": 1, "uniqueItems": True}]}
    },
    "required": [KIND],
    "additionalProperties": False,
}
_GROUPS: Schema = {
    PARAM_GROUPS: {
        "description": "What is different for some parameters; the first rule that matches a name decides.",
        "type": ["array", "null"],
    },
    NO_DECAY: {
        "description": "Kinds of parameters that get no weight decay.",
        "anyOf": [_KINDS, {"type": "array", "items": _KINDS, "uniqueItems": True}, {"type": "null"}],
    },
    LAYER_DECAY: {
        "description": "The learning rate falls by this factor with each layer from the head down.",
        **or_null({**NUMBER, "exclusiveMinimum": 0, "maximum": 1}),
    },
}
_OF_RULES: Schema = {
    "match": {
        "description": "Patterns of parameter names: `*.bias`, or `re:` and a regular expression; or {kind: norm}.",
        "anyOf": [
            _PATTERN,
            _OF_KINDS,
            {"type": "array", "items": {"anyOf": [_PATTERN, _OF_KINDS]}, "minItems": 1, "uniqueItems": True},
        ],
    },
    "lr_multiplier": {"description": "Multiplies the learning rate.", **NUMBER, "exclusiveMinimum": 0},
    "freeze": {"description": "true: the parameters are not trained.", "type": "boolean"},
}


def beside_schema(kind: Kind, plugin: NamedPlugin) -> Schema:
    """Return the schemas of keys beside a type, as far as the fields of the plugin class allow them."""
    if PARAM_GROUPS not in KINDS[kind].beside:
        return {}
    if is_around(plugin.cls):
        return {PARAM_GROUPS: {"enum": [None]}, NO_DECAY: {"enum": [None]}, LAYER_DECAY: {"type": "null"}}
    narrowed: Schema = {PARAM_GROUPS: {"items": {"$ref": f"#/$defs/{plugin.rule}"}}}
    if not decay_fields(plugin.cls):
        narrowed[NO_DECAY] = {"enum": [None, []]}
    if rate_field(plugin.cls) is None:
        narrowed[LAYER_DECAY] = {"type": "null"}
    return narrowed


def rule_schema(plugin: NamedPlugin, definitions: Schema) -> Schema:
    """Return the schema of one entry of `param_groups`: the plugin's fields, none required, beside the patterns."""
    whole = definitions[plugin.definition("optimizer")]
    own = [key for key in RULE_KEYS if key != "lr_multiplier" or rate_field(plugin.cls) is not None]
    return {
        "title": f"{whole['title']} for some parameters",
        "type": "object",
        "properties": {key: _OF_RULES[key] for key in own},
        "allOf": [{"$ref": f"#/$defs/{plugin.beside('optimizer')}"}],
        "propertyNames": key_schema(f"{plugin.name} takes", *own, *whole["properties"]),
        "required": ["match"],
        "if": {"properties": {"freeze": {"const": True}}, "required": ["freeze"]},
        "then": {"maxProperties": 2},
    }


def clipping_schema(plugins: list[NamedPlugin], definitions: Schema) -> Schema:
    """Return the schema of clipping: `enabled`, a type, by default `norm`, and its fields in either place."""
    cases = []
    for plugin in plugins:
        is_default = DEFAULT_CLIPPER in plugin.plain
        named = names_it("clipper", plugin)
        cases.append(
            {
                "if": {"anyOf": [named, {"not": {"required": ["type"]}}]} if is_default else named,
                "then": _in_either_place("clipper", plugin, definitions),
            }
        )
    has_default = any(DEFAULT_CLIPPER in plugin.plain for plugin in plugins)
    return {
        "type": "object",
        "properties": {
            "type": {"$ref": "#/$defs/clipper/properties/type"},
            "enabled": {"description": "false turns the clipping off and keeps its settings.", "type": "boolean"},
        },
        "if": {"properties": {"enabled": {"const": False}}, "required": ["enabled"], "maxProperties": 1},
        "else": {**all_of(cases), **({} if has_default else {"required": ["type"]})},
    }
