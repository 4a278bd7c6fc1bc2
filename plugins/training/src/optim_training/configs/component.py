"""A plugin that a config names, its fields being told in more than one place: problems are told where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from optim_core import ConfigError, PluginError, Problem, registry
from optim_core.plugin_tools import Document, Kind, listing, nearest, shown, with_article
from optim_core.specs import PluginSpec

__all__ = ["SHARED", "build_component", "fields_of", "placed"]

# What a model config says of the data, beside `model`.
SHARED = ("sample_rate", "sample_size", "audio_channels")

Path = tuple[str, ...]


def fields_of(kind: Kind, name: Any) -> frozenset[str]:
    """Return the fields of a plugin; none where nothing has the name, or it cannot be used."""
    try:
        found = registry.find(kind, name) if isinstance(name, str) and name.strip() else None
    except PluginError:
        return frozenset()
    return frozenset() if found is None else frozenset(field.alias for field in attrs.fields(found.cls) if field.init)


def build_component(
    kind: Kind,
    document: Document,
    type_path: Path,
    fields_path: Path,
    fields: Mapping[str, Any],
    shared: Mapping[str, Any],
) -> PluginSpec:
    """Return the spec of the plugin that a config names.

    Args:
        kind: of the plugin.
        document: the config, in which problems are told.
        type_path: of the key that names the plugin, which is there.
        fields_path: of the mapping that has its fields.
        fields: its fields, without the key that names it.
        shared: what is said beside, which fields of the same names have.

    Raises:
        ConfigError: with everything that is wrong in `.problems`.
    """
    name = _at(document.value, type_path)
    known = fields_of(kind, name)
    given = {**{key: value for key, value in shared.items() if key in known}, **fields}
    problems = [
        placed(document, (*fields_path, key), f"is {shown(fields[key])}, and the model config says {shown(value)}")
        for key, value in shared.items()
        if key in known and key in fields and fields[key] not in (None, value)
    ]
    try:
        spec: PluginSpec = registry.build({"type": name, "config": given}, kind)
    except ConfigError as error:
        problems += [_moved(document, problem, type_path, fields_path, fields) for problem in error.problems]
    except PluginError as error:
        problems.append(placed(document, type_path, str(error)))
    if problems:
        raise ConfigError(problems)
    return spec


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _moved(
    document: Document, problem: Problem, type_path: Path, fields_path: Path, fields: Mapping[str, Any]
) -> Problem:
    """Return a problem of ``{type, config}`` at the place where that part stands."""
    first, _, rest = problem.path.partition(".")
    if first == "type":
        return placed(document, type_path, problem.message, problem.hint)
    parts = tuple(rest.replace("[", ".[").split(".")) if rest else ()
    if first == "config" and parts and parts[0] not in fields and parts[0] in SHARED:
        # It is told beside, for the model and the data alike.
        return placed(document, parts, problem.message, problem.hint)
    return placed(document, (*fields_path, *parts), problem.message, problem.hint)


def placed(document: Document, path: Path, message: str, hint: str | None = None) -> Problem:
    """Return a problem at the place of a path in a document, or of what stands above it.

    Example:
        >>> from optim_core.plugin_tools import Document
        >>> from optim_training.configs.component import placed
        >>> print(placed(Document("model.json", {}, lambda path: (3, 5)), ("model", "width"), "must be > 0"))
        model.json:3:5: model.width: must be > 0
    """
    shown_path = ".".join(path).replace(".[", "[")
    for length in range(len(path), -1, -1):
        keys: tuple[Any, ...] = tuple(_key(part) for part in path[:length])
        file, line, column = document.place(keys)
        if line is not None or file != document.file or not length:
            break
    return Problem(path=shown_path, message=message, hint=hint, file=file, line=line, column=column)


def _key(part: str) -> str | int:
    return int(part[1:-1]) if part.startswith("[") and part[1:-1].isdigit() else part


def names_of(kind: Kind) -> str:
    """Return the names of the plugins of a kind that can be used, in words."""
    names = sorted(record.name for record in registry.plugins(kind) if record.state == "ok" and not record.alias_of)
    return listing(names) if names else f"there are none: {with_article(kind)} is a plugin, see `optim list`"


def near_key(key: str, known: tuple[str, ...]) -> str | None:
    """Return which of the keys that are known another one may be meant to be, None where it is like none."""
    return nearest(key, list(known))
