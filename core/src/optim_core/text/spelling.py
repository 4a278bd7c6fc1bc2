"""How names are compared and which right name is nearest to a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from optim_core.text.names import normalise, words_of

__all__ = ["ALIKE", "LONGEST_NAME", "ONE_SLIP", "Near", "Suggestions", "alike", "nearest"]

# What looks for the right name that is nearest to a wrong one: `nearest`, or that of `Suggestions`.
Near = Callable[[str, Iterable[str]], str | None]

LONGEST_NAME = 100
MANY_NAMES = 50
# Ratios of matching letters: from the first on two names are as good as the same, below the second they are not alike.
ALIKE, NOT_ALIKE = 0.8, 0.61
# A word of four letters is as much like another where one letter is wrong, or two have changed places.
ONE_SLIP = 0.75
SHORTEST_PART = 3
MOST_WORDS = 10


class Suggestions:
    """Looks for the nearest name for at most so many wrong ones; a list of thousands of mistakes needs no more.

    It is for hints alone. Whether a name is right never depends on how many were wrong before it.

    Args:
        most: how many names are compared.
    """

    def __init__(self, most: int) -> None:
        self._left = most

    def __bool__(self) -> bool:
        """Return whether names are still compared."""
        return self._left > 0

    def nearest(self, name: str, names: Iterable[str]) -> str | None:
        """Return what `nearest` does, and None from the first name on that is too many."""
        if not 0 < len(name) <= LONGEST_NAME or not self:
            return None
        names = list(names)
        # Looking through hundreds of names takes as long as many look-ups among a plugin's few fields.
        self._left -= 1 + len(names) // MANY_NAMES
        return nearest(name, names)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that a person who wrote `name` most likely meant, None where none is near.

    Args:
        name: as it was written.
        names: those that are right.

    Example:
        >>> from optim_core.plugin_tools import nearest
        >>> nearest("AdmaW", ["Adam", "AdamW", "SGD"])
        'AdamW'
    """
    if not 0 < len(name) <= LONGEST_NAME:
        return None
    candidates = {normalise(candidate): candidate for candidate in names}
    wanted = normalise(name)
    possible = [candidate for candidate in candidates if _at_most(candidate, wanted) >= NOT_ALIKE]
    close = None
    if possible:
        from difflib import SequenceMatcher, get_close_matches

        close = next(iter(get_close_matches(wanted, possible, n=1, cutoff=NOT_ALIKE)), None)
        if close is not None and SequenceMatcher(None, close, wanted).ratio() >= ALIKE:
            return candidates[close]
    part = _longest_part(name, candidates)
    if part is not None or close is not None:
        return candidates[part or close or ""]
    holding = [key for key in candidates if len(wanted) >= SHORTEST_PART and wanted in key]
    words = _first_words(name)
    held = [key for key in candidates if len(key) >= SHORTEST_PART and any(word.startswith(key) for word in words)]
    best = min(holding, key=len, default=None) or max(held, key=len, default=None)
    return candidates.get(best or "")


def _first_words(name: str) -> list[str]:
    return [normalise(word) for word in words_of(name)][:MOST_WORDS]


def _longest_part(name: str, candidates: Container[str]) -> str | None:
    """Return the longest part of `name`, in whole words, that is a candidate: ``adamw`` of "adamw_torch_fused"."""
    words = _first_words(name)
    parts = ("".join(words[first:last]) for first in range(len(words)) for last in range(first + 1, len(words) + 1))
    known = [part for part in parts if len(part) >= SHORTEST_PART and part in candidates]
    return max(known, key=len, default=None)


def alike(name: str, names: Iterable[str], least: float = ALIKE) -> bool:
    """Return whether `name` looks like one of `names`, misspelt; `least` is the ratio of letters that have to match."""
    if len(name) > LONGEST_NAME:
        return False
    word = normalise(name)
    others = [other for other in map(normalise, names) if _at_most(word, other) >= least]
    if not others:
        return False
    from difflib import SequenceMatcher

    return any(SequenceMatcher(None, word, other).ratio() >= least for other in others)


def _at_most(one: str, other: str) -> float:
    """Return a ratio that the ratio of matching letters of two words does not exceed, and which is quick to find."""
    length = len(one) + len(other)
    if not length:
        return 1.0
    shorter, longer = (one, other) if len(one) < len(other) else (other, one)
    if 2 * len(shorter) / length < NOT_ALIKE:
        return 0.0
    return 2 * sum(min(shorter.count(letter), longer.count(letter)) for letter in set(shorter)) / length
