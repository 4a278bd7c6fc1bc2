"""csv: metrics in a file, metrics.csv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

__all__ = ["Csv"]


@attrs.frozen(kw_only=True)
class Csv:
    """Metrics in the run's folder as ``metrics.csv``: a row for each step, a column for each metric.

    A run that is resumed appends to it, after the rows of steps that it takes once more are dropped. The config of the
    run is beside it, as ``config.yaml``.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from optim_training.loggers.csv import Csv
        >>> folder = Path(tempfile.mkdtemp())
        >>> logger = Csv().build(folder, "digits", "first")
        >>> logger.log_metrics({"loss": 0.5}, step=1)
        >>> print((folder / "metrics.csv").read_text(), end="")
        step,loss
        1,0.5
    """

    def build(self, folder: Path, project: str, run: str) -> Any:
        """Make the logger."""
        from optim_training.loggers.live.csv import CsvLogger

        return CsvLogger(folder, project, run)
