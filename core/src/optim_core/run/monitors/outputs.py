"""Where the values of a monitor go: a log, a CSV file, whatever has `add_scalar`, or any function."""

from __future__ import annotations

import csv
import io
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

import attrs

from optim_core.errors import OptimError

__all__ = ["STEP", "CsvWriter", "LogWriter", "Output", "ScalarWriter", "Values", "Writer", "output_of"]

STEP = "step"
"""The key of the step at which the values hold, which is a whole number."""

Values: TypeAlias = Mapping[str, float]
"""What a monitor gives: names to numbers, `step` first."""

Output: TypeAlias = Callable[[Values], object]
"""What takes the values of a monitor: any function of one mapping."""

# How names begin of what is measured module by module; the name of an optimizer may stand before.
_OF_A_MODULE = ("/grad_norm/", "/update_ratio/")


class ScalarWriter(Protocol):
    """What has `add_scalar`, as torch.utils.tensorboard's SummaryWriter and its likes have.

    Example:
        >>> import torch
        >>> from optim_core import registry
        >>> from optim_core.run.monitors import Monitor
        >>> class Printer:
        ...     def add_scalar(self, tag, scalar_value, global_step=None):
        ...         print(global_step, tag, scalar_value)
        >>> run = registry.recipe({"type": "SGD", "config": {"lr": 0.1}}).create(torch.nn.Linear(2, 1))
        >>> monitor = Monitor(run, every=1, to=Printer())
    """

    def add_scalar(self, tag: str, scalar_value: Any, global_step: Any = None, /) -> object:
        """Take one number of one step."""


Writer: TypeAlias = "Output | ScalarWriter"
"""What `output_of` takes."""


def output_of(to: Writer | Sequence[Writer] | None) -> Output:
    """Return the function that hands values on.

    Args:
        to: a function of one mapping; something with `add_scalar`; several of these; None for a log.

    Raises:
        OptimError: it is none of them.
    """
    if to is None:
        return LogWriter()
    if isinstance(to, list | tuple):
        return _Several([output_of(writer) for writer in to])
    if callable(getattr(to, "add_scalar", None)):
        return _Scalars(cast("ScalarWriter", to))
    if callable(to):
        return to
    raise OptimError(
        f"a monitor writes to a function of one mapping, to what has add_scalar, or to a list of these, "
        f"not to {type(to).__name__}; CsvWriter(path) writes a file"
    )


@attrs.frozen
class _Several:
    outputs: list[Output]

    def __call__(self, values: Values) -> None:
        for output in self.outputs:
            output(values)


@attrs.frozen
class _Scalars:
    writer: ScalarWriter

    def __call__(self, values: Values) -> None:
        for name, value in values.items():
            if name != STEP:
                self.writer.add_scalar(name, value, int(values[STEP]))


@attrs.frozen
class LogWriter:
    """Writes a line for each report into a log; what is said of single modules comes in a line of level DEBUG.

    Args:
        logger: by default ``optim_core.run.monitors``.
        level: of the line.

    Example:
        >>> import logging, sys
        >>> from optim_core.run.monitors import LogWriter
        >>> logger = logging.getLogger("training")
        >>> logger.addHandler(logging.StreamHandler(sys.stdout))
        >>> logger.setLevel(logging.INFO)
        >>> LogWriter(logger)({"step": 100, "lr/default": 0.001, "grad_norm": 1.25, "grad_norm/head": 0.5})
        step 100: lr/default 0.001, grad_norm 1.25
    """

    logger: logging.Logger = attrs.field(factory=lambda: logging.getLogger("optim_core.run.monitors"))
    level: int = logging.INFO

    def __call__(self, values: Values) -> None:
        """Write the values of one step."""
        of_modules = {name for name in values if any(part in f"/{name}" for part in _OF_A_MODULE)}
        self._write(self.level, values, [name for name in values if name not in of_modules])
        if of_modules:
            self._write(logging.DEBUG, values, [name for name in values if name in of_modules])

    def _write(self, level: int, values: Values, names: Sequence[str]) -> None:
        if self.logger.isEnabledFor(level):
            said = ", ".join(f"{name} {values[name]:.4g}" for name in names if name != STEP)
            self.logger.log(level, "step %d: %s", values.get(STEP, 0), said)


@attrs.define
class CsvWriter:
    """Writes a row for each report into a CSV file, whose header is written once.

    A file that is there is continued, by a run that was resumed as by another one. It is closed after each row, so that
    what was reported is there when the process is killed; a last row that is not complete is taken off. Where a name
    comes that the header does not have, the file is written anew, beside itself, with one column more.

    Args:
        path: the file; its folder is made.

    Example:
        >>> from tempfile import mkdtemp
        >>> from optim_core.run.monitors import CsvWriter
        >>> writer = CsvWriter(mkdtemp() + "/run.csv")
        >>> writer({"step": 100, "grad_norm": 1.25})
        >>> print(writer.path.read_text(), end="")
        step,grad_norm
        100,1.25
    """

    path: Path = attrs.field(converter=Path)
    _columns: list[str] | None = attrs.field(default=None, init=False, repr=False)

    def __call__(self, values: Values) -> None:
        """Write the values of one step."""
        if self._columns is None:
            self._columns = self._opened()
        new = [name for name in values if name not in self._columns]
        if new:
            self._widen([*self._columns, *new])
        with self.path.open("a", encoding="utf-8", newline="") as file:
            # One call of write for the row, which another process that reads the file sees whole.
            file.write(_text([[values.get(name, "") for name in self._columns]]))

    def _opened(self) -> list[str]:
        """Return the columns of the file that is there, without a row that was not written to its end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        complete = content.rfind(b"\n") + 1
        if complete < len(content):
            os.truncate(self.path, complete)
        return next(iter(self._rows()), [])

    def _rows(self) -> list[list[str]]:
        with self.path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    def _widen(self, columns: list[str]) -> None:
        """Give the file more columns, which are empty in the rows that are there."""
        rows = self._rows()[1:] if self.path.exists() else []
        padded = [[*row, *[""] * (len(columns) - len(row))] for row in rows]
        beside = self.path.with_name(f".{self.path.name}.new")
        beside.write_text(_text([columns, *padded]), encoding="utf-8", newline="")
        beside.replace(self.path)
        self._columns = columns


def _text(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
