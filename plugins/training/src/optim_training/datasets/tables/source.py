"""Which rows of which file a dataset has: the file, its delimiter, the column with the folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from optim_core.plugin_tools import listing, nearest
from optim_core.validators import FieldError
from optim_training.datasets.problems import Problems
from optim_training.datasets.tables.cells import is_missing, word_of
from optim_training.datasets.tables.rows import Row, Rows, read_rows

__all__ = ["Source", "missing_columns", "one_character", "together"]


def one_character(_: object, attribute: attrs.Attribute[str], value: str) -> None:  # noqa: ARG001 - as attrs calls it
    """Refuse a delimiter that is no single character.

    Raises:
        FieldError: it is none.
    """
    if len(value) != 1 or value in '"\r\n':
        raise FieldError(f"must be one character, is {value!r}", 'a tab is "\\t"')


def together(fold_column: str | None, folds: Sequence[object] | None) -> None:
    """Refuse folds without the column that has them, and a column of folds of which none is taken.

    Raises:
        FieldError: one of the two is missing.
    """
    if folds is not None and fold_column is None:
        raise FieldError("needs `fold_column`, the column that says in which fold a row is")
    if folds is None and fold_column is not None:
        raise FieldError(f"must say which folds of `{fold_column}` these rows are of")
    if folds is not None and not folds:
        raise FieldError("must name at least one fold")


@attrs.frozen(kw_only=True)
class Source:
    """Some rows of a file.

    Args:
        path: the file.
        delimiter: what stands between two cells of a CSV file.
        fold_column: the column that says in which fold a row is; None where there is none.
        folds: the folds whose rows these are.
    """

    path: Path
    delimiter: str
    fold_column: str | None
    folds: tuple[str | int, ...] | None

    def rows(self, problems: Problems) -> Rows | None:
        """Read the rows; return None where there are none to look at.

        Args:
            problems: what is wrong is added here.
        """
        read = read_rows(self.path, self.delimiter, problems)
        if read is None or self.fold_column is None:
            return read
        if missing_columns(read, {"fold_column": [self.fold_column]}, problems):
            return None
        return self._of_folds(read, read.columns.index(self.fold_column), problems)

    def _of_folds(self, read: Rows, index: int, problems: Problems) -> Rows:
        wanted = {word_of(fold) for fold in self.folds or ()}
        taken: list[Row] = []
        seen: dict[str, None] = {}
        for row in read.rows:
            cell = row.cells[index]
            if is_missing(cell, word=True):
                problems.add(f"{row.place}, column `{self.fold_column}`: it is in no fold")
                continue
            seen[word_of(cell)] = None
            if word_of(cell) in wanted:
                taken.append(row)
        for fold in sorted(wanted - set(seen)):
            problems.add(
                f"{self.path}: no row is in fold {fold}; `{self.fold_column}` has {listing(sorted(seen)[:20])}"
            )
        return attrs.evolve(read, rows=tuple(taken))


def missing_columns(rows: Rows, wanted: Mapping[str, Sequence[str]], problems: Problems) -> bool:
    """Tell whether the table lacks columns, and add a sentence for each.

    Args:
        rows: the table.
        wanted: a key of the config to the columns that it names.
        problems: what is wrong is added here.
    """
    lacks = [(key, name) for key, names in wanted.items() for name in names if name not in rows.columns]
    for key, name in lacks:
        near = nearest(name, rows.columns) if len(rows.columns) > 1 else None
        hint = f"did you mean `{near}`? " if near else ""
        problems.add(f"{rows.path}: there is no column `{name}`, which `{key}` names; {hint}{_columns(rows)}")
    return bool(lacks)


def _columns(rows: Rows) -> str:
    if len(rows.columns) == 1:
        return f"there is one column, `{rows.columns[0]}`: is the `delimiter` right?"
    return f"the columns are {listing(rows.columns[:30])}{' and others' if len(rows.columns) > 30 else ''}"
