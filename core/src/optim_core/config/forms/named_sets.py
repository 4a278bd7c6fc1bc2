"""Named sets of optimizers and schedules, below their keys or without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.foreign_words import CLIP_WORDS, meant
from optim_core.config.forms.form import Reading
from optim_core.config.forms.section import is_beside_sets, without_others
from optim_core.config.forms.takes import Fields
from optim_core.config.issues import Hint, Issue
from optim_core.config.keys import NAMED_KEYS, RECIPE_KEYS, SECTION
from optim_core.config.loop_keys import SIGNS_OF_A_SECTION

__all__ = ["are_named", "named_sets"]


def named_sets(config: Mapping[str, Any], *, section: bool) -> Reading:
    """Return named sets without the settings of a training loop beside them.

    Args:
        config: a mapping with them below their keys.
        section: it is a section of a training config; else what stands beside the sets says whether it is one.
    """
    if not section and not any(isinstance(key, str) and _says_section(key) for key in config):
        return Reading(config)
    return without_others(config, is_beside_sets, _overridden_rates(config))


def _says_section(key: str) -> bool:
    return key in SIGNS_OF_A_SECTION or key in CLIP_WORDS


def _overridden_rates(config: Mapping[str, Any]) -> list[Issue]:
    """Return what is wrong with a rate beside named sets, of which some have none of their own."""
    sets = config.get("optimizer_configs")
    rates = [key for key in ("learning_rate", "lr") if config.get(key) is not None]
    if not rates or not isinstance(sets, Mapping):
        return []
    without = [str(name) for name, value in sets.items() if not _has_rate(value)]
    if not without:
        return []
    return [Issue("rate-of-named-sets", (key,), hint=Hint.of("give-each-a-rate", without=without)) for key in rates]


def _has_rate(value: Any) -> bool:
    """Return whether an entry of named sets, a pair or a component, sets its rate; what is malformed is left alone."""
    component = value.get("optimizer") if isinstance(value, Mapping) and "optimizer" in value else value
    if not isinstance(component, Mapping):
        return True
    given = component.get("config", component)
    return not isinstance(given, Mapping) or "lr" in given or "learning_rate" in given


# -- without the key above them --------------------------------------------------------------------------------------


def are_named(config: Mapping[Any, Any], fields: Fields) -> bool:
    """Return whether the keys are names, with pairs {optimizer, scheduler} below them, or optimizers."""
    if not config or not all(isinstance(name, str) and _may_be_a_name(name) for name in config):
        return False
    if any(map(_is_pair, config.values())):
        return all(map(_looks_like_a_pair, config.values()))
    return all(isinstance(value, Mapping) and fields("optimizer", value.get("type")) for value in config.values())


def _may_be_a_name(key: str) -> bool:
    return meant(key, (*RECIPE_KEYS, *NAMED_KEYS, SECTION)) is None


def _is_pair(value: Any) -> bool:
    """Return whether a value is {optimizer, scheduler, gradient_clipping} and nothing else."""
    return (
        isinstance(value, Mapping) and isinstance(value.get("optimizer"), Mapping) and value.keys() <= set(RECIPE_KEYS)
    )


def _looks_like_a_pair(value: Any) -> bool:
    """Return whether a value is a pair, if need be misspelt."""
    keys = value if isinstance(value, Mapping) and "type" not in value else ()
    return bool(keys) and all(isinstance(key, str) and meant(key, RECIPE_KEYS) is not None for key in keys)
