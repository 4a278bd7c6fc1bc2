"""JSON Schema (2020-12) of a recipe, of exactly what is installed, for editors that complete and underline.

It describes the canonical form: {type, config} with what stands beside them. It refuses nothing that `build` accepts in
that form; what it cannot say, such as a rule across two fields, only `build` refuses.
"""

from __future__ import annotations

import enum
import re
from collections import abc
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import attrs

from optim_core.class_plan import ALIASES
from optim_core.components import DECAY, DEFAULT_CLIPPER, ENVELOPE
from optim_core.describe import plain_default
from optim_core.discovery import KINDS, Kind
from optim_core.docstrings import parse_docstring
from optim_core.durations import DURATION_TEXT, Duration
from optim_core.errors import PluginError
from optim_core.hints import config_fields, decay_fields, field_types, rate_field
from optim_core.keys import LAYER_DECAY, NO_DECAY, NO_DECAY_KINDS, PARAM_GROUPS, RULE_KEYS
from optim_core.names import normalise
from optim_core.ranges import range_schema
from optim_core.specs import ClipperSpec, OptimizerSpec, SchedulerSpec

if TYPE_CHECKING:
    from optim_core.components import Found
    from optim_core.registry import Registry

__all__ = ["recipe_schema"]

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_SCALARS: dict[Any, Schema] = {
    float: {"type": "number"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    str: {"type": "string"},
    NoneType: {"type": "null"},
    Duration: {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": DURATION_TEXT}]},
}
# Which keywords of a range mean something for a type.
_NUMERIC = ("exclusiveMinimum", "minimum", "exclusiveMaximum", "maximum", "enum")
_KEYWORDS = {
    "number": _NUMERIC,
    "integer": _NUMERIC,
    "string": ("minLength", "maxLength", "enum"),
    "array": ("minItems", "maxItems", "enum"),
}
_COMPONENTS: dict[Any, Kind] = {OptimizerSpec: "optimizer", SchedulerSpec: "scheduler", ClipperSpec: "clipper"}
_NOWHERE: Schema = {"not": {}}


@attrs.frozen
class _Plugin:
    """A plugin class, under which name specs show it, and how a config may write that.

    Args:
        name: the name in specs.
        cls: the class.
        owners: what may stand in front of a name: the distribution that offers it, and the provider if there is one.
        names: every name of it, the one in specs first.
        plain: those of them that mean it without the distribution in front.
    """

    name: str
    cls: type[Any]
    owners: tuple[str, ...]
    names: tuple[str, ...]
    plain: tuple[str, ...]

    def definition(self, kind: Kind) -> str:
        return f"{kind}.{self.name}"

    @property
    def rule(self) -> str:
        """The definition of one entry of `param_groups`."""
        return f"rule.{self.name}"

    @property
    def offered(self) -> list[str]:
        """The names for an editor to offer."""
        return list(self.plain) or [f"{self.owners[0]}:{name}" for name in self.names]


def recipe_schema(registry: Registry) -> Schema:
    """The schema of a recipe, of a set of named ones, and of a component alone; plugins that do not work are left out.

    Every plugin class is imported; torch is not.
    """
    plugins: dict[Kind, list[_Plugin]] = {kind: [] for kind in KINDS}
    definitions: Schema = {}
    for kind in KINDS:
        for plugin in _installed(registry, kind):
            definitions[plugin.definition(kind)] = _config(plugin.cls, ())
            plugins[kind].append(plugin)
    rules = {plugin.rule: _rule(plugin, definitions) for plugin in plugins["optimizer"]}
    return {
        "$schema": DIALECT,
        "title": "optim-core recipe",
        "description": "What to train with: an optimizer, its learning-rate schedule, gradient clipping.",
        "type": "object",
        "properties": {key: {"description": text} for key, text in _TOP_LEVEL.items()},
        "if": {"required": ["type"]},
        "then": {"anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in KINDS]},
        "else": {
            "if": {"anyOf": [{"required": ["optimizer_configs"]}, {"required": ["scheduler_configs"]}]},
            "then": _named_sets(),
            "else": _single(),
        },
        "$defs": {
            **{kind: _component(kind, plugins[kind], definitions) for kind in KINDS},
            "gradient_clipping": _gradient_clipping(plugins["clipper"], definitions),
            **definitions,
            **rules,
        },
    }


_TOP_LEVEL = {
    "optimizer": "The optimizer: {type, config}.",
    "scheduler": "Its learning-rate schedule: {type, config}; null for none.",
    "gradient_clipping": "How gradients are clipped before each step; null for not at all.",
    "optimizer_configs": "Several optimizers by name, each {optimizer, scheduler}, in place of `optimizer`.",
}


def _installed(registry: Registry, kind: Kind) -> list[_Plugin]:
    """The plugins of a kind that work, in the order of their names."""
    found: dict[str, _Plugin] = {}
    for record in registry.catalog(kind).plugins():
        if record.state not in ("ok", "ambiguous"):
            continue
        own = record.name.rpartition(":")[2]
        itself = _find(registry, kind, f"{record.provider or record.distribution}:{own}")
        if itself is None:
            continue
        meant = _find(registry, kind, record.name)
        plain = (own,) if own == record.name and meant is not None and meant.cls is itself.cls else ()
        owners = (record.distribution,) if record.provider is None else (record.provider, record.distribution)
        known = found.get(itself.name) or _Plugin(itself.name, itself.cls, owners, (), ())
        found[itself.name] = attrs.evolve(known, names=(*known.names, own), plain=(*known.plain, *plain))
    return list(found.values())


def _find(registry: Registry, kind: Kind, name: str) -> Found | None:
    try:
        return registry.find(kind, name)
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
    pair = {
        "type": "object",
        "properties": {
            "optimizer": {"$ref": "#/$defs/optimizer"},
            "scheduler": _or_null({"$ref": "#/$defs/scheduler"}),
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
            "gradient_clipping": _or_null({"$ref": "#/$defs/gradient_clipping"}),
        },
        "required": ["optimizer_configs"],
        "additionalProperties": False,
    }


# -- components ------------------------------------------------------------------------------------------------------


def _component(kind: Kind, plugins: list[_Plugin], definitions: Schema) -> Schema:
    """{type, config, …} of one kind: the type decides which config."""
    return {
        "type": "object",
        "properties": {"type": _type(kind, plugins), "config": {}, **_envelope(kind, definitions)},
        "required": ["type"],
        "additionalProperties": False,
        **_all_of({"if": _names_it(plugin, plugins), "then": _then(kind, plugin, definitions)} for plugin in plugins),
    }


def _then(kind: Kind, plugin: _Plugin, definitions: Schema) -> Schema:
    """What stands beside the type of a plugin."""
    nested = _nested(plugin.definition(kind), definitions)
    if kind == "optimizer":
        nested["properties"] |= _groups(plugin)
    return nested


def _all_of(cases: Iterable[Schema]) -> Schema:
    """The keyword, which may not stand before an empty list."""
    listed = list(cases)
    return {"allOf": listed} if listed else {}


def _type(kind: Kind, plugins: list[_Plugin]) -> Schema:
    """The names, for editors to offer, and a pattern that admits them in any case, with - and _."""
    described = {"description": f"Which {kind}: the name of a plugin."}
    if not plugins:
        return {**described, **_NOWHERE}
    names = [name for plugin in plugins for name in plugin.offered]
    spellings = "|".join(_spelling(plugin, plugins) for plugin in plugins)
    return {**described, "anyOf": [{"enum": names}, {"type": "string", "pattern": f"^(?:{spellings})$"}]}


def _envelope(kind: Kind, definitions: Schema) -> Schema:
    """What stands beside type and config; a key that is not described here is admitted with any value."""
    decay = f"scheduler.{DECAY}"
    has_gamma = "gamma" in definitions.get(decay, {}).get("properties", {})
    gamma = {"$ref": f"#/$defs/{decay}/properties/gamma"} if has_gamma else _NOWHERE
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
    return {key: described.get(key, {}) for key in ENVELOPE[kind]}


def _nested(definition: str, definitions: Schema) -> Schema:
    """The config under its own key, which may be left out where every field has a default."""
    reference = {"$ref": f"#/$defs/{definition}"}
    if definitions[definition]["required"] or "anyOf" in definitions[definition]:
        return {"properties": {"config": reference}, "required": ["config"]}
    return {"properties": {"config": _or_null(reference)}}


def _flat(definition: str, definitions: Schema, beside: Iterable[str]) -> Schema:
    """The fields beside the type."""
    whole = definitions[definition]
    fields = {name: {"$ref": f"#/$defs/{definition}/properties/{name}"} for name in whole["properties"]}
    demands = {keyword: whole[keyword] for keyword in ("required", "anyOf", "not") if keyword in whole}
    return {"properties": {**dict.fromkeys(beside, True), **fields}, "additionalProperties": False, **demands}


# -- some of the parameters ------------------------------------------------------------------------------------------

_PATTERN: Schema = {"type": "string", "minLength": 1}
_KINDS: Schema = {"enum": list(NO_DECAY_KINDS)}
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
        "description": "Patterns of parameter names: `*.bias`, or `re:` and a regular expression.",
        "anyOf": [_PATTERN, {"type": "array", "items": _PATTERN, "minItems": 1, "uniqueItems": True}],
    },
    "lr_multiplier": {"description": "Multiplies the learning rate.", "type": "number", "exclusiveMinimum": 0},
    "freeze": {"description": "true: the parameters are not trained.", "type": "boolean"},
}


def _groups(plugin: _Plugin) -> Schema:
    """What the plugin class's fields allow to say of some parameters."""
    narrowed: Schema = {PARAM_GROUPS: {"items": {"$ref": f"#/$defs/{plugin.rule}"}}}
    if not decay_fields(plugin.cls):
        narrowed[NO_DECAY] = {"enum": [None, []]}
    if rate_field(plugin.cls) is None:
        narrowed[LAYER_DECAY] = {"type": "null"}
    return narrowed


def _rule(plugin: _Plugin, definitions: Schema) -> Schema:
    """One entry of `param_groups`: the plugin's fields, none of them required, beside the patterns."""
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


def _gradient_clipping(plugins: list[_Plugin], definitions: Schema) -> Schema:
    """A clipper with `enabled`, `norm` where no type is named, and its few fields beside the type or below config."""
    cases = []
    for plugin in plugins:
        definition = plugin.definition("clipper")
        named = _names_it(plugin, plugins)
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


# -- names -----------------------------------------------------------------------------------------------------------


def _names_it(plugin: _Plugin, plugins: list[_Plugin]) -> Schema:
    pattern = f"^(?:{_spelling(plugin, plugins)})$"
    return {"properties": {"type": {"type": "string", "pattern": pattern}}, "required": ["type"]}


def _spelling(plugin: _Plugin, plugins: list[_Plugin]) -> str:
    """A regular expression for every way to write a plugin's names, the distribution in front of them included."""
    taken = [normalise(name) for other in plugins if other is not plugin for name in other.plain]
    words = [_loosely(name) if normalise(name) not in taken else _literally(name) for name in plugin.plain]
    owner = f"(?:{'|'.join(map(_of_distribution, plugin.owners))}):"
    ways = [f"(?:{owner})?(?:{'|'.join(words)})"] if words else []
    qualified = [_loosely(name) for name in plugin.names if name not in plugin.plain]
    ways += [f"{owner}(?:{'|'.join(qualified)})"] if qualified else []
    return "|".join(ways)


def _of_distribution(name: str) -> str:
    """As `normalise_distribution` compares: without case, runs of - and _ and . as one."""
    parts = [part for part in re.split("[-_.]+", name) if part]
    return f"[-_.]*{'[-_.]+'.join(''.join(map(_either_case, part)) for part in parts)}[-_.]*"


def _loosely(name: str) -> str:
    """As `normalise` compares: without case, - and _."""
    letters = [_either_case(letter) for letter in name if letter not in "-_"]
    return f"[-_]*{'[-_]*'.join(letters)}[-_]*"


def _either_case(letter: str) -> str:
    lower, upper = letter.lower(), letter.upper()
    return f"[{lower}{upper}]" if lower != upper and len(lower + upper) == 2 else _literally(letter)


def _literally(text: str) -> str:
    # re.escape escapes more than the regular expressions of JSON Schema, which are JavaScript's, let one escape.
    return "".join(f"\\{letter}" if letter in r"\^$.|?*+()[]{}/" else letter for letter in text)


# -- configs ---------------------------------------------------------------------------------------------------------


def _config(cls: type[Any], outer: tuple[type[Any], ...]) -> Schema:
    """The schema of a plugin class's config, or of a class that stands in one below `outer`.

    Raises:
        Exception: whatever evaluating an annotation raises; of a plugin that was loaded, nothing.
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
    """Adds the other names of fields; giving both is refused."""
    properties = schema["properties"]
    for alias, name in ALIASES.items():
        if name not in properties or alias in properties:
            continue
        # VS Code's own keyword keeps the second name out of what it offers.
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
        # With a converter, the range is that of what comes out of it.
        schema = _within(schema, range_schema(field.validator))
    if field.default is not attrs.NOTHING:
        default, note = plain_default(field)
        if note is None:
            schema["default"] = default
    return schema


def _within(schema: Schema, keywords: Schema) -> Schema:
    """A type's schema with the keywords of a range; those for items go where the items are described."""
    of_items = keywords.get("items")
    meant = _KEYWORDS.get(schema["type"]) if isinstance(schema.get("type"), str) else None
    of_itself = {key: value for key, value in keywords.items() if key != "items" and (meant is None or key in meant)}
    narrowed = {**schema, **of_itself}
    if of_items and "prefixItems" in schema:
        narrowed["prefixItems"] = [{**item, **of_items} for item in schema["prefixItems"]]
    elif of_items and schema.get("items") is not False:
        narrowed["items"] = {**schema.get("items", {}), **of_items}
    return narrowed


def _typed(hint: Any, outer: tuple[type[Any], ...]) -> Schema:
    """What structure.py takes for a type, written canonically; {} where a stranger's cattrs hook decides."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _SCALARS:
        return dict(_SCALARS[hint])
    if hint in _COMPONENTS:
        return {"$ref": f"#/$defs/{_COMPONENTS[hint]}"}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, UnionType):
        return _any_of([_typed(member, outer) for member in arguments])
    if (origin or hint) in (list, tuple, abc.Sequence, abc.Iterable):
        return _array(origin or hint, arguments, outer)
    if (origin or hint) in (dict, abc.Mapping):
        return {"type": "object", "additionalProperties": _typed(arguments[1], outer) if arguments else True}
    if (origin or hint) is abc.Callable:
        return dict(_NOWHERE)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    if isinstance(hint, type) and attrs.has(hint):
        return {"type": "object"} if hint in outer else _config(hint, outer)
    return {}


def _any_of(members: list[Schema]) -> Schema:
    members = [member for member in members if member != _NOWHERE]
    if len(members) <= 1:
        return members[0] if members else dict(_NOWHERE)
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
