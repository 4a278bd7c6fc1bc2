"""The logger that writes metrics.csv."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.loggers.logger import Logger

from optim_training.loggers.metrics_file import MetricsFile

__all__ = ["CsvLogger"]


class CsvLogger(Logger):
    """Write metrics into ``metrics.csv`` in a folder.

    Lightning's CSVLogger deletes the file that it finds.

    Args:
        folder: of the run; it is made where it is missing, at the first metrics.
        project: the name of the project.
        run: the id of the run.
    """

    def __init__(self, folder: Path, project: str, run: str) -> None:
        super().__init__()
        self._folder, self._project, self._run = Path(folder), project, run
        self._file = MetricsFile(self._folder / "metrics.csv")

    @property
    def name(self) -> str:
        """The name of the project."""
        return self._project

    @property
    def version(self) -> str:
        """The id of the run."""
        return self._run

    @property
    def save_dir(self) -> str:
        """The folder of the run."""
        return str(self._folder)

    @property
    def log_dir(self) -> str:
        """The folder of the run."""
        return str(self._folder)

    @rank_zero_only
    def go_on_after(self, step: int) -> None:
        """Drop the rows of steps that are taken once more."""
        self._file.keep_until(step)

    @rank_zero_only
    def keep(self, metrics: dict[str, float], step: int) -> None:
        """Write metrics of the step that a checkpoint is written of, and have the disk confirm it.

        Lightning logs them after the checkpoint: a process that is killed between the two would leave a checkpoint of
        a step whose row is nowhere. What is then logged once more changes nothing.
        """
        if metrics:
            self.log_metrics(metrics, step)
        self._file.sync()

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Write metrics into the row of their step."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file.write(0 if step is None else step, metrics)

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the config is in the folder of the run already, as config.yaml."""

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Close the file."""
        self._file.close()
