"""What is wrong with keys that do not belong where they stand, and where they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.advice.telling import Said, Telling
from optim_core.config.foreign_words import OTHER_WORDS, meant
from optim_core.config.issues import Hint, Issue
from optim_core.config.keys import RECIPE_KEYS, SECTION, owner_of
from optim_core.kinds import Kind
from optim_core.text.values import shown

__all__ = ["foreign_keys", "owner", "stray_key", "word"]

_BESIDE_A_RECIPE = f"; what is not optim-core's may stand beside a recipe that is below `{SECTION}`"


def foreign_keys(value: Mapping[Any, Any], allowed: tuple[str, ...], *, whole: bool = False) -> list[Issue]:
    """Return what is wrong with keys that are not allowed.

    Args:
        value: the mapping.
        allowed: the keys that it may have.
        whole: it is a recipe that is the whole config.
    """
    issues = []
    free = [key for key in allowed if key not in value]
    # The long sentence of what may stand beside a recipe is said once: for the first key that is near none.
    unsaid = whole
    for key in value:
        if not isinstance(key, str):
            issues.append(Issue("key-is-no-text", (shown(key),)))
        elif key not in allowed:
            says_more = unsaid and (key == SECTION or meant(key, free) is None)
            unsaid = unsaid and (key == SECTION or not says_more)
            hint = Hint.of("stray-key", key=key, allowed=allowed, free=free, more=says_more)
            issues.append(Issue("unknown-key", (key,), value[key], data={"free": free}, hint=hint))
    return issues


def stray_key(tell: Telling, key: str, allowed: tuple[str, ...], free: list[str], more: bool) -> Said:
    """Return the hint for a key that is not allowed; `more` adds what may be done with one that is near none."""
    if key == SECTION and more:
        return Said(f"what stands beside it belongs below it, or `{SECTION}` is to be left out")
    near = meant(key, free, tell.near)
    keys = f"allowed here: {', '.join(allowed)}"
    if near:
        return Said(f"did you mean `{near}`? {keys}", near=True)
    ours = OTHER_WORDS.get(key.lower().replace("-", "_"), "").partition(":")[0]
    if ours in allowed:
        keys = f"`{ours}` is given, and what this says belongs into it; {keys}"
    return Said(keys + _BESIDE_A_RECIPE if more else keys)


def word(key: Any) -> str:
    """Return what is written here for a key of other projects: ours as it is, "" for one that is neither."""
    if not isinstance(key, str):
        return ""
    return key if key in RECIPE_KEYS or owner_of(key) else OTHER_WORDS.get(key.lower().replace("-", "_"), "")


def owner(key: Any) -> Kind | None:
    """Return the part beside whose `type` a key belongs, by this or by another word for it."""
    return owner_of(word(key).partition(":")[0])
