"""When validation runs: every so many optimizer steps, which Lightning would count in batches."""

from __future__ import annotations

import sys
from typing import Any

from lightning.pytorch.callbacks import Callback

from optim_training.steps import steps_of

__all__ = ["ValidationEvery", "first_is_awaited"]


class ValidationEvery(Callback):
    """Has a Trainer with ``check_val_every_n_epoch=None`` validate after optimizer steps.

    Args:
        steps: between two validations, ≥ 1.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._before = 0
        self._held: list[tuple[Any, int]] = []
        self.has_validated = False

    def before_training(self, trainer: Any, pl_module: Any) -> None:
        """Let schedules that wait for a metric of a validation wait for the first one, before which there is none."""
        self._held = [
            (config, config.frequency)
            for config in trainer.lr_scheduler_configs
            if config.reduce_on_plateau and config.monitor not in trainer.callback_metrics
        ]
        for config, _ in self._held:
            # Lightning would end the run, for want of the metric; one of training sets it to 1 when it is logged.
            config.frequency = sys.maxsize

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Let schedules be stepped from now on."""
        for config, frequency in self._held:
            config.frequency = frequency
        self._held = []
        self.has_validated = True

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


def first_is_awaited(trainer: Any) -> bool:
    """Tell whether this process validates, and has not yet.

    Example:
        >>> import lightning as L
        >>> from optim_training.validation import ValidationEvery, first_is_awaited
        >>> quiet = {"logger": False, "enable_checkpointing": False}
        >>> first_is_awaited(L.Trainer(callbacks=[ValidationEvery(10)], **quiet)), first_is_awaited(L.Trainer(**quiet))
        (True, False)
    """
    return any(isinstance(each, ValidationEvery) and not each.has_validated for each in trainer.callbacks)
