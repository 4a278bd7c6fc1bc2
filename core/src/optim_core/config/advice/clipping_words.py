"""What to write for the words that other projects have for clipping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from optim_core.config.advice.field_words import auto, number_of
from optim_core.config.foreign_words import CLIP_WORDS
from optim_core.config.forms.flat_set import CLIPPERS
from optim_core.config.forms.speaking import says_none, words
from optim_core.text.numerals import number_in
from optim_core.text.values import as_in_config

__all__ = ["clipping_for"]

_KEY = "gradient_clipping"

# With one of these in it, a word may mean that each value is cut, and not the norm of all.
_VALUE = re.compile(r"val(ue)?s?$")


def clipping_for(key: str, value: Any) -> str:
    """Return the hint for a key that speaks of clipping: `gradient_clipping` with the number that it has."""
    if says_none(value):
        return "leave it out: nothing is clipped where a config does not say so"
    if isinstance(value, Mapping):
        return "its fields stand in `gradient_clipping`" if key == _KEY else f"did you mean `{_KEY}`?"
    if isinstance(value, str) and value == "auto":
        return auto("max_norm")
    if key.lower() == "clipnorm":
        # Keras' `global_clipnorm` is the norm of all.
        return (
            "Keras clips the gradient of each weight by itself so, which no clipper here can; for the norm of all "
            f"gradients write `gradient_clipping: {{max_norm: {as_in_config(value)}}}`"
        )
    if isinstance(value, str) and number_in(value) is None:
        # timm's `clip_mode: norm` says how.
        kind = value if value in CLIPPERS else "norm"
        return f"write `gradient_clipping: {{type: {kind}, {CLIPPERS[kind]}: …}}`"
    number = as_in_config(value)
    if not {"agc", "adaptive"}.isdisjoint(words(key)) and number_of(value) is not None:
        return f"write `gradient_clipping: {{type: adaptive, clip_factor: {as_in_config(value)}}}`"
    by_norm = f"gradient_clipping: {{max_norm: {number}}}"
    if key.lower() not in CLIP_WORDS and "norm" not in words(key) and any(_VALUE.search(word) for word in words(key)):
        by_value = f"gradient_clipping: {{type: value, clip_value: {number}}}"
        return f"write `{by_norm}` for the norm of all gradients, or `{by_value}` for each of them"
    return f"write `{by_norm}`"
