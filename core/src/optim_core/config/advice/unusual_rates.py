"""What is said of an `lr` that was most likely written for another optimizer, whose `type` alone was changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.advice.telling import Telling
from optim_core.config.issues import Hint, Issue
from optim_core.plugin_class.fields import config_fields
from optim_core.plugin_class.lr_meaning import lr_meaning_of, other_rates
from optim_core.text.prose import listing

__all__ = ["give_both", "unusual_rate"]

_NAMES = ("lr", "learning_rate")


def unusual_rate(spec: Any, given: Any) -> list[Issue]:
    """Return the issue of an `lr` that is given, is not as large as usual, and stands without the class' other rates.

    Args:
        spec: the spec of an optimizer.
        given: the component as its author wrote it.
    """
    meaning = lr_meaning_of(spec.config)
    if meaning is None or not isinstance(given, Mapping):
        return []
    nested = isinstance(given.get("config"), Mapping)
    fields = given["config"] if nested else given
    key = next((name for name in _NAMES if name in fields), None)
    others = other_rates(type(spec.config))
    if key is None or meaning.is_usual(spec.config.lr) or any(name in fields for name in others):
        return []
    rates = {name: getattr(spec.config, name) for name in others}
    default = config_fields(type(spec.config))["lr"].default
    known = default if isinstance(default, (int, float)) else None
    data = {"name": spec.type, "meaning": meaning, "default": known, "rates": rates}
    hint = Hint.of("give-both-rates", key=key, lr=spec.config.lr, meaning=meaning, others=others)
    return [Issue("unusual-rate", (*(["config"] if nested else []), key), spec.config.lr, data=data, hint=hint)]


def give_both(_: Telling, key: str, lr: float, meaning: Any, others: list[str]) -> str:
    """Return the hint for such a rate: which of them to give."""
    usual = f"`{key}` one from {meaning.least:g} to {meaning.most:g}, or leave it out"
    if not others:
        return f"give {usual}"
    return f"if it is meant for the others, write {listing(f'`{name}: {lr:g}`' for name in others)}, and give {usual}"
