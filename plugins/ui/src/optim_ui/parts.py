"""The parts of a config that a form shows: which component stands where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from optim_core import registry
from optim_core.plugin_tools import KINDS, SECTION, Kind
from optim_ui.editing import Path

__all__ = ["Part", "parts_of", "value_at"]

# The three kinds that a recipe has a place for, in its order.
PLACES: tuple[Kind, ...] = ("optimizer", "scheduler", "clipper")
SETS = "optimizer_configs"


@attrs.frozen
class Part:
    """A place for a component.

    Args:
        kind: what stands there.
        path: where it stands, whether there is something or not.
        title: what the form calls it.
        is_needed: whether the config is wrong without it.
    """

    kind: Kind
    path: Path
    title: str
    is_needed: bool

    def fields_path(self, component: Any) -> Path:
        """Return the path below which the fields stand: `config`, or beside the type where somebody wrote them so."""
        given = component if isinstance(component, Mapping) else {}
        is_flat = "config" not in given and any(key not in self.beside for key in given)
        return self.path if is_flat else (*self.path, "config")

    @property
    def beside(self) -> set[str]:
        """The keys of a component that are no fields, wherever those stand."""
        return {"type", "enabled", *KINDS[self.kind].beside}


def value_at(value: Any, path: Path) -> Any:
    """Return what stands at a path of a config, None where nothing does."""
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        else:
            value = value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None
    return value


def parts_of(value: Any) -> list[Part] | None:
    """Return the parts of a config; None for one of another form, which has to be rewritten first.

    Args:
        value: what the text holds; None where it holds nothing yet.
    """
    if value is None or value == {}:
        return list(_of_set((), ""))
    if not isinstance(value, Mapping):
        return None
    if isinstance(value.get(SECTION), Mapping) and "optimizer" not in value:
        inner = parts_of(value[SECTION])
        return inner and [attrs.evolve(part, path=(SECTION, *part.path)) for part in inner]
    if isinstance(value.get("type"), str):
        kinds = [kind for kind in PLACES if registry.knows(kind, value["type"])]
        return [Part(kinds[0], (), kinds[0], is_needed=True)] if len(kinds) == 1 else None
    if isinstance(value.get(SETS), Mapping):
        return _of_sets(value)
    keys = {KINDS[kind].key for kind in PLACES} & set(value)
    if not keys or not all(_is_component(value[key]) for key in keys if key):
        return None
    return list(_of_set((), ""))


def _of_sets(value: Mapping[str, Any]) -> list[Part] | None:
    parts: list[Part] = []
    for name, each in value[SETS].items():
        if not isinstance(each, Mapping) or not _is_component(each.get("optimizer")) or "optimizer" not in each:
            return None
        parts += _of_set((SETS, name), f"{name}: ")
    if any(key in value for key in ("scheduler_configs", "gradient_clipping_configs")):
        return None
    return [*parts, Part("clipper", ("gradient_clipping",), "gradient clipping of all", is_needed=False)]


def _of_set(above: Path, before: str) -> Iterator[Part]:
    for kind in PLACES:
        key = KINDS[kind].key or kind
        yield Part(kind, (*above, key), f"{before}{key.replace('_', ' ')}", is_needed=kind == "optimizer")


def _is_component(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and isinstance(value.get("type"), str))
