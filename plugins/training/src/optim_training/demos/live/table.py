"""The demo of tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from optim_core import OptimError
from optim_training.demos.live.batches import first_part, rows_of, second_part

__all__ = ["TableDemo"]


class TableDemo:
    """What a model predicts of rows, beside what is right.

    Args:
        model: what predicts.
        count: how many rows of a batch.
    """

    def __init__(self, model: Any, count: int) -> None:
        self._model, self._count = model, count

    def show(self, batch: Any, step: int, folder: Path) -> list[Path]:
        """Write ``table_00000001.csv``.

        Raises:
            OptimError: the model predicts nothing of the rows.
        """
        few = rows_of(batch, self._count)
        columns = dict(self._columns(few))
        rows = first_part(few, "rows").shape[0]
        other = {name: len(column) for name, column in columns.items() if len(column) != rows}
        if other or not columns:
            raise OptimError(f"the model predicts {other or 'nothing'} of {rows} rows")
        path = folder / f"table_{step:08}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*columns.values(), strict=True))
        return [path]

    def _columns(self, batch: Any) -> Iterator[tuple[str, list[Any]]]:
        own = getattr(self._model, "predictions", None)
        if callable(own):
            told = own(batch)
            if not isinstance(told, Mapping):
                raise OptimError(
                    f"predictions(batch) of {type(self._model).__name__} gives no mapping of names to tensors"
                )
            for name, values in told.items():
                yield from _numbers(name, values)
            return
        right = second_part(batch)
        said = self._model(first_part(batch, "rows"))
        if right is not None:
            yield from _numbers("target", right)
        if right is not None and not right.is_floating_point() and said.dim() == 2 and said.shape[1] > 1:
            shares = said.float().softmax(1)
            yield "predicted", shares.argmax(1).tolist()
            yield "share", _rounded(shares.amax(1))
        else:
            yield from _numbers("predicted", said)


def _numbers(name: str, values: Tensor) -> Iterator[tuple[str, list[Any]]]:
    """Yield a column, or one for each number of a row."""
    flat = values.detach().reshape(values.shape[0], -1)
    for index, column in enumerate(flat.T):
        yield (name if flat.shape[1] == 1 else f"{name} {index}"), _rounded(column)


def _rounded(column: Tensor) -> list[Any]:
    return [float(f"{value:.5g}") if isinstance(value, float) else value for value in column.tolist()]
