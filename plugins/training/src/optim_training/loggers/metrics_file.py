"""metrics.csv: a row for each step, which a run that goes on appends to."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["STEP", "MetricsFile"]

STEP = "step"


class MetricsFile:
    """A file of metrics: a column for each, a row for each step.

    What is written of a step that has the last row already becomes a part of that row, so that the metrics of a
    validation stand beside those of the step after which it ran, and what is written twice stands there once. A row is
    in the hands of the operating system when `write` returns.

    Args:
        path: of the file; its folder exists.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from optim_training.loggers.metrics_file import MetricsFile
        >>> path = Path(tempfile.mkdtemp()) / "metrics.csv"
        >>> file = MetricsFile(path)
        >>> file.write(1, {"loss": 0.5})
        >>> file.write(2, {"loss": 0.25})
        >>> file.write(2, {"accuracy": 0.75})
        >>> print(path.read_text(), end="")
        step,loss,accuracy
        1,0.5,
        2,0.25,0.75
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._columns: list[str] = [STEP]
        self._last: dict[str, str] = {}
        self._last_starts = 0

    def keep_until(self, step: int) -> int:
        r"""Drop the rows of later steps, and what is no whole row, such as a last line that was being written.

        Args:
            step: the last one whose row is kept.

        Returns:
            How many rows were dropped.

        Raises:
            OSError: the file can be neither read nor written.

        Example:
            >>> import tempfile
            >>> from pathlib import Path
            >>> from optim_training.loggers.metrics_file import MetricsFile
            >>> path = Path(tempfile.mkdtemp()) / "metrics.csv"
            >>> _ = path.write_text("step,loss\n1,0.5\n2,0.25\n3,0.1")
            >>> MetricsFile(path).keep_until(1)
            2
            >>> path.read_text()
            'step,loss\n1,0.5\n'
        """
        self.close()
        if not self.path.exists():
            return 0
        rows, dropped = self._rows()
        kept = [row for row in rows if int(row[STEP]) <= step]
        dropped += len(rows) - len(kept)
        if dropped:
            self._replace(kept)
        return dropped

    def write(self, step: int, values: Mapping[str, Any]) -> None:
        """Write values of a step.

        Args:
            step: how many steps were taken.
            values: each by the name of its column; a column that is not there yet is added.

        Raises:
            OSError: the file cannot be written.
        """
        file = self._opened()
        cells = {name: _text(value) for name, value in values.items() if name != STEP}
        new = [name for name in cells if name not in self._columns]
        is_same = self._last.get(STEP) == str(step)
        row = {**self._last, **cells} if is_same else {STEP: str(step), **cells}
        if new:
            rows = self._rows()[0]
            self._columns += new
            self.close()
            self._replace([*(rows[:-1] if is_same else rows), row])
            self._opened()
            return
        if row == self._last:
            return
        line = _lines([row], self._columns)
        # One write, over the old row where there is one: what kills the process leaves the old row or the new one.
        self._last_starts = self._last_starts if is_same else file.seek(0, os.SEEK_END)
        file.seek(self._last_starts)
        file.write(line)
        file.truncate()
        self._last = row

    def sync(self) -> None:
        """Have the disk confirm what is written.

        Raises:
            OSError: it does not.
        """
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; the next `write` opens it again."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def __del__(self) -> None:
        self.close()

    def _opened(self) -> BinaryIO:
        if self._file is not None:
            return self._file
        rows = self._rows()[0] if self.path.exists() else []
        if not self.path.exists() or self.path.read_bytes() != self._whole(rows):
            self._replace(rows)
        self._last = rows[-1] if rows else {}
        self._file = self.path.open("r+b", buffering=0)
        end = self._file.seek(0, os.SEEK_END)
        self._last_starts = end - len(_lines(rows[-1:], self._columns))
        return self._file

    def _rows(self) -> tuple[list[dict[str, str]], int]:
        """Read the columns and the whole rows; return these, and how many others there are."""
        text = self.path.read_bytes().decode(errors="replace")
        table = list(csv.reader(io.StringIO(text, newline="")))
        if not table or STEP not in table[0] or (len(table) == 1 and not text.endswith("\n")):
            self._columns = [STEP]
            return [], len(table)
        self._columns = table[0]
        width = len(self._columns)
        whole = [
            row
            for number, row in enumerate(table[1:], start=2)
            if len(row) == width and (number < len(table) or text.endswith("\n"))
        ]
        rows = [dict(zip(self._columns, row, strict=True)) for row in whole]
        right = [
            {name: cell for name, cell in row.items() if cell or name == STEP} for row in rows if row[STEP].isdecimal()
        ]
        return right, len(table) - 1 - len(right)

    def _replace(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Replace the file in one move, so that it is always whole."""
        beside = self.path.with_name(f".{self.path.name}.part")
        with beside.open("wb") as file:
            file.write(self._whole(rows))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def _whole(self, rows: Iterable[Mapping[str, str]]) -> bytes:
        return _lines([dict(zip(self._columns, self._columns, strict=True)), *rows], self._columns)


def _text(value: Any) -> str:
    item = getattr(value, "item", None)
    return str(item() if callable(item) else value)


def _lines(rows: Iterable[Mapping[str, str]], columns: list[str]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writerows(rows)
    return buffer.getvalue().encode()
