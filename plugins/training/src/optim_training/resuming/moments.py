"""Two moments of a run for which Lightning has no hook, and in which all others here do what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lightning.pytorch.callbacks import Callback

from optim_training.steps import steps_of

__all__ = ["Moments"]


class Moments(Callback):
    """Calls two methods of those callbacks of a Trainer that have them, in the order of its list.

    - ``before_training(trainer, module)``: after all that is done when a training starts, by whichever hook, and before
      its first epoch, or the first batch of an epoch that goes on;
    - ``after_step(trainer, module)``: after each optimizer step, when all that belongs to it is done: its validation,
      what was logged of it, the schedules. After the last step of an epoch the epoch has ended, too. Of several
      optimizers each has stepped; `steps_of` says how steps are counted.

    Promises: between ``after_step`` and the next batch nothing of the step is to come, so that whoever saves there
    saves all of it.

    Example:
        >>> import lightning as L
        >>> from optim_training.resuming.moments import Moments
        >>> trainer = L.Trainer(callbacks=[Moments()], logger=False, enable_checkpointing=False)
        >>> any(isinstance(callback, Moments) for callback in trainer.callbacks)
        True
    """

    def __init__(self) -> None:
        self._told = 0

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Follow the loops of the trainer."""
        loop = trainer.fit_loop
        if stage != "fit" or "on_run_start" in vars(loop):
            return
        _follow(loop, "on_run_start", lambda: self._begin(trainer))
        _follow(loop.epoch_loop, "on_advance_end", lambda: self._end_batch(trainer))
        _follow(loop, "on_advance_end", lambda: self._end_step(trainer))

    def _begin(self, trainer: Any) -> None:
        self._told = steps_of(trainer)
        _call(trainer, "before_training")

    def _end_batch(self, trainer: Any) -> None:
        # After the last batch the epoch is still to be ended.
        if not trainer.fit_loop.epoch_loop._num_ready_batches_reached():
            self._end_step(trainer)

    def _end_step(self, trainer: Any) -> None:
        steps = steps_of(trainer)
        if steps > self._told and not _is_within(trainer):
            self._told = steps
            _call(trainer, "after_step")


def _is_within(trainer: Any) -> bool:
    """Tell whether some of several optimizers have stepped, and others are still to, where Lightning alone counts."""
    counts = isinstance(getattr(trainer.lightning_module, "steps_taken", None), int)
    return not counts and trainer.global_step % max(1, len(trainer.optimizers)) != 0


def _call(trainer: Any, name: str) -> None:
    for callback in list(trainer.callbacks):
        method = getattr(callback, name, None)
        if method is not None:
            method(trainer, trainer.lightning_module)


def _follow(loop: Any, name: str, then: Callable[[], None]) -> None:
    """Let a method of a loop of Lightning's be followed by a call."""
    method = getattr(loop, name)

    def followed(*arguments: Any) -> None:
        method(*arguments)
        then()

    setattr(loop, name, followed)
