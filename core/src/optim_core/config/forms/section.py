"""The section of a training config, in which settings of the training loop stand beside those of optimizers."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any

from optim_core.config.foreign_words import CLIP_ALGORITHM, FIELD_WORDS, FIELDS, LOOP_KEYS, OTHER_WORDS, is_about
from optim_core.config.forms.flat_set import clipping_of
from optim_core.config.forms.form import Reading
from optim_core.config.forms.takes import Fields
from optim_core.config.issues import Issue
from optim_core.config.keys import NAMED_KEYS, PARTS, RECIPE_KEYS
from optim_core.text.spelling import alike

__all__ = ["recipe_in_section", "without_others"]


def recipe_in_section(config: Mapping[str, Any], fields: Fields) -> Reading:
    """Return the recipe in a section; `fields` says what the plugin takes that a type means."""
    return without_others(config, _of_parts(config, fields), FIELD_WORDS)


def without_others(
    config: Mapping[str, Any], ours: Collection[str], words: Container[str], issues: Iterable[Issue] = ()
) -> Reading:
    """Return a section without what is the training loop's; what looks like ours stays, to be refused by name.

    Args:
        config: the section.
        ours: the keys that are certainly not the loop's.
        words: those that say of a key that has one of them that it is about optimizers and schedules.
        issues: what is wrong already.
    """
    kept = {key: value for key, value in config.items() if not isinstance(key, str) or _is_ours(key, ours, words)}
    unused = {key: value for key, value in config.items() if key not in kept}
    clipping, written, of_clipping = clipping_of(kept)
    return Reading({**kept, **clipping}, None, written, unused, (*issues, *of_clipping))


def _is_ours(key: str, ours: Collection[str], words: Container[str]) -> bool:
    """Return whether a key is one of a recipe's, or looks like it."""
    own = (*RECIPE_KEYS, *NAMED_KEYS)
    if key in ours or key in own or key in OTHER_WORDS or key == CLIP_ALGORITHM:
        return True
    return key not in LOOP_KEYS and (is_about(key, words) or alike(key, (*own, *ours)))


def _of_parts(config: Mapping[str, Any], fields: Fields) -> set[str]:
    """Return the keys that the parts of a recipe take, which say nothing beside them."""
    found = set(FIELDS)
    for part in PARTS:
        component = config.get(part)
        taken = fields(part, component.get("type")) if isinstance(component, Mapping) else None
        found |= {key for key in (*taken.keys, *taken.aliases) if key not in LOOP_KEYS} if taken else set()
    return found
