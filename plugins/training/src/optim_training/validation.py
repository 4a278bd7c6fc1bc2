"""When validation runs: every so many optimizer steps, which Lightning would count in batches."""

from __future__ import annotations

import sys
from typing import Any

from lightning.pytorch.callbacks import Callback

from optim_training.steps import steps_of

__all__ = ["ValidationEvery"]


class ValidationEvery(Callback):
    """Has a Trainer with ``check_val_every_n_epoch=None`` validate after optimizer steps.

    Args:
        steps: between two validations, ≥ 1.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._before = 0

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin to count where the run goes on."""
        self._before = steps_of(trainer)
        trainer.val_check_batch = sys.maxsize

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Say whether validation follows this batch."""
        steps = steps_of(trainer)
        is_due = steps != self._before and steps % self._steps == 0
        self._before = steps
        # Lightning validates after each batch whose number it divides; infinity would be the end of each epoch.
        trainer.val_check_batch = 1 if is_due else sys.maxsize
