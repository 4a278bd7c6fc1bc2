"""JSON Schema of the forms of whole configs: recipes, named sets, flat sets, and a section with one of them.

The schema tells them apart as `config.forms.recognise` does, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from optim_core.config.foreign_words import CLIP_ALGORITHM, CLIP_WORDS, OTHER_WORDS
from optim_core.config.keys import BESIDE, NAMED_KEYS, PARTS, RECIPE_KEYS, SECTION, naming_keys
from optim_core.config.loop_keys import EPOCHS, LOOP_KEYS, SIGNS_OF_A_SECTION
from optim_core.kinds import Kind
from optim_core.reference.component_schema import (
    all_of,
    beside_schema,
    demands,
    key_schema,
    open_schema,
    or_null,
)
from optim_core.reference.plugin_schema import NUMBER, Schema
from optim_core.reference.type_names import NamedPlugin, names_it

__all__ = ["flat_keys_schema", "flat_set_schema", "forms_schema", "section_schema"]

_OPTIMIZER: Schema = {"$ref": "#/$defs/optimizer"}
_SCHEDULER = or_null({"$ref": "#/$defs/scheduler"})
_CLIPPING = or_null({"$ref": "#/$defs/gradient_clipping"})

# A config does not clip where this is null, or 0.
_CLIP_WORD: Schema = {
    "description": "Clips the norm of the gradients at this number; `gradient_clipping: {max_norm: 1.0}` in one word.",
    **NUMBER,
    "type": [*NUMBER["type"], "object", "null"],
}
_CLIPPING_WORDS: Schema = {
    **{key: {**_CLIP_WORD, "doNotSuggest": True} for key in CLIP_WORDS},
    CLIP_ALGORITHM: {"enum": ["norm", "value"], "doNotSuggest": True},
}

# A mapping that stands in a file to be merged elsewhere in it, by `<<`, is no key of the config. Of a mapping with such
# a name a schema cannot know whether anything merges it.
_TO_BE_MERGED = (
    r"(?:[._]|x[-_]).*|(?:.*[-_.])?(?:defaults?|common|shared|base|templates?|anchors?|presets?)(?:[-_.].*)?"
)


def _closed(*keys: str, merged: bool = True) -> Schema:
    """Return the keywords of a mapping that has these keys alone, and, where they are `merged`, such mappings."""
    ways = (*keys, _TO_BE_MERGED) if merged else keys
    return {"propertyNames": key_schema("Here may stand", *keys, pattern="|".join(ways)), **_OTHERS}


_OTHERS: Schema = {"additionalProperties": {"type": "object"}}


def _near(words: Iterable[str]) -> str:
    """Return a pattern for these words and what is one letter away from any of them."""
    ways = [f"{word[:at]}.{{0,2}}{word[at + 1 :]}" for word in words for at in range(len(word))]
    return "|".join(ways)


# In a section anything may stand beside a recipe, but not what is most likely a key of one, misspelt.
_KEYS = (*RECIPE_KEYS, *NAMED_KEYS)
_NOT_NEAR: Schema = {
    "propertyNames": key_schema("Here may stand", *RECIPE_KEYS, pattern=f"{'|'.join(_KEYS)}|(?!(?:{_near(_KEYS)})$).*")
}


def forms_schema() -> Schema:
    """Return the schema of a config that is no component: every form, as files have them."""
    recipe = {"required": ["optimizer"], **_recipe(_closed(*RECIPE_KEYS))}
    sets = {"if": _SAYS_SECTION, "then": _named_sets(_NOT_NEAR), "else": _named_sets(_closed(*NAMED_KEYS))}
    named = _if(_has(*NAMED_KEYS[:2]), sets)
    section = {"properties": {SECTION: {"$ref": "#/$defs/section"}}}
    return _first(
        named,
        _if(_NAMES_A_PART, {"$ref": "#/$defs/flat-set", "propertyNames": {"$ref": "#/$defs/flat-set-keys"}}),
        _if(_has(*RECIPE_KEYS, *NAMED_KEYS), recipe),
        _if(_has(SECTION), section),
        _if(_ARE_NAMES, _NAMES),
        last=recipe,
    )


def section_schema() -> Schema:
    """Return the schema of the section of a training config: any form, with settings of the training loop."""
    return {
        "type": "object",
        **_first(
            _if(_has(*NAMED_KEYS[:2]), _named_sets(_NOT_NEAR)),
            _if(_NAMES_A_PART, {"$ref": "#/$defs/flat-set", **_NOT_NEAR}),
            _if(_ARE_NAMES, _NAMES),
            last={"required": ["optimizer"], **_recipe(_NOT_NEAR)},
        ),
    }


def _has(*keys: str) -> Schema:
    return {"anyOf": [{"required": [key]} for key in keys]}


def _if(condition: Schema, then: Schema) -> Schema:
    return {"if": condition, "then": then}


def _first(*cases: Schema, last: Schema) -> Schema:
    """Return the schema of the first case whose condition holds, and of `last` where none does."""
    found = last
    for case in reversed(cases):
        found = {**case, "else": found}
    return found


# -- recipes and named sets ------------------------------------------------------------------------------------------


def _recipe(others: Schema) -> Schema:
    words = _CLIPPING_WORDS if others is _NOT_NEAR else {}
    parts = {"optimizer": _OPTIMIZER, "scheduler": _SCHEDULER, "gradient_clipping": _CLIPPING}
    return {"properties": {**parts, **words}, **others, **_ONE_SCHEDULE}


# `lr_decay_gamma` is a schedule of its own.
_ONE_SCHEDULE: Schema = {
    "if": {
        "properties": {
            "optimizer": {"properties": {"lr_decay_gamma": {"not": {"type": "null"}}}, "required": ["lr_decay_gamma"]}
        },
        "required": ["optimizer"],
    },
    "then": {
        "properties": {
            "scheduler": {"type": "null", "errorMessage": "`lr_decay_gamma` of the optimizer is a schedule already."}
        }
    },
}


_PAIR: Schema = {"type": "object", "required": ["optimizer"], **_recipe(_closed(*RECIPE_KEYS, merged=False))}
_SET: Schema = {"if": {"required": ["type"]}, "then": _OPTIMIZER, "else": _PAIR}


def _named_sets(others: Schema) -> Schema:
    words = _CLIPPING_WORDS if others is _NOT_NEAR else {}
    sets = {
        "optimizer_configs": {"type": "object", "minProperties": 1, "additionalProperties": _SET},
        "scheduler_configs": or_null({"type": "object", "additionalProperties": _SCHEDULER}),
        "gradient_clipping": _CLIPPING,
        "gradient_clipping_configs": or_null({"type": "object", "additionalProperties": _CLIPPING}),
    }
    return {"properties": {**sets, **words}, "required": ["optimizer_configs"], **others}


_SAYS_SECTION: Schema = _has(*sorted({*SIGNS_OF_A_SECTION, *CLIP_WORDS}))


# Where all of a mapping are sets, its keys are their names, and none of them a key of a recipe that is misspelt.
_NO_NAMES = [word for word, here in OTHER_WORDS.items() if here.partition(":")[0] in _KEYS]
_ARE_NAMES: Schema = {
    "minProperties": 1,
    "propertyNames": {"not": {"anyOf": [{"enum": _NO_NAMES}, {"pattern": f"^(?:{_near((*_KEYS, SECTION))})$"}]}},
    "additionalProperties": {"type": "object", **_has("type", "optimizer")},
}
_NAMES: Schema = {"additionalProperties": _SET}


# -- flat sets -------------------------------------------------------------------------------------------------------

_NAMING = [key for part in PARTS for key in naming_keys(part)]
_NAMES_A_PART: Schema = {
    "anyOf": [
        *({"required": [key]} for key in _NAMING),
        *({"properties": {part: {"type": "string"}}, "required": [part]} for part in PARTS),
    ]
}
# These are dealt with whatever part takes them.
_TAKEN = (*RECIPE_KEYS, *_NAMING, *CLIP_WORDS, CLIP_ALGORITHM)


def flat_set_schema(plugins: dict[Kind, list[NamedPlugin]], definitions: Schema) -> Schema:
    """Return the schema of a mapping that names its parts and holds the fields of both, side by side or below a key."""
    properties: Schema = {"gradient_clipping": _CLIPPING, **_CLIPPING_WORDS}
    cases = []
    for part in PARTS:
        name = or_null({"$ref": f"#/$defs/{part}/properties/type"})
        component = {"$ref": f"#/$defs/{part}"}
        properties[part] = {"if": {"type": "object"}, "then": component, "else": name}
        properties |= dict.fromkeys(naming_keys(part)[:2], name)
        keys = (part, *naming_keys(part)[:2])
        is_named = [{"properties": {key: {"type": "string"}}, "required": [key]} for key in keys]
        cases.append({"if": {"anyOf": is_named}, "then": {"$ref": f"#/$defs/{part}-keys"}})
        cases += [
            {"if": names_it(part, plugin, keys), "then": _fields(part, plugin, definitions)} for plugin in plugins[part]
        ]
        names = _has(*keys)
        two = [{"required": list(pair)} for pair in combinations(keys, 2)]
        cases.append({"not": {"anyOf": two}, "if": {"required": [naming_keys(part)[2]]}, "then": names})
    return {"properties": properties, **all_of(cases)}


def flat_keys_schema(definitions: Schema) -> Schema:
    """Return the schema of the keys of a flat set outside of a section: those of any plugin, and of training loops."""
    beside = [key for part in PARTS for key in BESIDE[part]]
    fields = {name for definition in definitions.values() for name in definition["properties"]}
    keys = sorted({*_TAKEN, *beside, *LOOP_KEYS, *fields})
    return {
        **key_schema("", *keys),
        "patternErrorMessage": "Unknown key. No optimizer and no scheduler that is installed has such a field.",
    }


def _fields(part: Kind, plugin: NamedPlugin, definitions: Schema) -> Schema:
    """Return the schema of the fields of a part in a flat set, and of what else is said of that part."""
    definition, of_params = plugin.definition(part), naming_keys(part)[2]
    whole = definitions[definition]
    beside = beside_schema(part, plugin)
    below = {
        "type": ["object", "null"],
        "allOf": [{"$ref": f"#/$defs/{part}-keys"}, {"properties": beside}],
        "$ref": f"#/$defs/{plugin.alone(part)}",
    }
    taken = (*_TAKEN, *BESIDE[part])
    side_by_side: Schema = {"$ref": f"#/$defs/{plugin.beside(part)}"}
    if not set(_TAKEN).isdisjoint(whole["properties"]):
        side_by_side = open_schema(definition, definitions, taken)
    if set(EPOCHS).isdisjoint(whole["required"]):
        # Else the length of the run may stand under another name than that of the field.
        side_by_side |= demands(definition, definitions, taken)
    return {
        "properties": beside,
        "if": {"required": [of_params]},
        "then": {"properties": {of_params: below}},
        "else": side_by_side,
    }
