"""What is said of keys that speak of a recipe and stand beside it, where nothing reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.advice.clipping_words import clipping_for
from optim_core.config.advice.telling import Telling
from optim_core.config.foreign_words import OTHER_WORDS, field_for
from optim_core.config.forms.form import Reading
from optim_core.config.forms.speaking import Topic, speaking
from optim_core.config.issues import Hint, Issue
from optim_core.config.keys import SECTION

__all__ = ["read_elsewhere", "unread"]

# Of thousands of keys, so many are told.
MOST_TOLD = 100


def unread(reading: Reading) -> list[Issue]:
    """Return the issues of what stands beside a recipe and speaks of it, by the paths of the user."""
    named = "optimizer_configs" in reading.config
    section = reading.in_section
    issues = []
    for spoken in speaking(reading.unused):
        beside = spoken.path[:-1] == ((SECTION,) if section else ())
        hint = Hint.of(
            "read-elsewhere",
            key=spoken.key,
            value=spoken.value,
            topic=spoken.topic,
            named=named,
            section=section,
            beside=beside,
        )
        issues.append(Issue("unread", spoken.path, spoken.value, hint=hint))
        if len(issues) == MOST_TOLD:
            break
    return issues


def read_elsewhere(_: Telling, key: str, value: Any, topic: Topic, named: bool, section: bool, beside: bool) -> str:
    """Return the hint for such a key: what to write, and where.

    Args:
        key: the key.
        value: what stands there.
        topic: what it speaks of.
        named: the recipe has named sets.
        section: it stands in a section.
        beside: the key stands beside the recipe's own, and not further out or in.
    """
    where = f"`{SECTION}`" if section else "the recipe"
    if topic == "gradient_clipping":
        said = clipping_for(key, value)
        return said if beside or said.startswith("leave") else f"{said.rstrip('?')}, in {where}"
    ours = OTHER_WORDS.get(key.lower().replace("-", "_"), "") or field_for(key) or ""
    part = topic if isinstance(value, Mapping) and ours in ("", topic) else ours
    if named:
        what = f"`{part}`" if part else f"what is about the {topic}"
        return f"each set has its own: {what} stands in `optimizer_configs.<name>{_place(part, topic)}`"
    if part:
        return f"`{part}` belongs into {where}"
    return f"what is about the {topic} belongs into {where}"


def _place(part: str, topic: Topic) -> str:
    return "" if part == topic else f".{topic}"
