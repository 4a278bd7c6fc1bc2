"""Parts of sentences: listings, articles, what can be printed, an exception in words."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["brief", "listing", "said", "shortened", "visible", "with_article"]

# How many characters of an exception's message, and how many names of a listing, are shown.
LONGEST_CAUSE = 2000
LONGEST_LISTING = 40
# How many characters of a text that a stranger wrote are quoted.
LONGEST_QUOTED = 200


def said(error: BaseException) -> str:
    """Return an exception in words: its type and its message, on one line and not too long.

    Example:
        >>> from optim_core.plugin_tools import said
        >>> said(ValueError("no lr"))
        'ValueError: no lr'
    """
    name = type(error).__name__
    if isinstance(error, SyntaxError):
        return f"{name}: {error.msg} ({error.filename}, line {error.lineno})"
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a stranger's __str__ may raise anything
        return f"{name}, whose message cannot be shown"
    text = shortened(text, LONGEST_CAUSE)
    return f"{name}: {visible(text)}" if text else name


def listing(names: Iterable[str]) -> str:
    """Return the names with commas between them, cut short where there are very many.

    Example:
        >>> from optim_core.plugin_tools import listing
        >>> listing(["lr", "betas"])
        'lr, betas'
    """
    names = list(names)
    text = ", ".join(names[:LONGEST_LISTING])
    rest = len(names) - LONGEST_LISTING
    return f"{text} and {rest} more" if rest > 0 else text


def visible(name: str) -> str:
    """Return `name` as it can be printed: invisible and direction-changing characters are escaped.

    Example:
        >>> from optim_core.plugin_tools import visible
        >>> len(visible("Adam" + chr(0x202E)))
        10
    """
    return name if name.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def shortened(text: str, most: int) -> str:
    """Return a text, or its first letters and ``…`` where it has more than `most`."""
    return text if len(text) <= most else f"{text[:most]}…"


def brief(text: str, most: int = LONGEST_QUOTED) -> str:
    """Return the beginning of what a stranger wrote, which may be very long, as it can be printed.

    Example:
        >>> from optim_core.text.prose import brief
        >>> brief("x" * 1_000_000, most=3)
        'xxx…'
    """
    return visible(shortened(text, most))


def with_article(word: str) -> str:
    """Return a word after its article.

    Example:
        >>> from optim_core.plugin_tools import with_article
        >>> with_article("optimizer"), with_article("scheduler")
        ('an optimizer', 'a scheduler')
    """
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
