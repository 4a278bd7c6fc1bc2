"""JSON Schema (2020-12) of a recipe, of exactly what is installed, for editors that complete and underline.

It describes every form that a file may have, and refuses no config that `build` takes. What it cannot say, such as a
condition on two fields, only `build` refuses; docs/editor.md has the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import attrs

from optim_core.config.components import Found
from optim_core.config.keys import PARTS
from optim_core.discovery.records import PluginRecord
from optim_core.errors import PluginError
from optim_core.kinds import KINDS, Kind
from optim_core.reference.component_schema import (
    clipping_schema,
    component_schema,
    envelope_schema,
    field_schemas,
    rule_schema,
)
from optim_core.reference.form_schema import flat_keys_schema, flat_set_schema, forms_schema, section_schema
from optim_core.reference.plugin_schema import Schema, config_schema
from optim_core.reference.type_names import NamedPlugin, spelling
from optim_core.text.names import plain_name

__all__ = ["recipe_schema"]

Records = Callable[[Kind], list[PluginRecord]]
Find = Callable[[Kind, str], Found | None]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def recipe_schema(records: Records, find: Find) -> Schema:
    """Return the schema of a recipe, of a set of named ones, and of a component alone, in every form.

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
    named: Schema = {}
    for kind in kinds:
        for plugin in plugins[kind]:
            named[plugin.named(kind)] = {"type": "string", "pattern": f"^(?:{spelling(plugin, plugins[kind])})$"}
            named |= field_schemas(kind, plugin, definitions)
    return {
        "$schema": DIALECT,
        "title": "optim-core recipe",
        "description": "What to train with: an optimizer, its learning-rate schedule, gradient clipping.",
        "type": "object",
        "properties": {key: {"description": text} for key, text in _TOP_LEVEL.items()},
        "if": {"required": ["type"]},
        "then": {"anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds]},
        "else": forms_schema(),
        "$defs": {
            **{f"{kind}-keys": {"properties": envelope_schema(kind, definitions)} for kind in PARTS},
            **{kind: component_schema(kind, plugins[kind], definitions) for kind in kinds},
            "gradient_clipping": clipping_schema(plugins["clipper"], definitions),
            "flat-set": flat_set_schema(plugins, definitions),
            "flat-set-keys": flat_keys_schema(definitions),
            "section": section_schema(),
            **named,
            **definitions,
            **{plugin.rule: rule_schema(plugin, definitions) for plugin in plugins["optimizer"]},
        },
    }


_TOP_LEVEL = {
    "optimizer": "The optimizer: {type, config}.",
    "scheduler": "Its learning-rate schedule: {type, config}; null for none.",
    "gradient_clipping": "How gradients are clipped before each step; null for not at all.",
    "training": "The section of a training config that holds a recipe, beside the sections of other programs.",
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
        plain = (own,) if own == record.name and _is_meant(find, kind, own, itself) else ()
        owners = (record.distribution,) if record.provider is None else (record.provider, record.distribution)
        known = found.get(itself.name) or NamedPlugin(itself.name, itself.cls, owners, (), ())
        found[itself.name] = attrs.evolve(known, names=(*known.names, own), plain=(*known.plain, *plain))
    return list(found.values())


def _is_meant(find: Find, kind: Kind, name: str, plugin: Found) -> bool:
    """Return whether a name without anything in front means this plugin; the name that specs show always does."""
    if name == plugin.name:
        return True
    meant = _find(find, kind, name)
    return meant is not None and meant.cls is plugin.cls


def _find(find: Find, kind: Kind, name: str) -> Found | None:
    try:
        return find(kind, name)
    except PluginError:
        return None
