"""Writes the checkpoints of a run, and removes those that are too many."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import Callback

from optim_core.plugin_tools import refuse_other_than_plain, together
from optim_training.checkpoints.folders import flush, remove, seal
from optim_training.checkpoints.names import checkpoint_name, checkpoints_in, step_of
from optim_training.steps import steps_of

__all__ = ["CheckpointWriter"]

_BEING_WRITTEN = ".saving"
_BEING_REMOVED = ".removed"


class CheckpointWriter(Callback):
    """Writes a checkpoint every so many optimizer steps, and after the last step; `Moments` says when.

    Promises: a checkpoint is written after an optimizer step, its validation and its logging, never within; it appears
    under its name when it is whole, file or folder, and the disk has it; what was logged up to its step is written
    before it. The newest `save_top_k` are kept, those included that an earlier process of the run wrote, and an older
    one goes only when the newer one is there.

    Args:
        folder: of the checkpoints, ``SAVE_DIR/PROJECT/RUN/checkpoints``.
        every: a checkpoint is written after so many optimizer steps; with several optimizers, after each has stepped so
            often.
        save_top_k: how many are kept; -1 keeps all, and with 0 none is written.
        also: what else each checkpoint holds, by its keys, such as ``model_config``: plain data that JSON can hold.

    Raises:
        OptimError: before the training, where something that a checkpoint shall hold is no plain data.
        CheckpointError: on each process, where a checkpoint cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.checkpoints.writer import CheckpointWriter
        >>> writer = CheckpointWriter(Path("runs/first/checkpoints"), every=1000, also={"model_config": {}})
        >>> writer.newest is None
        True
    """

    def __init__(
        self, folder: Path, *, every: int, save_top_k: int = -1, also: Mapping[str, Any] | None = None
    ) -> None:
        self.folder = folder
        self.every = every
        self.save_top_k = save_top_k
        self.also = dict(also or {})
        self.newest: Path | None = None
        self._saved_step = 0

    def before_training(self, trainer: Any, pl_module: Any) -> None:
        """Refuse what could not be saved, and remove what a killed process has left half written."""
        hyperparameters = dict(getattr(pl_module, "hparams", {}))
        refuse_other_than_plain({"the hyperparameters of the model": hyperparameters, **self.also})
        self._saved_step = steps_of(trainer)
        if trainer.is_global_zero and self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.name.startswith(".") and path.name.endswith((_BEING_WRITTEN, _BEING_REMOVED)):
                    remove(path)

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Put in what else a checkpoint holds."""
        checkpoint.update(self.also)

    def after_step(self, trainer: Any, pl_module: Any) -> None:
        """Write a checkpoint where one is due."""
        step = steps_of(trainer)
        is_last = trainer.should_stop or -1 < trainer.max_steps <= trainer.global_step
        if is_last or (self.every > 0 and step % self.every == 0):
            self.save(trainer)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Write one after the last step."""
        self.save(trainer)

    def save(self, trainer: Any) -> Path | None:
        """Write a checkpoint of the last step, unless it is there or none shall be kept; each process calls this.

        Returns:
            The newest checkpoint of this process; None where there is none.
        """
        step = steps_of(trainer)
        if step == self._saved_step or self.save_top_k == 0:
            return self.newest
        for logger in trainer.loggers:
            logger.save()
        # The epoch is that of the step, whether it has ended with it or not.
        place = self.folder / checkpoint_name(_epoch(trainer), step)
        unfinished = place.with_name(f".{place.name}{_BEING_WRITTEN}")
        first = trainer.is_global_zero
        together(lambda: remove(unfinished) if first else None)
        checkpoint = trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
        together(lambda: trainer.strategy.save_checkpoint(checkpoint, unfinished))
        together(lambda: self._finish(unfinished, place) if first else None)
        self._saved_step, self.newest = step, place
        return place

    def _finish(self, unfinished: Path, place: Path) -> None:
        if unfinished.is_dir():
            seal(unfinished, self.also)
        if place.is_dir() or unfinished.is_dir():
            # A folder takes the place of nothing else in one move.
            remove(place)
        unfinished.replace(place)
        flush(self.folder)
        self._prune(place)

    def _prune(self, newest: Path) -> None:
        """Remove the oldest; one of a later step than the newest is of another time, and nobody's to remove here."""
        if self.save_top_k < 0:
            return
        step = step_of(newest) or 0
        own = [path for path in checkpoints_in(self.folder) if (step_of(path) or step + 1) <= step]
        for path in own[self.save_top_k :]:
            remove(path)


def _epoch(trainer: Any) -> int:
    epochs = trainer.fit_loop.epoch_progress.current
    return int(max(epochs.ready - 1, 0))
