"""Columns as numbers: standardised by the training rows, words as one column for each word of the training rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import attrs

from optim_core.plugin_tools import listing
from optim_training.datasets.problems import Problems
from optim_training.datasets.tables.cells import is_missing, number_of, word_of
from optim_training.datasets.tables.rows import Rows

__all__ = ["Covariates", "Missing", "learn_covariates"]

Missing = Literal["error", "mean"]


@attrs.frozen(kw_only=True)
class _Numbers:
    """A column of numbers: what is taken off each, what it is then divided by, and what a missing one is."""

    name: str
    mean: float
    offset: float
    scale: float

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def encoded(self, cell: object) -> list[float]:
        return [((self.mean if cell is None else float(cell)) - self.offset) / self.scale]  # type: ignore[arg-type]


@attrs.frozen(kw_only=True)
class _Words:
    """A column of words: those of the training rows, and how often each is there."""

    name: str
    shares: dict[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.name}={word}" for word in self.shares)

    def encoded(self, cell: object) -> list[float]:
        return list(self.shares.values()) if cell is None else [float(cell == word) for word in self.shares]


@attrs.frozen(kw_only=True)
class Covariates:
    """How the columns of a table become numbers.

    Args:
        columns: in the order of the numbers.
        missing: what a missing cell is.
    """

    columns: tuple[_Numbers | _Words, ...]
    missing: Missing

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers: that of the column, or ``column=word``."""
        return tuple(name for column in self.columns for name in column.names)

    def of_columns(self, rows: Rows, columns: Sequence[str], problems: Problems) -> list[list[float]]:
        """Return the numbers of each row.

        Args:
            rows: a table.
            columns: those of its columns that the config names.
            problems: what is wrong is added here: another word, or other columns, than the training rows have.
        """
        own = [column.name for column in self.columns]
        if own != list(columns):
            problems.add(f"{rows.path}: its columns are {listing(columns)}, and those of the training {listing(own)}")
            return []
        cells = [
            _cells(rows, column.name, isinstance(column, _Words), self.missing, problems) for column in self.columns
        ]
        for column, found in zip(self.columns, cells, strict=True):
            if isinstance(column, _Words):
                for row, cell in zip(rows.rows, found, strict=True):
                    if cell is not None and cell not in column.shares:
                        problems.add(f"{row.place}, column `{column.name}`: no training row has `{cell}`")
        return [
            [number for column, cell in zip(self.columns, row, strict=True) for number in column.encoded(cell)]
            for row in zip(*cells, strict=True)
        ]


def learn_covariates(
    rows: Rows, columns: Sequence[str], words: Sequence[str], missing: Missing, standardise: bool, problems: Problems
) -> Covariates:
    """Return how columns become numbers, by the rows that a model is trained with.

    Args:
        rows: the training rows.
        columns: the names of the columns, which there are.
        words: those of them that hold words.
        missing: "error", or "mean": a missing number is the mean of the column, and of a missing word each of the words
            is there with its share.
        standardise: take off the mean, and divide by the standard deviation; a column of equal numbers becomes 0.
        problems: a column without a value is added here.
    """
    made: list[_Numbers | _Words] = []
    for name in columns:
        # What is wrong with a cell is told where the rows become numbers, which may be others than these.
        found = [cell for cell in _cells(rows, name, name in words, missing, Problems()) if cell is not None]
        index = rows.columns.index(name)
        if (
            missing == "mean"
            and rows.rows
            and all(is_missing(row.cells[index], word=name in words) for row in rows.rows)
        ):
            problems.add(f"{rows.path}, column `{name}`: it is missing in every row, so that it has no mean")
        if name in words:
            shares = {word: found.count(word) / len(found) for word in sorted({str(cell) for cell in found})}
            made.append(_Words(name=name, shares=shares))
        else:
            made.append(_numbers(name, [float(cell) for cell in found], standardise))
    return Covariates(columns=tuple(made), missing=missing)


def _numbers(name: str, values: list[float], standardise: bool) -> _Numbers:
    mean = math.fsum(values) / max(len(values), 1)
    if not standardise:
        return _Numbers(name=name, mean=mean, offset=0.0, scale=1.0)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / max(len(values), 1))
    # What is left of equal numbers is rounding, and dividing by it would make numbers out of nothing.
    constant = deviation <= 1e-12 * max(abs(mean), 1e-300)
    return _Numbers(name=name, mean=mean, offset=mean, scale=1.0 if constant else deviation)


def _cells(rows: Rows, name: str, word: bool, missing: Missing, problems: Problems) -> list[float | str | None]:
    """Return the numbers or words of a column, None for each that is missing; what is wrong is None too, and told."""
    index = rows.columns.index(name)
    made: list[float | str | None] = []
    hint = f"; name `{name}` in `text_columns` where it holds words"
    for row in rows.rows:
        cell = row.cells[index]
        value: float | str | None = None
        if is_missing(cell, word=word):
            if missing == "error":
                shown = f" (`{cell}`)" if cell is not None and str(cell).strip() else ""
                problems.add(f"{row.place}, column `{name}`: it is missing{shown}; `missing: mean` fills such cells")
        elif word:
            value = word_of(cell)
        else:
            try:
                value = number_of(cell)
            except ValueError as error:
                problems.add(f"{row.place}, column `{name}`: {error}{hint}")
                hint = ""
        made.append(value)
    return made
