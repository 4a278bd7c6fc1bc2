"""Which names a pattern matches, for many names at once: fnmatch's patterns, and regular expressions after ``re:``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate

from optim_core.groups.expressions import ExpressionError, searching
from optim_core.groups.rule import REGEX

__all__ = ["expression_error", "matching"]

_WILDCARD = re.compile(r"\*|\?|\[!?\]?[^\]]*\]")


def matching(pattern: str, names: Sequence[str], places: Sequence[int]) -> list[int]:
    """Return those of `places` whose name matches; upper and lower case differ.

    Args:
        pattern: a pattern of fnmatch for the whole name, or ``re:`` and a regular expression for any part of it.
        names: some names.
        places: indices of names.

    Example:
        >>> from optim_core.plugin_tools import matching
        >>> matching("*.bias", ["head.weight", "head.bias"], range(2))
        [1]
    """
    if pattern.startswith(REGEX):
        test: Callable[[str], object] = searching(pattern.removeprefix(REGEX))
        return [place for place in places if test(names[place])]
    # Looking for the longest text of the pattern costs a tenth of what the pattern does, and few names hold it.
    text = max(_WILDCARD.split(pattern), key=len)
    places = [place for place in places if text in names[place]]
    test = re.compile(translate(pattern)).match
    return [place for place in places if test(names[place])]


def expression_error(pattern: str) -> str | None:
    """Return what is wrong with the regular expression of a pattern; None where it has none or nothing is wrong.

    Example:
        >>> from optim_core.plugin_tools import expression_error
        >>> expression_error("*.bias"), expression_error("re:head[.]") is None
        (None, True)
    """
    if not pattern.startswith(REGEX):
        return None
    try:
        searching(pattern.removeprefix(REGEX))
    except ExpressionError as error:
        return str(error)
    return None
