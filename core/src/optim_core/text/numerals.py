"""Text that writes a number, as YAML 1.2 understands it."""

from __future__ import annotations

__all__ = ["number_in"]

# Texts of more characters are no numbers here: Python refuses to convert very long ones to an int.
LONGEST = 4000
_DECIMAL = frozenset("0123456789+-.eE")


def number_in(text: str) -> int | float | None:
    """Return the number that `text` writes in decimal, ``12``, ``-.5``, ``1e-4``; None where it writes none.

    Unlike Python's ``float``, this takes neither spaces nor underscores nor words such as ``nan``.
    """
    if not text or len(text) > LONGEST or not _DECIMAL.issuperset(text):
        return None
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return None
