"""A cell of a table as a number or a word."""

from __future__ import annotations

import math

from optim_training.datasets.tables.rows import Cell

__all__ = ["is_missing", "number_of", "word_of"]

_MISSING = ("", "na", "n/a", "nan", "null", "none")


def is_missing(cell: Cell, *, word: bool = False) -> bool:
    """Tell whether a cell holds nothing.

    Args:
        cell: the cell.
        word: whether it may hold any word, so that "none" is one.

    Example:
        >>> from optim_training.datasets.tables.cells import is_missing
        >>> is_missing("NaN"), is_missing("none", word=True), is_missing(" ", word=True), is_missing("0")
        (True, False, True, False)
    """
    if isinstance(cell, float):
        return math.isnan(cell)
    if isinstance(cell, str):
        return cell.strip() == "" if word else cell.strip().lower() in _MISSING
    return cell is None


def number_of(cell: Cell) -> float:
    """Return the number in a cell that is not missing.

    Raises:
        ValueError: it holds none; the message says what it holds.

    Example:
        >>> from optim_training.datasets.tables.cells import number_of
        >>> number_of(" 1.5e2 ")
        150.0
        >>> number_of("1,5")
        Traceback (most recent call last):
        ValueError: `1,5` is no number; decimals are written 1.5
    """
    try:
        # Python reads 1_000 as a number, which is a slip of the pen in a table.
        number = float("" if isinstance(cell, str) and "_" in cell else cell if cell is not None else "")
    except (ValueError, TypeError, OverflowError):
        text = str(cell).strip()
        comma = text.replace(",", "", 1).lstrip("+-").isdecimal() and "," in text
        raise ValueError(f"`{text}` is no number{'; decimals are written 1.5' if comma else ''}") from None
    if not math.isfinite(number):
        raise ValueError(f"`{cell}` is not finite")
    return number


def word_of(cell: Cell) -> str:
    """Return the word in a cell that is not missing; whole numbers are written without a point.

    Example:
        >>> from optim_training.datasets.tables.cells import word_of
        >>> word_of(" yes "), word_of(2.0), word_of(True)
        ('yes', '2', 'True')
    """
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
