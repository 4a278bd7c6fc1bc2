"""Strategies for {type, config} of every plugin that is installed, in canonical form."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import attrs
from field_values import COMPONENTS, edges_of, fitting_field, junk, outside, wrong_type
from group_configs import groups_of, renamed
from hypothesis import strategies as st

from optim_core import registry
from optim_core.config.structuring.class_plan import ALIASES
from optim_core.kinds import KINDS, Kind
from optim_core.plugin_class.fields import config_fields, field_types
from optim_core.reference.describe import example
from optim_core.text.names import normalise

__all__ = ["components_of", "edge_components", "installed", "parts", "plainly_wrong", "spellings"]

Config = dict[str, Any]


# Of what providers offer, which is made alike for all, one in so many is looked at.
ONE_OF_PROVIDED = 12


def installed() -> list[Any]:
    """Kind and name of the plugins of recipes here, as pytest's parameters: of those that providers offer, some."""
    return [(kind, name) for kind, row in KINDS.items() if not row.apart for name in _looked_at(kind)]


@cache
def _looked_at(kind: Kind) -> list[str]:
    provided = sorted(record.name for record in registry.plugins(kind) if record.provider)
    left_out = set(provided) - set(provided[::ONE_OF_PROVIDED])
    return [name for name in registry.names(kind) if name not in left_out]


def parts(depth: int) -> Callable[[Kind], st.SearchStrategy[Config]]:
    """A function from kind to components of any plugin of that kind; at depth 0, of one that holds no others."""

    def of_kind(kind: Kind) -> st.SearchStrategy[Config]:
        return st.sampled_from(_names(kind, depth > 0)).flatmap(lambda name: components_of(kind, name, depth - 1))

    return of_kind


@cache
def _names(kind: Kind, holders: bool) -> list[str]:
    """The plugins of a kind, without those that hold others where `holders` is not set."""
    return [name for name in _looked_at(kind) if holders or not _holds_components(kind, name)]


def _holds_components(kind: Kind, name: str) -> bool:
    return any(str(part.__name__) in str(hint) for part in COMPONENTS for hint in _types(kind, name).values())


def _types(kind: Kind, name: str) -> dict[str, Any]:
    return dict(field_types(registry.catalog(kind)[name]))


@st.composite
def components_of(draw: st.DrawFn, kind: Kind, name: str, depth: int = 1) -> Config:
    """{type, config, …} of one plugin that `build` takes, unless a rule across fields is broken."""
    cls = registry.catalog(kind)[name]
    component = {"type": draw(spellings(kind, name)), "config": draw(_configs_of(cls, depth))}
    if not component["config"] and draw(st.booleans()):
        component["config"] = None
    return {**component, **draw(_beside(kind, cls, depth))}


@st.composite
def _configs_of(draw: st.DrawFn, cls: type[Any], depth: int) -> Config:
    """The plugin class's example, with some fields set to values of their type and range."""
    config = dict(example(cls))
    types = field_types(cls)
    fields = config_fields(cls)
    for key in draw(st.lists(st.sampled_from(sorted(fields)), unique=True, max_size=4)) if fields else []:
        config[key] = draw(fitting_field(fields[key], types[fields[key].name], parts(depth)) | _given(config, key))
    return draw(renamed(config, cls))


def _given(config: Config, key: str) -> st.SearchStrategy[Any]:
    return st.just(config[key]) if key in config else st.nothing()


def _beside(kind: Kind, cls: type[Any], depth: int) -> st.SearchStrategy[Config]:
    """What stands beside type and config, most often nothing."""
    described: dict[Kind, dict[str, st.SearchStrategy[Any]]] = {
        "optimizer": {"lr_decay_gamma": st.none() | st.floats(1e-3, 1.5)},
        "scheduler": {"interval": st.sampled_from(["step", "epoch", None])},
        "clipper": {},
    }
    if kind == "optimizer":
        described[kind] |= groups_of(cls, parts(depth))
    return st.just({}) | st.fixed_dictionaries({}, optional=described[kind])


@st.composite
def spellings(draw: st.DrawFn, kind: Kind, name: str) -> str:
    """A plugin's name as people write it: as it is, in another case, with - or _, with its distribution in front."""
    plain, owners = _ways(kind, name)
    if not plain:
        return name
    written = draw(st.sampled_from([name, name, name.upper(), name.lower(), f"{name[0]}_{name[1:]}-"]))
    owner = draw(st.sampled_from(["", "", "", *(f"{owner}:" for owner in owners)]))
    return f"{owner}{written}"


@cache
def _ways(kind: Kind, name: str) -> tuple[bool, list[str]]:
    """Whether a name means one plugin in any spelling, and what may stand in front of it."""
    alike = [other for other in _all_names(kind) if normalise(name) == normalise(other)]
    owners = [record.distribution for record in _records(kind) if record.name == name]
    return ":" not in name and len(alike) == 1, owners + [owner.upper().replace("-", "_") for owner in owners]


# Asking the registry for all names takes some milliseconds, each time anew.
_all_names = cache(registry.names)
_records = cache(registry.plugins)


@st.composite
def edge_components(draw: st.DrawFn, kind: Kind, name: str) -> Config:
    """A component in which one or two fields hold what lies on the edge of their range, or what fits hardly any."""
    component = draw(components_of(kind, name, 0))
    fields = config_fields(registry.catalog(kind)[name])
    config = dict(component["config"] or {})
    for key in draw(st.lists(st.sampled_from([*fields, "unknown"]), unique=True, min_size=1, max_size=2)):
        config[key] = draw(edges_of(fields[key]) | junk if key in fields else junk)
    return {**component, "config": config}


@st.composite
def plainly_wrong(draw: st.DrawFn, cls: type[Any], config: Config) -> Config:
    """A config of a plugin class, spoiled by one mistake that is no matter of two fields."""
    fields = config_fields(cls)
    types = field_types(cls)
    key = draw(st.sampled_from([*fields, "unknown"]))
    if key == "unknown":
        return {**config, "unknown": 1}
    others = {name: value for name, value in config.items() if ALIASES.get(name, name) != key and name != key}
    if fields[key].default is attrs.NOTHING and draw(st.booleans()):
        return others
    return {**others, key: draw(wrong_type(types[fields[key].name]) | outside(fields[key]))}
