"""The section of a training config, in which settings of the training loop stand beside those of optimizers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from optim_core.config.foreign_words import CLIP_ALGORITHM, CLIP_WORDS
from optim_core.config.forms.flat_set import clipping_of
from optim_core.config.forms.form import Reading
from optim_core.config.forms.speaking import FIELDS, is_about_else, topic, topic_of
from optim_core.config.forms.takes import Fields
from optim_core.config.issues import Issue
from optim_core.config.keys import NAMED_KEYS, PARTS, RECIPE_KEYS
from optim_core.config.loop_keys import LOOP_KEYS
from optim_core.text.spelling import alike

__all__ = ["is_beside_sets", "recipe_in_section", "without_others"]


_OWN = (*RECIPE_KEYS, *NAMED_KEYS)
# These are taken for what they mean, wherever a section has them.
_TAKEN = frozenset({*_OWN, *CLIP_WORDS, CLIP_ALGORITHM})


def recipe_in_section(config: Mapping[str, Any], fields: Fields) -> Reading:
    """Return the recipe in a section; `fields` says what the plugin takes that a type means."""
    parts = _of_parts(config, fields)

    def is_ours(key: str) -> bool:
        if key in parts:
            return True
        return key not in LOOP_KEYS and (topic_of(key, config[key]) is not None or _looks_like(key, (*_OWN, *parts)))

    return without_others(config, is_ours)


def is_beside_sets(key: str) -> bool:
    """Return whether a key beside named sets is meant for one of theirs, misspelt; what only speaks of one is told."""
    return key not in LOOP_KEYS and topic(key) is None and _looks_like(key, _OWN)


def _looks_like(key: str, names: Iterable[str]) -> bool:
    return not is_about_else(key) and alike(key, names)


def without_others(config: Mapping[str, Any], is_ours: Callable[[str], bool], issues: Iterable[Issue] = ()) -> Reading:
    """Return a section without what is the training loop's; what is ours stays, to be refused by name.

    Args:
        config: the section.
        is_ours: says of a key, which is not one of a recipe's, whether it is certainly not the loop's.
        issues: what is wrong already.
    """
    kept = {key: value for key, value in config.items() if not isinstance(key, str) or key in _TAKEN or is_ours(key)}
    unused = {key: value for key, value in config.items() if key not in kept}
    clipping, written, of_clipping = clipping_of(kept)
    return Reading({**kept, **clipping}, None, written, unused, (*issues, *of_clipping))


def _of_parts(config: Mapping[str, Any], fields: Fields) -> set[str]:
    """Return the keys that the parts of a recipe take, which say nothing beside them."""
    found = set(FIELDS)
    for part in PARTS:
        component = config.get(part)
        taken = fields(part, component.get("type")) if isinstance(component, Mapping) else None
        found |= {key for key in (*taken.keys, *taken.aliases) if key not in LOOP_KEYS} if taken else set()
    return found
