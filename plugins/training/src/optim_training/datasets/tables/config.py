"""What every config of a table has: the file, its columns, its folds; and how such a dataset is checked and read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs

from optim_core import OptimError
from optim_core.plugin_tools import listing
from optim_core.validators import FieldError
from optim_training.datasets.problems import Problems
from optim_training.datasets.tables.covariates import Covariates, Missing, learn_covariates
from optim_training.datasets.tables.rows import Rows
from optim_training.datasets.tables.source import Source, missing_columns, one_character, together

__all__ = ["Learned", "TableConfig"]


@attrs.frozen(kw_only=True)
class Learned:
    """What validation takes over from the training rows.

    Args:
        title: what the dataset is called.
        covariates: the means, deviations and words of the columns that are predicted from.
        classes: the classes to predict; none where numbers are predicted.
    """

    title: str
    covariates: Covariates
    classes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class TableConfig(ABC):
    """A dataset of the rows of a file, each with columns to predict and columns to predict them from."""

    # What such a dataset is called in messages.
    title: ClassVar[str]

    path: str
    features: tuple[str, ...] | None = attrs.field(default=None)
    text_columns: tuple[str, ...] = attrs.field(default=())
    missing: Missing = "error"
    standardise: bool = True
    fold_column: str | None = None
    folds: tuple[str | int, ...] | None = attrs.field(default=None)
    delimiter: str = attrs.field(default=",", validator=one_character)

    @features.validator
    def _hold_no_target(self, attribute: attrs.Attribute[Any], value: tuple[str, ...] | None) -> None:
        both = [name for name in value or () if name in self._predicted()]
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

    @abstractmethod
    def _named(self) -> Mapping[str, Sequence[str]]:
        """Return the columns to predict, by the field that names them."""

    def _predicted(self) -> list[str]:
        return [column for columns in self._named().values() for column in columns]

    @abstractmethod
    def _targets(self, rows: Rows, learned: Learned, problems: Problems) -> Sequence[Any]:
        """Return what is to be predicted, of all rows."""

    @abstractmethod
    def _items(self, numbers: list[list[float]], targets: Sequence[Any], learned: Learned) -> Any:
        """Return the live dataset of the numbers and targets of all rows."""

    def _classes(self, rows: Rows, problems: Problems) -> tuple[str, ...]:
        """Return the classes to predict."""
        return ()

    def check(self, training: Any = None) -> list[str]:
        """Return what is wrong with the file, by row and column.

        Args:
            training: the config of the training dataset, where this is that of a validation.
        """
        problems = Problems()
        learned = None
        if isinstance(training, type(self)):
            of_training = training._read(Problems())
            learned = of_training and training._learn(of_training, Problems())
        rows = self._read(problems)
        if rows is not None:
            self._of_rows(rows, learned or self._learn(rows, problems), problems)
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
        problems = Problems()
        rows = self._read(problems)
        problems.refuse()
        if rows is None:
            raise OptimError(f"{self.path}: there is nothing to read")
        learned = self._learn(rows, problems) if training is None else getattr(training, "learned", None)
        if not isinstance(learned, Learned) or learned.title != self.title:
            raise OptimError(f"{self.path}: the training dataset is no {self.title}, from which its means would be")
        numbers, targets = self._of_rows(rows, learned, problems)
        problems.refuse()
        return self._items(numbers, targets, learned)

    def _read(self, problems: Problems) -> Rows | None:
        """Return the rows, where the file has the columns that this config names."""
        source = Source(path=Path(self.path), delimiter=self.delimiter, fold_column=self.fold_column, folds=self.folds)
        rows = source.rows(problems)
        if rows is None:
            return None
        named = {**self._named(), "features": self.features or (), "text_columns": self.text_columns}
        if missing_columns(rows, named, problems):
            return None
        if not self._columns(rows):
            names = listing(f"`{column}`" for column in self._predicted())
            problems.add(f"{self.path}: beside {names} there is no column to predict from")
            return None
        return rows

    def _columns(self, rows: Rows) -> tuple[str, ...]:
        """Return the columns that are predicted from."""
        others = (*self._predicted(), self.fold_column)
        return self.features or tuple(name for name in rows.columns if name not in others)

    def _learn(self, rows: Rows, problems: Problems) -> Learned:
        columns = self._columns(rows)
        covariates = learn_covariates(rows, columns, self.text_columns, self.missing, self.standardise, problems)
        return Learned(title=self.title, covariates=covariates, classes=self._classes(rows, problems))

    def _of_rows(self, rows: Rows, learned: Learned, problems: Problems) -> tuple[list[list[float]], Sequence[Any]]:
        """Return the numbers and the targets of all rows."""
        numbers = learned.covariates.of_columns(rows, self._columns(rows), problems)
        return numbers, self._targets(rows, learned, problems)
