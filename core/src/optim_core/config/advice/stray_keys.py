"""What is said of keys that do not belong where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.foreign_words import OTHER_WORDS, meant
from optim_core.config.issues import UNKNOWN_KEY, Issue
from optim_core.config.keys import RECIPE_KEYS, SECTION, owner_of
from optim_core.kinds import Kind
from optim_core.text.values import shown

__all__ = ["foreign_keys"]


def foreign_keys(value: Mapping[Any, Any], allowed: tuple[str, ...], more: str = "") -> list[Issue]:
    """The problems of keys that are not allowed here; `more` is added to the hint of one that is near none."""
    issues = []
    free = [key for key in allowed if key not in value]
    for key in value:
        if not isinstance(key, str):
            issues.append(Issue((shown(key),), "is not a key: keys are texts"))
        elif key not in allowed:
            near = meant(key, free)
            keys = f"allowed here: {', '.join(allowed)}"
            if key == SECTION and more:
                hint = f"what stands beside it belongs below it, or `{SECTION}` is to be left out"
            else:
                hint = f"did you mean `{near}`? {keys}" if near else keys + more
                # The long sentence is said once.
                more = more if near else ""
            issues.append(Issue((key,), UNKNOWN_KEY, hint))
    return issues


def word(key: Any) -> str:
    """What is written here for a key of other projects; the key itself where it is ours, "" where it is neither."""
    if not isinstance(key, str):
        return ""
    return key if key in RECIPE_KEYS or owner_of(key) else OTHER_WORDS.get(key.lower().replace("-", "_"), "")


def owner(key: Any) -> Kind | None:
    """The part beside whose `type` a key belongs, by this or by another word for it."""
    return owner_of(word(key).partition(":")[0])
