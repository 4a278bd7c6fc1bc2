"""Rows of a table with a time and whether something happened then: survival data, censored on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs

from optim_core.validators import FieldError
from optim_training.datasets.problems import Problems
from optim_training.datasets.tables.config import Learned, TableConfig
from optim_training.datasets.tables.rows import Rows
from optim_training.datasets.tables.targets import column_of_numbers

__all__ = ["SurvivalTable"]


@attrs.frozen(kw_only=True)
class SurvivalTable(TableConfig):
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

    title: ClassVar[str] = "survival table"

    time: str
    event: str = attrs.field()
    event_aware: bool = True

    @event.validator
    def _is_another_column(self, attribute: attrs.Attribute[Any], value: str) -> None:
        if value == self.time:
            raise FieldError(f"must be another column than `time`, which is `{value}` too")

    @classmethod
    def example_files(cls, folder: Path) -> None:
        """Write the file of `example` into a folder."""
        rows = (f"{100 - 3 * number},{int(number % 3 > 0)},{30 + number},{number % 4 + 0.5}" for number in range(24))
        (folder / "patients.csv").write_text("\n".join(["days,died,age,size", *rows]) + "\n", encoding="utf-8")

    def _named(self) -> Mapping[str, Sequence[str]]:
        return {"time": (self.time,), "event": (self.event,)}

    def _targets(self, rows: Rows, learned: Learned, problems: Problems) -> Sequence[tuple[float, bool]]:
        times = column_of_numbers(rows, self.time, problems, _no_time)
        events = column_of_numbers(rows, self.event, problems, _no_event)
        if rows.rows and not problems and not any(events):
            problems.add(f"{self.path}, column `{self.event}`: no row has an event, so that there is nothing to learn")
        return [(time, bool(event)) for time, event in zip(times, events, strict=True)]

    def _items(self, numbers: list[list[float]], targets: Sequence[Any], learned: Learned) -> Any:
        import torch

        from optim_training.datasets.arrays import Arrays

        facts = {"strata": [int(event) for _, event in targets]} if self.event_aware else {}
        columns = (numbers, [time for time, _ in targets], [event for _, event in targets])
        types = (torch.float32, torch.float32, torch.bool)
        tensors = [torch.tensor(column, dtype=dtype) for column, dtype in zip(columns, types, strict=True)]
        return Arrays(tensors, features=len(learned.covariates.names), learned=learned, **facts)


def _no_time(number: float) -> str | None:
    return f"the time {number:g} is negative" if number < 0 else None


def _no_event(number: float) -> str | None:
    return None if number in (0, 1) else f"an event is 0 or 1, and this is {number:g}"
