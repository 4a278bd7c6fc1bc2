"""Rows of a table in a file, with a class or numbers that are to be predicted of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import attrs

from optim_core import OptimError
from optim_core.validators import FieldError
from optim_training.datasets.problems import Problems
from optim_training.datasets.tables.covariates import Covariates, Missing, learn_covariates
from optim_training.datasets.tables.rows import Rows
from optim_training.datasets.tables.source import Source, missing_columns, one_character, together
from optim_training.datasets.tables.targets import class_numbers, class_words, column_of_numbers

__all__ = ["Table"]


@attrs.frozen(kw_only=True)
class _Learned:
    """What validation takes over from the training rows."""

    covariates: Covariates
    classes: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Table:
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

    path: str
    target: str | tuple[str, ...] = attrs.field()
    task: Literal["classification", "regression"] = attrs.field(default="classification")
    features: tuple[str, ...] | None = attrs.field(default=None)
    text_columns: tuple[str, ...] = attrs.field(default=())
    missing: Missing = "error"
    standardise: bool = True
    stratified: bool = attrs.field(default=False)
    fold_column: str | None = None
    folds: tuple[str | int, ...] | None = attrs.field(default=None)
    delimiter: str = attrs.field(default=",", validator=one_character)

    @target.validator
    def _is_for_the_task(self, attribute: attrs.Attribute[Any], value: str | tuple[str, ...]) -> None:
        if not value:
            raise FieldError("must name a column")

    @task.validator
    def _fits_the_target(self, attribute: attrs.Attribute[Any], value: str) -> None:
        if value == "classification" and len(self._targets) > 1:
            raise FieldError("must be regression where `target` has several columns", "name one column in `target`")

    @features.validator
    def _hold_no_target(self, attribute: attrs.Attribute[Any], value: tuple[str, ...] | None) -> None:
        both = [name for name in value or () if name in self._targets]
        if both:
            raise FieldError(f"has `{both[0]}`, which is the target")
        if value is not None and not value:
            raise FieldError("must name at least one column")

    @text_columns.validator
    def _are_features(self, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
        strange = [name for name in value if self.features is not None and name not in self.features]
        if strange:
            raise FieldError(f"has `{strange[0]}`, which is none of `features`")

    @stratified.validator
    def _has_classes(self, attribute: attrs.Attribute[Any], value: bool) -> None:
        if value and self.task != "classification":
            raise FieldError("needs task: classification")

    @folds.validator
    def _have_a_column(self, attribute: attrs.Attribute[Any], value: tuple[str | int, ...] | None) -> None:
        together(self.fold_column, value)

    @classmethod
    def example_files(cls, folder: Path) -> None:
        """Write the file of `example` into a folder."""
        rows = (f"{number % 7 + 0.5},{number % 5},{('lily', 'rose')[number % 7 > 3]}" for number in range(24))
        (folder / "flowers.csv").write_text("\n".join(["petal,leaves,kind", *rows]) + "\n", encoding="utf-8")

    @property
    def _targets(self) -> tuple[str, ...]:
        return (self.target,) if isinstance(self.target, str) else tuple(self.target)

    def check(self, training: Any = None) -> list[str]:
        """Return what is wrong with the file, by row and column.

        Args:
            training: the config of the training dataset, where this is that of a validation.
        """
        problems = Problems()
        learned = None
        if isinstance(training, Table):
            of_training = training._read(Problems())
            learned = of_training and training._learn(of_training, Problems())
        rows = self._read(problems)
        if rows is not None:
            self._numbers(rows, learned or self._learn(rows, problems), problems)
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
        learned = self._learn(rows, problems) if training is None else getattr(training, "learned", None)
        if not isinstance(learned, _Learned):
            raise OptimError(
                f"{self.path}: the training dataset is no table, from which its classes and means would be"
            )
        numbers, targets = self._numbers(rows, learned, problems)
        problems.refuse()
        facts: dict[str, Any] = {"features": len(learned.covariates.names), "learned": learned}
        if self.task == "classification":
            facts["classes"] = len(learned.classes)
        if self.stratified:
            facts["strata"] = targets
        dtype = torch.int64 if self.task == "classification" else torch.float32
        return Arrays([torch.tensor(numbers, dtype=torch.float32), torch.tensor(targets, dtype=dtype)], **facts)

    def _read(self, problems: Problems) -> Rows | None:
        """Return the rows, where the file has the columns that this config names."""
        source = Source(path=Path(self.path), delimiter=self.delimiter, fold_column=self.fold_column, folds=self.folds)
        rows = source.rows(problems)
        if rows is None:
            return None
        named = {"target": self._targets, "features": self.features or (), "text_columns": self.text_columns}
        if missing_columns(rows, named, problems):
            return None
        if not self._columns(rows):
            problems.add(f"{self.path}: beside `{', '.join(self._targets)}` there is no column to predict from")
            return None
        return rows

    def _columns(self, rows: Rows) -> tuple[str, ...]:
        others = (*self._targets, self.fold_column)
        return self.features or tuple(name for name in rows.columns if name not in others)

    def _learn(self, rows: Rows, problems: Problems) -> _Learned:
        columns = self._columns(rows)
        covariates = learn_covariates(rows, columns, self.text_columns, self.missing, self.standardise, problems)
        if self.task != "classification":
            return _Learned(covariates=covariates, classes=())
        return _Learned(covariates=covariates, classes=class_words(rows, self._targets[0], problems))

    def _numbers(self, rows: Rows, learned: _Learned, problems: Problems) -> tuple[list[list[float]], list[Any]]:
        numbers = learned.covariates.of_columns(rows, self._columns(rows), problems)
        if self.task == "classification":
            return numbers, list(class_numbers(rows, self._targets[0], learned.classes, problems))
        columns = [column_of_numbers(rows, name, problems) for name in self._targets]
        return numbers, [list(row) for row in zip(*columns, strict=True)]
