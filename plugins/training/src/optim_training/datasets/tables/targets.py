"""What is to be predicted of a row: one of some classes, or numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from optim_training.datasets.problems import Problems
from optim_training.datasets.tables.cells import is_missing, number_of, word_of
from optim_training.datasets.tables.rows import Cell, Rows

__all__ = ["class_numbers", "class_words", "column_of_numbers"]


def class_words(rows: Rows, column: str, problems: Problems) -> tuple[str, ...]:
    """Return the classes in a column: in the order of numbers where all are, else in that of the alphabet.

    Args:
        rows: the training rows.
        column: a column that there is.
        problems: that all rows have the same is added here.
    """
    index = rows.columns.index(column)
    words = {word_of(row.cells[index]) for row in rows.rows if not is_missing(row.cells[index], word=True)}
    # Where rows are broken, the others may be there.
    if len(words) == 1 and not problems:
        problems.add(f"{rows.path}, column `{column}`: every row has the class `{min(words)}`, and two are needed")
    try:
        return tuple(sorted(words, key=number_of))
    except ValueError:
        return tuple(sorted(words))


def class_numbers(rows: Rows, column: str, classes: Sequence[str], problems: Problems) -> list[int]:
    """Return the number of each row's class, from 0.

    Args:
        rows: a table with the column.
        column: the column.
        classes: the classes of the training rows.
        problems: what is wrong is added here; a class that no training row has is.
    """
    index = rows.columns.index(column)
    numbers = {word: number for number, word in enumerate(classes)}
    made = []
    for row in rows.rows:
        word = word_of(row.cells[index])
        if is_missing(row.cells[index], word=True):
            problems.add(f"{row.place}, column `{column}`: it has no class")
        elif word not in numbers:
            problems.add(f"{row.place}, column `{column}`: no training row has the class `{word}`")
        made.append(numbers.get(word, 0))
    return made


def column_of_numbers(
    rows: Rows, column: str, problems: Problems, wrong: Callable[[float], str | None] | None = None
) -> list[float]:
    """Return the numbers in a column in which none may be missing.

    Args:
        rows: a table with the column.
        column: the column.
        problems: what is wrong is added here.
        wrong: says what is wrong with a number, None where nothing is; none is wrong by default.
    """
    index = rows.columns.index(column)
    made = []
    for row in rows.rows:
        said = _wrong(row.cells[index], wrong)
        if said is not None:
            problems.add(f"{row.place}, column `{column}`: {said}")
        made.append(number_of(row.cells[index]) if said is None else 0.0)
    return made


def _wrong(cell: Cell, wrong: Callable[[float], str | None] | None) -> str | None:
    if is_missing(cell):
        return "it is missing"
    try:
        number = number_of(cell)
        return None if wrong is None else wrong(number)
    except ValueError as error:
        return str(error)
