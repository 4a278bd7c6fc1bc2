"""The logger that writes TensorBoard's event files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.loggers import TensorBoardLogger

from optim_training.loggers.live.media import image_of, kind_of, sound_of, text_of

__all__ = ["RunTensorBoardLogger"]


class RunTensorBoardLogger(TensorBoardLogger):
    """Lightning's logger, with files in one folder that a resumed run goes on with.

    Args:
        folder: of the run.
        flush_secs: after how many seconds at most what is logged is written.
    """

    def __init__(self, folder: Path, *, flush_secs: int) -> None:
        super().__init__(folder, name=None, version="tensorboard", flush_secs=flush_secs)
        self._has_begun = False

    @rank_zero_only
    def go_on_after(self, step: int) -> None:
        """Have TensorBoard forget later steps, which are taken once more."""
        if step:
            self._kwargs["purge_step"] = step + 1
        self._has_begun = True

    @rank_zero_only
    def save(self) -> None:
        """Write what is logged. The files are begun when it is known where the run goes on."""
        if self._has_begun:
            self.experiment.flush()

    @rank_zero_only
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Log the config, as hyperparameters and as text."""
        if not self._has_begun:
            # Lightning logs those of a module before a checkpoint says at which step it goes on.
            return
        super().log_hyperparams(params, *args, **kwargs)
        text = yaml.safe_dump(dict(params), sort_keys=False, allow_unicode=True)
        self.experiment.add_text("config", f"```yaml\n{text}```", 0)

    @rank_zero_only
    def log_media(self, files: list[Path], step: int) -> None:
        """Log what a demo has shown."""
        for file in files:
            tag = f"demo/{file.stem.rpartition('_')[0] or file.stem}"
            kind = kind_of(file)
            if kind == "image":
                self.experiment.add_image(tag, image_of(file), step, dataformats="HWC")
            elif kind == "audio":
                wave, rate = sound_of(file)
                # It takes one channel.
                self.experiment.add_audio(tag, wave.mean(axis=1), step, sample_rate=rate)
            elif kind == "text":
                self.experiment.add_text(tag, text_of(file), step)
