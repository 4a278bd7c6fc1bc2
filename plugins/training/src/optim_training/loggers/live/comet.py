"""The logger that writes to Comet."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path
from typing import Any

# Before torch is imported Comet would ask for it to be imported after; Lightning's logger turns off what needs that.
os.environ.setdefault("COMET_DISABLE_AUTO_LOGGING", "1")

import comet_ml
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.loggers import CometLogger

from optim_core import OptimError
from optim_training.loading.seeds import unchanged_generators
from optim_training.loggers.live.media import kind_of, sound_of, table_of

__all__ = ["RunCometLogger"]

_ONLINE = "COMET_START_ONLINE"
_NO = ("0", "false", "no", "off")


class RunCometLogger(CometLogger):
    """Lightning's logger, for a run in its folder.

    Args:
        folder: of the run.
        project: the name of the project.
        run: the id of the run.
        config: what else is wanted.

    Raises:
        OptimError: there is no key, and the experiment is not to be kept here.
    """

    def __init__(self, folder: Path, project: str, run: str, config: Any) -> None:
        said = os.environ.get(_ONLINE, "1").lower() in _NO
        offline = said if config.offline is None else config.offline
        if not offline and not comet_ml.get_config("comet.api_key"):  # type: ignore[attr-defined]
            raise OptimError(
                f"the logger comet has no key: `comet login`, or {_ONLINE}=0, which keeps the experiment in its folder"
            )
        # Given to Lightning's logger, it would turn the experiment off.
        os.environ[_ONLINE] = "0" if offline else "1"
        kept = folder / "comet"
        kept.mkdir(parents=True, exist_ok=True)
        super().__init__(
            project=project,
            workspace=config.workspace,
            # Comet takes letters and digits, 32 to 50 of them.
            experiment_key=hashlib.sha256(f"{project}/{run}".encode()).hexdigest()[:40],
            mode="get_or_create",
            name=run,
            tags=list(config.tags),
            offline_directory=str(kept),
            display_summary_level=0,
        )

    def _create_experiment(self) -> None:
        # Comet draws the name of the zip file from Python's generator. Seeded as it is in every run, it would give the
        # name of the file that a resumed run wrote before.
        with unchanged_generators():
            random.seed()
            super()._create_experiment()

    @rank_zero_only
    def log_media(self, files: list[Path], step: int) -> None:
        """Log what a demo has shown."""
        for file in files:
            kind = kind_of(file)
            if kind == "image":
                self.experiment.log_image(str(file), name=file.name, step=step)
            elif kind == "audio":
                wave, rate = sound_of(file)
                self.experiment.log_audio(wave.mean(axis=1), sample_rate=rate, file_name=file.name, step=step)
            elif file.suffix.lower() == ".csv":
                columns, rows = table_of(file)
                self.experiment.log_table(file.name, tabular_data=rows, headers=columns)
            elif kind == "text":
                text = file.read_text(encoding="utf-8", errors="replace")
                self.experiment.log_text(text, step=step, metadata={"file": file.name})

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the experiment, which writes the file of one that is kept here."""
        super().finalize(status)
        experiment: Any = self._experiment
        if experiment is not None:
            experiment.log_other("status", status)
            experiment.end()
