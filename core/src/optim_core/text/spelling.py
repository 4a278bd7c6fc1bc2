"""How names are compared and which right name is nearest to a wrong one."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

from optim_core.text.names import normalise

__all__ = [
    "alike",
    "nearest",
    "suggesting",
    "suggestions",
]

LONGEST_NAME = 100
MANY_NAMES = 50
# Ratios of matching letters: from the first on two names are as good as the same, below the second they are not alike.
ALIKE, NOT_ALIKE = 0.8, 0.61
SHORTEST_PART = 3
MOST_WORDS = 10

# Matches each word of a name: Adam and W of ``AdamW``, Cosine and LR of ``CosineLR``.
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")

_left: ContextVar[float] = ContextVar("suggestions left", default=inf)


@contextmanager
def suggestions(most: int) -> Iterator[None]:
    """Within it, `nearest` compares for at most so many names; a config with thousands of mistakes needs no more."""
    token = _left.set(most)
    try:
        yield
    finally:
        _left.reset(token)


def suggesting() -> bool:
    """Whether `nearest` still compares names."""
    return _left.get() > 0


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that a person who wrote `name` most likely meant, None where none is near."""
    if not 0 < len(name) <= LONGEST_NAME or not suggesting():
        return None
    from difflib import SequenceMatcher, get_close_matches

    candidates = {normalise(candidate): candidate for candidate in names}
    # To look through hundreds takes as long as many suggestions among a plugin's few fields.
    _left.set(_left.get() - 1 - len(candidates) // MANY_NAMES)
    wanted = normalise(name)
    close = next(iter(get_close_matches(wanted, candidates, n=1, cutoff=NOT_ALIKE)), None)
    if close is not None and SequenceMatcher(None, close, wanted).ratio() >= ALIKE:
        return candidates[close]
    part = _longest_part(name, candidates)
    if part is not None or close is not None:
        return candidates[part or close or ""]
    holding = [key for key in candidates if len(wanted) >= SHORTEST_PART and wanted in key]
    words = _words_of(name)
    held = [key for key in candidates if len(key) >= SHORTEST_PART and any(word.startswith(key) for word in words)]
    best = min(holding, key=len, default=None) or max(held, key=len, default=None)
    return candidates.get(best or "")


def _words_of(name: str) -> list[str]:
    return [normalise(word) for word in _WORDS.findall(name)][:MOST_WORDS]


def _longest_part(name: str, candidates: Container[str]) -> str | None:
    """Return the longest part of `name`, in whole words, that is a candidate: ``adamw`` of "adamw_torch_fused"."""
    words = _words_of(name)
    parts = ("".join(words[first:last]) for first in range(len(words)) for last in range(first + 1, len(words) + 1))
    known = [part for part in parts if len(part) >= SHORTEST_PART and part in candidates]
    return max(known, key=len, default=None)


def alike(name: str, names: Iterable[str]) -> bool:
    """Return whether `name` looks like one of `names`, misspelt."""
    if len(name) > LONGEST_NAME:
        return False
    from difflib import SequenceMatcher

    word = normalise(name)
    return any(SequenceMatcher(None, word, normalise(other)).ratio() >= ALIKE for other in names)
