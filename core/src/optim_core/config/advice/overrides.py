"""What somebody meant by an override whose path leads nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.advice.telling import Telling
from optim_core.config.override_path import BESIDE_CONFIG, is_component, may_be_created, written
from optim_core.text.prose import listing

__all__ = ["near_beside_config", "near_path"]

# Fields stand in `config`, so that a key beside it must be very like one of those to be taken for it.
ALIKE = 0.8


def near_beside_config(_: Telling, keys: list[str], at: int) -> str:
    """Return the hint for a key that is to stand beside `type` and `config`, where few may."""
    from difflib import get_close_matches

    near = get_close_matches(keys[at], ["type", "config", *BESIDE_CONFIG], n=1, cutoff=ALIKE)
    if near:
        return f"did you mean `{written([*keys[:at], *near, *keys[at + 1 :]])}`?"
    return f"its fields stand in `config`: did you mean `{written([*keys[:at], 'config', *keys[at:]])}`?"


def near_path(tell: Telling, config: Mapping[Any, Any], keys: list[str], at: int, here: str) -> str:
    """Return the hint for a key that a mapping does not have.

    Args:
        tell: what the sentences are made with.
        config: the mapping.
        keys: the path.
        at: the number of the key in it.
        here: the path that leads to the mapping.
    """
    if keys[at] == "config" and is_component(config, keys[:at]):
        return f"its fields stand beside `type`: did you mean `{written([*keys[:at], *keys[at + 1 :]])}`?"
    for end in range(at + 2, len(keys) + 1):
        if ".".join(keys[at:end]) in config:
            whole = written([*keys[:at], ".".join(keys[at:end]), *keys[end:]])
            return f"a key with dots stands in double quotes: `{whole}`"
    names = [name for name in config if isinstance(name, str)]
    near = tell.near(keys[at], dict.fromkeys([*names, *may_be_created(config, keys[:at])]))
    has = f"{here} has: {listing(names) or 'nothing'}"
    return f"did you mean `{near}`? {has}" if near else has
