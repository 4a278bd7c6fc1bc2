"""Rows of a table in a file, with a class or numbers that are to be predicted of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import attrs

from optim_core.validators import FieldError
from optim_training.datasets.problems import Problems
from optim_training.datasets.tables.config import Learned, TableConfig
from optim_training.datasets.tables.rows import Rows
from optim_training.datasets.tables.targets import class_numbers, class_words, column_of_numbers

__all__ = ["Table"]


@attrs.frozen(kw_only=True)
class Table(TableConfig):
    """Rows of a CSV or parquet file, each with a class or numbers to predict.

    An item is the numbers of a row, float32 of shape (features,), and its class as a number or its targets, float32 of
    shape (targets,). Means, deviations, words and classes are those of the training rows: the dataset of a
    validation takes them over. No row is left out: one that cannot be used is an error that names it.

    Args:
        path: the file: CSV in UTF-8 with a header, or parquet (``pip install 'optim-training[parquet]'``).
        target: the column to predict, or several of them with `task` regression.
        task: "classification", with a class in the column, or "regression".
        features: the columns that it is predicted from; null takes all others.
        text_columns: those of `features` that hold words; each word becomes a number of its own, 0 or 1.
        missing: "error", or "mean": an empty cell is the column's mean over the training rows; of a word, each word's
            share.
        standardise: take the mean off each column of numbers, and divide by the standard deviation.
        stratified: each batch holds the classes in the share that they have in the file.
        fold_column: the column that says in which fold a row is.
        folds: the folds whose rows these are.
        delimiter: one character, between two cells of a CSV file.
    """

    example: ClassVar[Mapping[str, Any]] = {"path": "flowers.csv", "target": "kind"}

    title: ClassVar[str] = "table"

    target: str | tuple[str, ...] = attrs.field()
    task: Literal["classification", "regression"] = attrs.field(default="classification")
    stratified: bool = attrs.field(default=False)

    @target.validator
    def _is_for_the_task(self, attribute: attrs.Attribute[Any], value: str | tuple[str, ...]) -> None:
        if not value:
            raise FieldError("must name a column")

    @task.validator
    def _fits_the_target(self, attribute: attrs.Attribute[Any], value: str) -> None:
        if value == "classification" and len(self._predicted()) > 1:
            raise FieldError("must be regression where `target` has several columns", "name one column in `target`")

    @stratified.validator
    def _has_classes(self, attribute: attrs.Attribute[Any], value: bool) -> None:
        if value and self.task != "classification":
            raise FieldError("needs task: classification")

    @classmethod
    def example_files(cls, folder: Path) -> None:
        """Write the file of `example` into a folder."""
        rows = (f"{number % 7 + 0.5},{number % 5},{('lily', 'rose')[number % 7 > 3]}" for number in range(24))
        (folder / "flowers.csv").write_text("\n".join(["petal,leaves,kind", *rows]) + "\n", encoding="utf-8")

    def _named(self) -> Mapping[str, Sequence[str]]:
        return {"target": (self.target,) if isinstance(self.target, str) else self.target}

    def _classes(self, rows: Rows, problems: Problems) -> tuple[str, ...]:
        return class_words(rows, self._predicted()[0], problems) if self.task == "classification" else ()

    def _targets(self, rows: Rows, learned: Learned, problems: Problems) -> Sequence[Any]:
        if self.task == "classification":
            return class_numbers(rows, self._predicted()[0], learned.classes, problems)
        columns = [column_of_numbers(rows, name, problems) for name in self._predicted()]
        return [list(row) for row in zip(*columns, strict=True)]

    def _items(self, numbers: list[list[float]], targets: Sequence[Any], learned: Learned) -> Any:
        import torch

        from optim_training.datasets.arrays import Arrays

        facts: dict[str, Any] = {"classes": len(learned.classes)} if self.task == "classification" else {}
        if self.stratified:
            facts["strata"] = targets
        dtype = torch.int64 if self.task == "classification" else torch.float32
        tensors = [torch.tensor(numbers, dtype=torch.float32), torch.tensor(targets, dtype=dtype)]
        return Arrays(tensors, features=len(learned.covariates.names), learned=learned, **facts)
