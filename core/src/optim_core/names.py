"""How names are compared and which right name is nearest to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

__all__ = [
    "is_name",
    "listing",
    "nearest",
    "normalise",
    "normalise_distribution",
    "suggesting",
    "suggestions",
    "visible",
    "with_article",
]

LONGEST_NAME = 100
LONGEST_LISTING = 40

_left: ContextVar[float] = ContextVar("suggestions left", default=inf)


def is_name(name: str) -> bool:
    """Whether a plugin may have this name: visible text without ``:``, which stands after a distribution's name."""
    return bool(normalise(name).strip()) and name.isprintable() and ":" not in name


def normalise(name: str) -> str:
    """The form in which plugin names are compared: without case, ``-`` and ``_``."""
    return name.casefold().replace("-", "").replace("_", "")


def normalise_distribution(name: str) -> str:
    """The form in which distribution names are compared (PEP 503, with runs of separators as one ``-``)."""
    parts = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(part for part in parts if part)


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
    """The one of `names` that a person who wrote `name` most likely meant, None where none is near."""
    if not 0 < len(name) <= LONGEST_NAME or not suggesting():
        return None
    _left.set(_left.get() - 1)
    from difflib import get_close_matches

    candidates = {normalise(candidate): candidate for candidate in names}
    wanted = normalise(name)
    close = get_close_matches(wanted, candidates, n=1, cutoff=0.6)
    if close:
        return candidates[close[0]]
    holding = [candidate for key, candidate in candidates.items() if len(wanted) > 2 and wanted in key]
    return min(holding, key=len, default=None)


def listing(names: Iterable[str]) -> str:
    """The names with commas between them, cut short where there are very many."""
    names = list(names)
    text = ", ".join(names[:LONGEST_LISTING])
    rest = len(names) - LONGEST_LISTING
    return f"{text} and {rest} more" if rest > 0 else text


def visible(name: str) -> str:
    """`name` as it can be printed: invisible and direction-changing characters escaped."""
    return name if name.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def with_article(word: str) -> str:
    """``an optimizer``, ``a scheduler``."""
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
