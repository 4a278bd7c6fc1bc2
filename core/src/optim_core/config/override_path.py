"""The path of an override: how it is written, and what it may create on its way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from optim_core.config.keys import NAMED_KEYS, RECIPE_KEYS
from optim_core.kinds import KINDS

__all__ = ["BESIDE_CONFIG", "is_component", "may_be_created", "written"]

_NEEDS_QUOTES = re.compile(r'[.="]|^\s|\s$|^$')

# These may stand beside `type` and `config` of one kind or another.
BESIDE_CONFIG = tuple(dict.fromkeys(["enabled", *(key for row in KINDS.values() for key in row.beside)]))


def written(keys: Iterable[str]) -> str:
    """Return keys as the path of an override."""
    return ".".join(json.dumps(key, ensure_ascii=False) if _NEEDS_QUOTES.search(key) else key for key in keys)


def may_be_created(config: Any, above: list[str]) -> tuple[str, ...]:
    """Return the keys that a mapping may have with a mapping below; `above` are the keys that lead to it."""
    if not isinstance(config, Mapping):
        return ()
    if is_component(config, above):
        has_fields_beside = any(key not in ("type", "config", *BESIDE_CONFIG) for key in config)
        return () if has_fields_beside else ("config",)
    if any(key in config for key in NAMED_KEYS[:2]):
        return ("gradient_clipping",)
    if any(key in config for key in RECIPE_KEYS) or not (config or above):
        return RECIPE_KEYS
    return ()


def is_component(config: Mapping[Any, Any], above: list[str]) -> bool:
    """Return whether a mapping is a component.

    Its type says so; or, where that is yet to come or may be left out, the keys `above` that lead to it do.
    """
    if "type" in config:
        return True
    is_recipe = any(key in config for key in (*RECIPE_KEYS, *NAMED_KEYS))
    return not is_recipe and above[-1:] in [[key] for key in RECIPE_KEYS]
