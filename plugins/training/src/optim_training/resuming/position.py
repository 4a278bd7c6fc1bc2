"""Where a run is: the next batch, and the state of every random generator, in each checkpoint of it."""

from __future__ import annotations

import warnings
from typing import Any

from lightning.pytorch.callbacks import Callback

from optim_core import CheckpointWarning
from optim_core.plugin_tools import load_random_state, random_state, together
from optim_training.loading.loaders import Loader
from optim_training.resuming.logged import add_sums, load_logged, logged

__all__ = ["KEY", "Position"]

KEY = "optim_training"
"""The key of a checkpoint with what is here; all of it is plain data."""


class Position(Callback):
    """Lets a run that is resumed go on with the next batch, as if it had never been left.

    Promises: a checkpoint that is written in ``after_step`` (see `Moments`, which has to be among the callbacks, too)
    continues bit for bit: the same items in the same order, the same random numbers, the same validations, the same
    means over an epoch, for whatever number of workers. Where the batches are of another size, or on another number of
    processes, the epoch goes on with the first batch that is not trained yet, and a `CheckpointWarning` says so.

    Args:
        training: the loader of what is trained.
        others: loaders of which each process has its share as well, such as that of validation.

    Example:
        >>> from optim_training.loading.loaders import training_loader
        >>> from optim_training.resuming.position import Position
        >>> position = Position(training_loader([0.0, 1.0], batch_size=1, seed=42))
        >>> position.resumed
        False
    """

    def __init__(self, training: Loader, *others: Loader) -> None:
        self._loaders = training, *others
        self._order = training.order
        self._saved: dict[str, Any] | None = None
        self._sums: dict[str, Any] = {}
        self.resumed = False

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Give each process its share."""
        share = _share(trainer)
        for loader in self._loaders:
            loader.order.share(*share)

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin an epoch with its first batch."""
        self._order.start_at(trainer.fit_loop.epoch_progress.current.processed, 0)

    def on_save_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Say where the run is, with the states of all processes."""
        epoch, batch = where(trainer)
        processes = together(lambda: {"random": random_state({})["process"], "logged": logged(trainer)})
        checkpoint.setdefault(KEY, {}).update(
            {
                "epoch": epoch,
                "batch": batch,
                "items_per_batch": self._order.seen_per_batch,
                "seed": self._order.seed,
                "items": self._order.size,
                "accumulated": trainer.accumulate_grad_batches,
                "processes": processes,
            }
        )

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Begin with the batch that was to come when the checkpoint was written."""
        saved = checkpoint.get(KEY)
        if trainer.state.fn != "fit":
            return
        if not isinstance(saved, dict) or "epoch" not in saved:
            warnings.warn(
                "the checkpoint does not say which batch was to come, and no state of a random generator: it is "
                "another program's, and the run goes on with the first batch of an epoch",
                CheckpointWarning,
                stacklevel=2,
            )
            saved = {"epoch": int(checkpoint.get("epoch", 0)), "batch": 0, "processes": []}
        self._saved, self.resumed = saved, True
        self._tell_of_other_lengths(saved, trainer)
        epoch, batch = saved["epoch"], self._batch(saved)
        self._order.start_at(epoch, batch)
        if "loops" in checkpoint:
            _set_progress(checkpoint["loops"]["fit_loop"], epoch, batch)

    def _batch(self, saved: dict[str, Any]) -> int:
        batch, before, now = saved["batch"], saved.get("items_per_batch"), self._order.seen_per_batch
        if saved.get("seed", self._order.seed) != self._order.seed and batch:
            self._tell(
                f"it was trained with the seed {saved['seed']}, and now {self._order.seed}: the rest of its epoch"
            )
        if before in (None, now) or not batch:
            return int(batch)
        self._tell(f"its batches had {before} items over all processes, and have {now}: its epoch")
        return min(int(batch * before // now), len(self._order) - 1)

    def _tell_of_other_lengths(self, saved: dict[str, Any], trainer: Any) -> None:
        for key, now, what in (
            ("items", self._order.size, "its data had {} items, and have {}"),
            ("accumulated", trainer.accumulate_grad_batches, "a step of it was made of {} batches, and is made of {}"),
        ):
            before = saved.get(key, now)
            if before != now:
                warnings.warn(
                    f"the run does not go on exactly as it was: {what.format(before, now)}",
                    CheckpointWarning,
                    stacklevel=2,
                )

    def _tell(self, what: str) -> None:
        warnings.warn(
            f"the run does not go on exactly as it was: {what} has items that are seen twice or not at all",
            CheckpointWarning,
            stacklevel=2,
        )

    def before_training(self, trainer: Any, pl_module: Any) -> None:
        """Put the random generators back, after all that has drawn from them while the run was set up."""
        saved, self._saved = self._saved, None
        if saved is None:
            return
        _go_on(trainer.fit_loop, self._order.batch)
        own = saved["processes"][trainer.global_rank : trainer.global_rank + 1]
        for state in own:
            load_logged(trainer, state["logged"])
            self._sums = state["logged"]["sums"] if self._order.batch else {}
            load_random_state({"process": state["random"], "own": {}}, {})

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Add what was logged of the epoch before the run was left."""
        sums, self._sums = self._sums, {}
        if sums:
            add_sums(trainer, sums)


def where(trainer: Any) -> tuple[int, int]:
    """Return the epoch and the batch that come next, both counted from 0."""
    loop = trainer.fit_loop
    epochs, batches = loop.epoch_progress.current, loop.epoch_loop.batch_progress.current
    if epochs.ready == epochs.processed:
        return int(epochs.processed), 0
    if loop.epoch_loop._num_ready_batches_reached():
        return int(epochs.processed) + 1, 0
    return int(epochs.processed), int(batches.completed)


def _share(trainer: Any) -> tuple[int, int]:
    """Return the rank and the number of those processes that have different data."""
    share = trainer.distributed_sampler_kwargs
    return (0, 1) if share is None else (share["rank"], share["num_replicas"])


def _set_progress(loops: dict[str, Any], epoch: int, batch: int) -> None:
    """Say in the states of Lightning's loops where a run is, in the one way that they go on from as `_go_on` has it."""
    epochs = loops["epoch_progress"]
    for counts in (epochs["total"], epochs["current"]):
        under_way = epoch + (batch > 0)
        counts.update(ready=under_way, started=under_way, processed=epoch, completed=epoch)
    batches = loops["epoch_loop.batch_progress"]
    done = batches["total"]["completed"]
    batches["total"].update(ready=done, started=done, processed=done, completed=done)
    batches["current"].update(ready=batch, started=batch, processed=batch, completed=batch)
    batches["is_last_batch"] = False


def _go_on(loop: Any, batch: int) -> None:
    """Let Lightning's loops go on after a batch whose step, validation and schedules are done, and do none of it again.

    Left to themselves they guess at which hook the checkpoint was written, and go by that.
    """
    # A plateau by epochs is else not told of the epoch in which a run goes on.
    loop._restarting = False
    epochs = loop.epoch_loop
    if batch == 0:
        epochs.restarting = False
        return
    epochs._restart_stage = "none"
    if not epochs._should_accumulate():
        # The loop counts the step of this batch once more, since Lightning saves before it counts.
        epochs._batches_that_stepped -= 1
