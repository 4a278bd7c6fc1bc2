"""The fields of a component as a form shows them: what may be typed, what is chosen, and what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from optim_core import OptimError, registry
from optim_core.plugin_tools import (
    FieldDescription,
    Kind,
    config_text,
    describe,
    example,
    field_types,
    formats,
    keys_beside,
)
from optim_ui.editing import Path, flow, typed

__all__ = ["Field", "begin_with", "fields_of", "names_of", "shown_text", "value_of"]


@attrs.frozen
class Field:
    """A field as the form shows it.

    Args:
        path: where it stands, from the component on.
        name: its key.
        about: its type, range, default and meaning.
        default: the default as text, shown where nothing is given.
        choices: all that it can be, as text; empty where it is typed.
        is_text: whether what is typed is a text, whatever it looks like.
        is_long: whether what is typed may have several lines.
    """

    path: Path
    name: str
    about: str
    default: str = ""
    choices: tuple[str, ...] = ()
    is_text: bool = False
    is_long: bool = False


@cache
def names_of(kind: Kind) -> dict[str, str]:
    """Return each plugin that can be used, its name to what a list shows: where it comes from, and what it is."""
    records = {record.name: record for record in registry.plugins(kind)}
    known = {name: records[name] for name in registry.names(kind) if name in records}
    about = {name: (record.distribution, registry.summary(record)) for name, record in known.items()}
    return {name: " · ".join(filter(None, (name, *about.get(name, ())))) for name in registry.names(kind)}


def fields_of(kind: Kind, name: str, component: Mapping[str, Any], below: Path) -> list[Field]:
    """Return the fields of a component: those of the plugin, what may stand beside them, and what else stands there.

    Args:
        kind: of the component.
        name: of the plugin.
        component: what the config has.
        below: the path, from the component on, at which the fields stand: ``("config",)``, or none.

    Raises:
        OptimError: the plugin cannot be used.
    """
    found = registry.find(kind, name)
    if found is None:
        return []
    types = field_types(found.cls)
    described = describe(found.cls).fields
    fields = [_field(field, types.get(field.name), (*below, field.name)) for field in described]
    known = {field.name for field in fields}
    given = component.get("config") if below else component
    others = [key for key in given or () if isinstance(given, Mapping) and key not in {*known, "type", "config"}]
    beside = keys_beside(kind)
    fields += [Field((*below, key), key, "not a field of this plugin") for key in others if key not in beside]
    return fields + [_beside(key, schema) for key, schema in beside.items()]


def _field(described: FieldDescription, hint: Any, path: Path) -> Field:
    demands = ", ".join(part for part in (described.type, described.range) if part)
    default = described.note or json.dumps(described.default, ensure_ascii=False)
    about = f"{demands}; required" if described.required else f"{demands}; default {default}"
    choices = _choices(hint)
    members = set(_members(hint)) - {NoneType}
    return Field(
        path=path,
        name=described.name,
        about=f"{about}. {described.text}" if described.text else about,
        default="" if described.required else described.note or flow(described.default),
        choices=choices,
        is_text=members == {str},
        is_long=not choices and not members <= {float, int, str, bool} and "{" in described.type,
    )


def _beside(key: str, schema: Mapping[str, Any]) -> Field:
    choices = tuple(flow(choice) for choice in schema.get("enum", ()))
    return Field((key,), key, f"beside `type`: {schema.get('description', '')}", choices=choices)


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _choices(hint: Any) -> tuple[str, ...]:
    """Return all values of a type as text, none where it has more than a few."""
    found: list[str] = []
    for member in _members(hint):
        if member is bool:
            found += ["true", "false"]
        elif member is NoneType:
            found.append("null")
        elif get_origin(member) is Literal:
            found += [flow(value) for value in get_args(member)]
        elif isinstance(member, type) and issubclass(member, Enum):
            found += [flow(value.value) for value in member]
        else:
            return ()
    return tuple(dict.fromkeys(found)) if found != ["null"] else ()


def shown_text(field: Field, value: Any) -> str:
    """Return what the form shows of a value."""
    if field.is_text and isinstance(value, str):
        return value
    if field.is_long and isinstance(value, (Mapping, list)) and value:
        lines = config_text({"x": value}, formats()[0], lambda given: given).splitlines()[1:]
        return "\n".join(line[2:] for line in lines)
    return flow(value)


def value_of(field: Field, text: str) -> Any:
    """Return the value that somebody typed or chose.

    Raises:
        OptimError: it is no YAML.
    """
    return text if field.is_text else typed(text)


def begin_with(kind: Kind, name: str, old: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the fields with which a plugin is begun in place of another, and the names of those that are left out.

    Args:
        kind: of both.
        name: of the new one.
        old: the fields of the old one.

    Raises:
        OptimError: the plugin cannot be used.
    """
    found = registry.find(kind, name)
    if found is None:
        raise OptimError(f"there is no {kind} `{name}`")
    described = {field.name: field for field in describe(found.cls).fields}
    kept = {key: value for key, value in old.items() if key in described}
    needed = any(field.required for field in described.values())
    made = {key: value for key, value in example(found.cls).items() if key not in kept} if needed else {}
    begun = {**made, **kept}
    try:
        registry.build({"type": name, "config": begun}, kind, strict=True)
    except OptimError:
        # What the old one had may mean nothing here: a milestone, a length, a rate.
        begun = example(found.cls)
    return begun, [key for key in old if key not in begun or begun[key] != old[key]]
