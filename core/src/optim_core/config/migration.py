"""A config in any form as the canonical one, with what its author gave and no defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.keys import BESIDE, NAMED_KEYS, PARTS
from optim_core.config.structuring.class_plan import ALIASES
from optim_core.recipe import SINGLE
from optim_core.text.values import is_list

__all__ = ["as_given"]

CLIPPING, CLIPPINGS = NAMED_KEYS[2:]


def as_given(canonical: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a canonical config that its author gave.

    Args:
        canonical: what `to_config` says of the spec or recipe, every default filled in.
        given: the component, recipe or named sets that it was built from.
    """
    if "type" in canonical:
        return _component(canonical, given)
    clipping = given.get(CLIPPING)
    if "optimizer_configs" in given and len(given["optimizer_configs"]) == 1 and clipping is None:
        # Of one set, its own clipping is that of the whole recipe.
        clipping = _own_clipping(next(iter(given["optimizer_configs"])), given)
    if "optimizer_configs" in canonical:
        pairs = canonical["optimizer_configs"]
        config: dict[str, Any] = {"optimizer_configs": {name: _pair(pairs[name], name, given) for name in pairs}}
        if len(pairs) > 1:
            for name, pair in pairs.items():
                config["optimizer_configs"][name] |= _clipping(pair, _own_clipping(name, given))
    elif "optimizer_configs" in given:
        # There is one set, and its name is the one that the optimizer of a recipe without names has.
        config = _pair(canonical, SINGLE, given)
    else:
        config = {part: _component(canonical[part], given[part]) for part in PARTS if part in canonical}
    return config | _clipping(canonical, clipping)


def _own_clipping(name: str, given: Mapping[str, Any]) -> Any:
    """Return what is given for the clipping of one of named sets."""
    entry = given["optimizer_configs"][name]
    own = entry.get(CLIPPING) if isinstance(entry, Mapping) and "type" not in entry else None
    return own if own is not None else (given.get(CLIPPINGS) or {}).get(name)


def _clipping(canonical: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """Return clipping as it was given; nothing where it was not."""
    if CLIPPING in canonical:
        return {CLIPPING: _component(canonical[CLIPPING], given)}
    # Where clipping is switched off, its author wants to keep its settings.
    return {CLIPPING: dict(given)} if isinstance(given, Mapping) else {}


def _pair(canonical: Mapping[str, Any], name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return an optimizer of named sets and its schedule, which may stand apart from it."""
    entry = given["optimizer_configs"][name]
    pair = entry if isinstance(entry, Mapping) and "type" not in entry else {"optimizer": entry}
    schedulers = given.get("scheduler_configs") or {}
    parts = {"optimizer": pair["optimizer"], "scheduler": pair.get("scheduler") or schedulers.get(name)}
    written: dict[str, Any] = {part: _component(canonical[part], parts[part]) for part in PARTS if part in canonical}
    if "scheduler" in written:
        # Named sets have a default of their own.
        written["scheduler"].setdefault("interval", canonical["scheduler"]["interval"])
    return written


def _component(canonical: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """Return {type, config, …} as given; all of it where a spec was given in place of its config."""
    if not isinstance(given, Mapping):
        return dict(canonical)
    options = given.get("config") or {} if "config" in given else given
    config = _given_fields(canonical["config"], options)
    keys = [key for of_part in BESIDE.values() for key in of_part if key in canonical and given.get(key) is not None]
    beside = {key: _value(canonical[key], given[key]) for key in keys}
    return {"type": canonical["type"], **({"config": config} if config else {}), **beside}


def _given_fields(canonical: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    fields = {}
    for key, value in canonical.items():
        name = key if key in given else ALIASES.get(key, key)
        if name in given:
            fields[key] = _value(value, given[name])
    return fields


def _value(canonical: Any, given: Any) -> Any:
    if isinstance(canonical, Mapping) and isinstance(given, Mapping):
        return _component(canonical, given) if {"type", "config"} <= set(canonical) else _given_fields(canonical, given)
    # Of kinds in several items of `match`, one item is made.
    if isinstance(canonical, list) and is_list(given) and len(canonical) == len(given):
        return [_value(item, origin) for item, origin in zip(canonical, given, strict=True)]
    return canonical
