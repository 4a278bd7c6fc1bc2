"""tensorboard: metrics, the config and media as TensorBoard shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs

from optim_training.loggers.libraries import lacking

__all__ = ["TensorBoard"]


@attrs.frozen(kw_only=True)
class TensorBoard:
    """Event files in ``tensorboard/`` in the run's folder: metrics, the config as hyperparameters and text, and media.

    A run that is resumed has TensorBoard forget the steps that it takes once more. Show it with
    ``tensorboard --logdir SAVE_DIR``.

    Args:
        flush_secs: after how many seconds at most what is logged is written, > 0.
    """

    flush_secs: int = attrs.field(default=30, validator=attrs.validators.gt(0))

    def check(self) -> list[str]:
        """Say what is not installed."""
        return lacking("tensorboard", "tensorboard")

    def build(self, folder: Path, project: str, run: str) -> Any:
        """Make the logger."""
        from optim_training.loggers.live.tensorboard import RunTensorBoardLogger

        return RunTensorBoardLogger(folder, flush_secs=self.flush_secs)
