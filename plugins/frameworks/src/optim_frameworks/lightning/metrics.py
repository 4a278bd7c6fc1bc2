"""The metric that a schedule waits for: when it is new, how often it comes, and what a checkpoint must keep of it."""

from __future__ import annotations

import warnings
from typing import Any

from optim_core import CheckpointWarning

__all__ = ["Metrics"]

# What Lightning appends to the name under which a value was logged.
_ENDINGS = ("_step", "_epoch", "/dataloader_idx_")


class Metrics:
    """What a module has logged of the metrics for which its schedules wait.

    Lightning gives a schedule whatever it has of a metric: also one that it was given before, after an epoch without
    validation, which a plateau would take for an epoch without progress.
    """

    def __init__(self) -> None:
        self._monitors: dict[str, str] = {}
        self._known: set[str] = set()
        self._fresh: set[str] = set()
        self._epochs: dict[str, int] = {}
        self._is_first_epoch = False

    def watch(self, monitors: dict[str, str]) -> None:
        """Begin anew for a run, with the metric of each optimizer whose schedule waits for one."""
        self.__init__()  # type: ignore[misc]
        self._monitors = monitors

    def logged(self, name: str, trainer: Any) -> None:
        """Note that a value was logged."""
        for waiting, monitor in self._monitors.items():
            if monitor != name and not monitor.startswith(tuple(name + ending for ending in _ENDINGS)):
                continue
            self._known.add(monitor)
            self._fresh.add(waiting)
            if trainer.training:
                # It does not come from validation, so that it is there after every epoch.
                for config in trainer.lr_scheduler_configs:
                    config.frequency = 1 if config.monitor == monitor else config.frequency

    def is_old(self, name: str, trainer: Any) -> bool:
        """Tell whether the schedule of an optimizer was given the metric before; from now on it was."""
        monitor = self._monitors[name]
        self._epochs[name] = _epoch(trainer)
        is_old = monitor in self._known and name not in self._fresh
        self._fresh.discard(name)
        return is_old

    def state(self) -> dict[str, Any]:
        """Return, as plain data, which metrics are known, for whom they are new, and the last epochs of schedules."""
        return {"known": sorted(self._known), "fresh": sorted(self._fresh), "epochs": dict(self._epochs)}

    def load(self, state: dict[str, Any]) -> None:
        """Go on with what `state` gave."""
        self._known, self._fresh = set(state.get("known", ())), set(state.get("fresh", ()))
        self._epochs = dict(state.get("epochs", {}))

    def pending(self, run: Any, trainer: Any) -> dict[str, Any]:
        """Return the metrics that schedules by epochs wait for and are not given, at the end of an epoch.

        Lightning saves before it gives them, and leaves it out where it continues.
        """
        batches = trainer.fit_loop.epoch_loop.batch_progress.current
        if not trainer.is_last_batch or batches.completed < batches.ready:
            # After the last batch itself the epoch is still to be validated, by whoever continues.
            return {}
        return {name: self._value(name, trainer) for name in self._waiting(run, trainer, _epoch(trainer))}

    def _waiting(self, run: Any, trainer: Any, epoch: int) -> list[str]:
        """Return the optimizers whose schedules by epochs are due after an epoch, and were not given its metric."""
        frequencies = {id(config.scheduler): config.frequency for config in trainer.lr_scheduler_configs}
        return [
            name
            for name in self._monitors
            if run[name].interval == "epoch"
            and (epoch + 1) % frequencies.get(id(run.schedulers[name]), 1) == 0
            and self._epochs.get(name, -1) < epoch
        ]

    def _value(self, name: str, trainer: Any) -> float | None:
        value = trainer.callback_metrics.get(self._monitors[name])
        return None if value is None else float(value)

    def give(self, run: Any, trainer: Any, pending: dict[str, Any]) -> None:
        """Give the schedules of a run that continues what they were waiting for when it was saved."""
        self._is_first_epoch = True
        self._give(run, pending, _epoch(trainer))

    def give_missed(self, run: Any, trainer: Any, epoch: int) -> None:
        """Give the schedules the metric of the epoch within which a run was continued, where they were not given it.

        Lightning leaves it out there, too.
        """
        if self._is_first_epoch:
            self._is_first_epoch = False
            waiting = self._waiting(run, trainer, epoch)
            self._give(run, {name: self._value(name, trainer) for name in waiting}, epoch)

    def _give(self, run: Any, values: dict[str, Any], epoch: int) -> None:
        for name, value in values.items():
            self._epochs[name] = epoch
            self._fresh.discard(name)
            if value is not None:
                run.schedulers[name].step(value)
                continue
            warnings.warn(
                f"{self._monitors.get(name)} is not known of the epoch in which the run was saved, so that the "
                f"schedule of {name} goes on without that epoch: log it before checkpoints are saved",
                CheckpointWarning,
                stacklevel=2,
            )


def _epoch(trainer: Any) -> int:
    """Return the number of the epoch that is trained, or whose end is being told of."""
    return int(trainer.fit_loop.epoch_progress.current.ready) - 1
