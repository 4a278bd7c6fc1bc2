"""JSON Schema (2020-12) of a recipe, of exactly what is installed, for editors that complete and underline.

The schema describes canonical configs: {type, config} with what stands beside them. It refuses no canonical config that
`build` accepts; what it cannot say, such as a condition on two fields, only `build` refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from optim_core.config.components import DECAY, Found
from optim_core.config.keys import (
    DEFAULT_CLIPPER,
    KIND,
    LAYER_DECAY,
    NO_DECAY,
    PARAM_GROUPS,
    RULE_KEYS,
)
from optim_core.discovery.records import PluginRecord
from optim_core.errors import PluginError
from optim_core.groups.rule import MATCH_KINDS, NO_DECAY_KINDS
from optim_core.kinds import KINDS, Kind
from optim_core.plugin_class.fields import decay_fields, rate_field
from optim_core.reference.plugin_schema import NOWHERE, Schema, config_schema
from optim_core.reference.type_names import NamedPlugin, names_it, spelling
from optim_core.specs import is_around
from optim_core.text.names import plain_name

__all__ = ["recipe_schema"]

Records = Callable[[Kind], list[PluginRecord]]
Find = Callable[[Kind, str], Found | None]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def recipe_schema(records: Records, find: Find) -> Schema:
    """Return the schema of a recipe, of a set of named ones, and of a component alone.

    Plugins that do not work are left out. Every plugin class is imported; torch is not.

    Args:
        records: the plugins of a kind, as `Registry.plugins` gives them.
        find: kind and name to plugin class, as `Registry.find` gives it.
    """
    kinds = [kind for kind, row in KINDS.items() if not row.apart]
    plugins: dict[Kind, list[NamedPlugin]] = {kind: [] for kind in kinds}
    definitions: Schema = {}
    for kind in kinds:
        for plugin in _installed(records(kind), find, kind):
            definitions[plugin.definition(kind)] = config_schema(plugin.cls, ())
            plugins[kind].append(plugin)
    rules = {plugin.rule: _rule(plugin, definitions) for plugin in plugins["optimizer"]}
    return {
        "$schema": DIALECT,
        "title": "optim-core recipe",
        "description": "What to train with: an optimizer, its learning-rate schedule, gradient clipping.",
        "type": "object",
        "properties": {key: {"description": text} for key, text in _TOP_LEVEL.items()},
        "if": {"required": ["type"]},
        "then": {"anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds]},
        "else": {
            "if": {"anyOf": [{"required": ["optimizer_configs"]}, {"required": ["scheduler_configs"]}]},
            "then": _named_sets(),
            "else": _single(),
        },
        "$defs": {
            **{kind: _component(kind, plugins[kind], definitions) for kind in kinds},
            "gradient_clipping": _gradient_clipping(plugins["clipper"], definitions),
            **definitions,
            **rules,
        },
    }


_TOP_LEVEL = {
    "optimizer": "The optimizer: {type, config}.",
    "scheduler": "Its learning-rate schedule: {type, config}; null for none.",
    "gradient_clipping": "How gradients are clipped before each step; null for not at all.",
    "optimizer_configs": "Several by name, each {optimizer, scheduler, gradient_clipping}, in place of `optimizer`.",
}


def _installed(records: Iterable[PluginRecord], find: Find, kind: Kind) -> list[NamedPlugin]:
    """Return the plugins of a kind that work, in the order of their names."""
    found: dict[str, NamedPlugin] = {}
    for record in records:
        if record.state not in ("ok", "ambiguous"):
            continue
        own = plain_name(record.name)
        itself = _find(find, kind, f"{record.provider or record.distribution}:{own}")
        if itself is None:
            continue
        meant = _find(find, kind, record.name)
        plain = (own,) if own == record.name and meant is not None and meant.cls is itself.cls else ()
        owners = (record.distribution,) if record.provider is None else (record.provider, record.distribution)
        known = found.get(itself.name) or NamedPlugin(itself.name, itself.cls, owners, (), ())
        found[itself.name] = attrs.evolve(known, names=(*known.names, own), plain=(*known.plain, *plain))
    return list(found.values())


def _find(find: Find, kind: Kind, name: str) -> Found | None:
    try:
        return find(kind, name)
    except PluginError:
        return None


# -- recipes ---------------------------------------------------------------------------------------------------------


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _single() -> Schema:
    return {
        "properties": {
            "optimizer": {"$ref": "#/$defs/optimizer"},
            "scheduler": _or_null({"$ref": "#/$defs/scheduler"}),
            "gradient_clipping": _or_null({"$ref": "#/$defs/gradient_clipping"}),
        },
        "required": ["optimizer"],
        "additionalProperties": False,
    }


def _named_sets() -> Schema:
    clipping = _or_null({"$ref": "#/$defs/gradient_clipping"})
    pair = {
        "type": "object",
        "properties": {
            "optimizer": {"$ref": "#/$defs/optimizer"},
            "scheduler": _or_null({"$ref": "#/$defs/scheduler"}),
            "gradient_clipping": clipping,
        },
        "required": ["optimizer"],
        "additionalProperties": False,
    }
    either = {"if": {"required": ["type"]}, "then": {"$ref": "#/$defs/optimizer"}, "else": pair}
    return {
        "properties": {
            "optimizer_configs": {"type": "object", "minProperties": 1, "additionalProperties": either},
            "scheduler_configs": _or_null(
                {"type": "object", "additionalProperties": _or_null({"$ref": "#/$defs/scheduler"})}
            ),
            "gradient_clipping": clipping,
            "gradient_clipping_configs": _or_null({"type": "object", "additionalProperties": clipping}),
        },
        "required": ["optimizer_configs"],
        "additionalProperties": False,
    }


# -- components ------------------------------------------------------------------------------------------------------


def _component(kind: Kind, plugins: list[NamedPlugin], definitions: Schema) -> Schema:
    """Return the schema of a component of one kind, {type, config, …}, in which the type decides which config."""
    return {
        "type": "object",
        "properties": {"type": _type(kind, plugins), "config": {}, **_envelope(kind, definitions)},
        "required": ["type"],
        "additionalProperties": False,
        **_all_of({"if": names_it(plugin, plugins), "then": _then(kind, plugin, definitions)} for plugin in plugins),
    }


def _then(kind: Kind, plugin: NamedPlugin, definitions: Schema) -> Schema:
    """Return the schema of what stands beside the type of a plugin."""
    nested = _nested(plugin.definition(kind), definitions)
    if PARAM_GROUPS in KINDS[kind].beside:
        nested["properties"] |= _groups(plugin)
    return nested


def _all_of(cases: Iterable[Schema]) -> Schema:
    """Return the keyword `allOf` with these cases; nothing without a case, as it may not have an empty list."""
    listed = list(cases)
    return {"allOf": listed} if listed else {}


def _type(kind: Kind, plugins: list[NamedPlugin]) -> Schema:
    """Return the schema of a type: names for editors to offer, and a pattern for any case, with - and _."""
    described = {"description": f"Which {kind}: the name of a plugin."}
    if not plugins:
        return {**described, **NOWHERE}
    names = [name for plugin in plugins for name in plugin.offered]
    spellings = "|".join(spelling(plugin, plugins) for plugin in plugins)
    return {**described, "anyOf": [{"enum": names}, {"type": "string", "pattern": f"^(?:{spellings})$"}]}


def _envelope(kind: Kind, definitions: Schema) -> Schema:
    """Return the schemas of the keys beside type and config; a key without a description takes any value."""
    decay = f"scheduler.{DECAY}"
    has_gamma = "gamma" in definitions.get(decay, {}).get("properties", {})
    gamma = {"$ref": f"#/$defs/{decay}/properties/gamma"} if has_gamma else NOWHERE
    described: Schema = {
        "lr_decay_gamma": {
            "description": "Multiplies the learning rate after each epoch, in place of a scheduler.",
            **_or_null(gamma),
        },
        "interval": {
            "description": "Whether the schedule moves on after each optimizer step or after each epoch.",
            "enum": ["step", "epoch", None],
        },
        **_GROUPS,
    }
    return {key: described.get(key, {}) for key in KINDS[kind].beside}


def _nested(definition: str, definitions: Schema) -> Schema:
    """Return the schema of a config under its own key, which may be left out where every field has a default."""
    reference = {"$ref": f"#/$defs/{definition}"}
    if definitions[definition]["required"] or "anyOf" in definitions[definition]:
        return {"properties": {"config": reference}, "required": ["config"]}
    return {"properties": {"config": _or_null(reference)}}


def _flat(definition: str, definitions: Schema, beside: Iterable[str]) -> Schema:
    """Return the schema of a component whose fields stand beside its type."""
    whole = definitions[definition]
    fields = {name: {"$ref": f"#/$defs/{definition}/properties/{name}"} for name in whole["properties"]}
    demands = {keyword: whole[keyword] for keyword in ("required", "anyOf", "not") if keyword in whole}
    return {"properties": {**dict.fromkeys(beside, True), **fields}, "additionalProperties": False, **demands}


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
        "anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 1}, {"type": "null"}],
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
    "lr_multiplier": {"description": "Multiplies the learning rate.", "type": "number", "exclusiveMinimum": 0},
    "freeze": {"description": "true: the parameters are not trained.", "type": "boolean"},
}


def _groups(plugin: NamedPlugin) -> Schema:
    """Return the schemas of the keys about some parameters, as far as the fields of the plugin class allow them."""
    if is_around(plugin.cls):
        return {PARAM_GROUPS: {"enum": [None]}, NO_DECAY: {"enum": [None]}, LAYER_DECAY: {"type": "null"}}
    narrowed: Schema = {PARAM_GROUPS: {"items": {"$ref": f"#/$defs/{plugin.rule}"}}}
    if not decay_fields(plugin.cls):
        narrowed[NO_DECAY] = {"enum": [None, []]}
    if rate_field(plugin.cls) is None:
        narrowed[LAYER_DECAY] = {"type": "null"}
    return narrowed


def _rule(plugin: NamedPlugin, definitions: Schema) -> Schema:
    """Return the schema of one entry of `param_groups`: the plugin's fields, none required, beside the patterns."""
    definition = plugin.definition("optimizer")
    whole = definitions[definition]
    own = [key for key in RULE_KEYS if key != "lr_multiplier" or rate_field(plugin.cls) is not None]
    fields = {key: {"$ref": f"#/$defs/{definition}/properties/{key}"} for key in whole["properties"]}
    return {
        "title": f"{whole['title']} for some parameters",
        "type": "object",
        "properties": {**fields, **{key: _OF_RULES[key] for key in own}},
        "required": ["match"],
        "additionalProperties": False,
        **({"not": whole["not"]} if "not" in whole else {}),
        "if": {"properties": {"freeze": {"const": True}}, "required": ["freeze"]},
        "then": {"maxProperties": 2},
    }


def _gradient_clipping(plugins: list[NamedPlugin], definitions: Schema) -> Schema:
    """Return the schema of clipping: `enabled`, a type, which may be left out for `norm`, and fields in either place.

    The fields stand beside the type or below `config`.
    """
    cases = []
    for plugin in plugins:
        definition = plugin.definition("clipper")
        named = names_it(plugin, plugins)
        is_default = DEFAULT_CLIPPER in plugin.plain
        nested = _nested(definition, definitions)
        nested["properties"] |= {"type": True, "enabled": True}
        cases.append(
            {
                "if": {"anyOf": [named, {"not": {"required": ["type"]}}]} if is_default else named,
                "then": {
                    "if": {"required": ["config"]},
                    "then": {**nested, "additionalProperties": False},
                    "else": _flat(definition, definitions, ("type", "enabled")),
                },
            }
        )
    has_default = any(DEFAULT_CLIPPER in plugin.plain for plugin in plugins)
    return {
        "type": "object",
        "properties": {
            "type": _type("clipper", plugins),
            "enabled": {"description": "false turns the clipping off and keeps its settings.", "type": "boolean"},
        },
        "if": {"properties": {"enabled": {"const": False}}, "required": ["enabled"], "maxProperties": 1},
        "else": {**_all_of(cases), **({} if has_default else {"required": ["type"]})},
    }
