"""Rows of a table with a time and whether something happened then: survival data, censored on the right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from optim_core import OptimError
from optim_core.validators import FieldError
from optim_training.datasets.problems import Problems
from optim_training.datasets.tables.covariates import Covariates, Missing, learn_covariates
from optim_training.datasets.tables.rows import Rows
from optim_training.datasets.tables.source import Source, missing_columns, one_character, together
from optim_training.datasets.tables.targets import column_of_numbers

__all__ = ["SurvivalTable"]


@attrs.frozen(kw_only=True)
class SurvivalTable:
    """Rows of a CSV or parquet file, each with the time to an event, or to where it was last seen without one.

    An item is the numbers of a row, float32 of shape (features,), its time, float32 of shape (), and its event, a bool
    of shape (). Means, deviations and words are those of the training rows: the dataset of a validation takes them
    over. No row is left out: one that cannot be used is an error that names it.

    Args:
        path: the file: CSV in UTF-8 with a header, or parquet (``pip install 'optim-training[parquet]'``).
        time: the column with the times, each ≥ 0.
        event: the column that is 1 where the event happened at that time, and 0 where the row was last seen then.
        features: the columns with the covariates; null takes all others.
        text_columns: those of `features` that hold words; each word becomes a number of its own, 0 or 1.
        missing: "error", or "mean": an empty cell is the column's mean over the training rows; of a word, each word's
            share.
        standardise: take the mean off each column of numbers, and divide by the standard deviation.
        event_aware: each batch holds events in the share that they have in the file; Cox's likelihood of a batch
            without one says nothing.
        fold_column: the column that says in which fold a row is.
        folds: the folds whose rows these are.
        delimiter: one character, between two cells of a CSV file.
    """

    example: ClassVar[Mapping[str, Any]] = {"path": "patients.csv", "time": "days", "event": "died"}

    path: str
    time: str
    event: str = attrs.field()
    features: tuple[str, ...] | None = attrs.field(default=None)
    text_columns: tuple[str, ...] = attrs.field(default=())
    missing: Missing = "error"
    standardise: bool = True
    event_aware: bool = True
    fold_column: str | None = None
    folds: tuple[str | int, ...] | None = attrs.field(default=None)
    delimiter: str = attrs.field(default=",", validator=one_character)

    @event.validator
    def _is_another_column(self, attribute: attrs.Attribute[Any], value: str) -> None:
        if value == self.time:
            raise FieldError(f"must be another column than `time`, which is `{value}` too")

    @features.validator
    def _hold_no_outcome(self, attribute: attrs.Attribute[Any], value: tuple[str, ...] | None) -> None:
        both = [name for name in value or () if name in (self.time, self.event)]
        if both:
            raise FieldError(f"has `{both[0]}`, which is to be predicted")
        if value is not None and not value:
            raise FieldError("must name at least one column")

    @text_columns.validator
    def _are_features(self, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
        strange = [name for name in value if self.features is not None and name not in self.features]
        if strange:
            raise FieldError(f"has `{strange[0]}`, which is none of `features`")

    @folds.validator
    def _have_a_column(self, attribute: attrs.Attribute[Any], value: tuple[str | int, ...] | None) -> None:
        together(self.fold_column, value)

    @classmethod
    def example_files(cls, folder: Path) -> None:
        """Write the file of `example` into a folder."""
        rows = (f"{100 - 3 * number},{int(number % 3 > 0)},{30 + number},{number % 4 + 0.5}" for number in range(24))
        (folder / "patients.csv").write_text("\n".join(["days,died,age,size", *rows]) + "\n", encoding="utf-8")

    def check(self, training: Any = None) -> list[str]:
        """Return what is wrong with the file, by row and column.

        Args:
            training: the config of the training dataset, where this is that of a validation.
        """
        problems = Problems()
        covariates = None
        if isinstance(training, SurvivalTable):
            of_training = training._read(Problems())
            covariates = of_training and training._learn(of_training, Problems())
        rows = self._read(problems)
        if rows is not None:
            self._numbers(rows, covariates or self._learn(rows, problems), problems)
        return problems.told()

    def count(self) -> int | None:
        """Return how many rows there are, None where that cannot be said."""
        rows = self._read(Problems())
        return None if rows is None else len(rows)

    def build(self, training: Any = None) -> Any:
        """Read the file.

        Args:
            training: what the training dataset's `build` made, where this is the dataset of a validation.

        Raises:
            OptimError: something is wrong with the file, or the training dataset is no such table.
        """
        import torch

        from optim_training.datasets.arrays import Arrays

        problems = Problems()
        rows = self._read(problems)
        problems.refuse()
        if rows is None:
            raise OptimError(f"{self.path}: there is nothing to read")
        covariates = self._learn(rows, problems) if training is None else getattr(training, "covariates", None)
        if not isinstance(covariates, Covariates):
            raise OptimError(f"{self.path}: the training dataset is no survival table, from which its means would be")
        numbers, times, events = self._numbers(rows, covariates, problems)
        problems.refuse()
        facts: dict[str, Any] = {"features": len(covariates.names), "covariates": covariates}
        if self.event_aware:
            facts["strata"] = [int(event) for event in events]
        return Arrays(
            [
                torch.tensor(numbers, dtype=torch.float32),
                torch.tensor(times, dtype=torch.float32),
                torch.tensor(events, dtype=torch.bool),
            ],
            **facts,
        )

    def _read(self, problems: Problems) -> Rows | None:
        """Return the rows, where the file has the columns that this config names."""
        source = Source(path=Path(self.path), delimiter=self.delimiter, fold_column=self.fold_column, folds=self.folds)
        rows = source.rows(problems)
        if rows is None:
            return None
        named = {
            "time": (self.time,),
            "event": (self.event,),
            "features": self.features or (),
            "text_columns": self.text_columns,
        }
        if missing_columns(rows, named, problems):
            return None
        if not self._columns(rows):
            problems.add(f"{self.path}: beside `{self.time}` and `{self.event}` there is no column to predict from")
            return None
        return rows

    def _columns(self, rows: Rows) -> tuple[str, ...]:
        others = (self.time, self.event, self.fold_column)
        return self.features or tuple(name for name in rows.columns if name not in others)

    def _learn(self, rows: Rows, problems: Problems) -> Covariates:
        columns = self._columns(rows)
        return learn_covariates(rows, columns, self.text_columns, self.missing, self.standardise, problems)

    def _numbers(
        self, rows: Rows, covariates: Covariates, problems: Problems
    ) -> tuple[list[list[float]], list[float], list[bool]]:
        numbers = covariates.of_columns(rows, self._columns(rows), problems)
        times = column_of_numbers(rows, self.time, problems, _no_time)
        events = column_of_numbers(rows, self.event, problems, _no_event)
        if rows.rows and not problems and not any(events):
            problems.add(f"{self.path}, column `{self.event}`: no row has an event, so that there is nothing to learn")
        return numbers, times, [bool(event) for event in events]


def _no_time(number: float) -> str | None:
    return f"the time {number:g} is negative" if number < 0 else None


def _no_event(number: float) -> str | None:
    return None if number in (0, 1) else f"an event is 0 or 1, and this is {number:g}"
