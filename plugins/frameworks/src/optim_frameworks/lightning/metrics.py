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

    def watch(self, monitors: dict[str, str]) -> None:
        """Begin anew for a run, with the metric of each optimizer whose schedule waits for one."""
        self.__init__()  # type: ignore[misc]
        self._monitors = monitors

    def logged(self, name: str, trainer: Any) -> None:
        """Note that a value was logged."""
        for monitor in self._monitors.values():
            if monitor != name and not monitor.startswith(tuple(name + ending for ending in _ENDINGS)):
                continue
            self._known.add(monitor)
            self._fresh.add(monitor)
            if trainer.training:
                # It does not come from validation, so that it is there after every epoch.
                for config in trainer.lr_scheduler_configs:
                    config.frequency = 1 if config.monitor == monitor else config.frequency

    def is_old(self, name: str, trainer: Any) -> bool:
        """Tell whether the schedule of an optimizer was given the metric before; from now on it was."""
        monitor = self._monitors[name]
        self._epochs[name] = _epoch(trainer)
        is_old = monitor in self._known and monitor not in self._fresh
        self._fresh.discard(monitor)
        return is_old

    def pending(self, run: Any, trainer: Any) -> dict[str, Any]:
        """Return the metrics that schedules by epochs wait for and are not given, at the end of an epoch.

        Lightning saves before it gives them, and leaves it out where it continues.
        """
        if not trainer.is_last_batch:
            return {}
        frequencies = {id(config.scheduler): config.frequency for config in trainer.lr_scheduler_configs}
        waiting = {}
        for name, monitor in self._monitors.items():
            frequency = frequencies.get(id(run.schedulers[name]), 1)
            is_due = run[name].interval == "epoch" and (_epoch(trainer) + 1) % frequency == 0
            if is_due and self._epochs.get(name, -1) < _epoch(trainer):
                value = trainer.callback_metrics.get(monitor)
                waiting[name] = None if value is None else float(value)
        return waiting

    def give(self, run: Any, pending: dict[str, Any]) -> None:
        """Give the schedules of a run that continues what they were waiting for."""
        for name, value in pending.items():
            if value is not None:
                run.schedulers[name].step(value)
                continue
            warnings.warn(
                f"the checkpoint was saved before {self._monitors.get(name)} was logged, so that the schedule of "
                f"{name} goes on without that epoch: log it before the end of the epoch",
                CheckpointWarning,
                stacklevel=2,
            )


def _epoch(trainer: Any) -> int:
    """Return the number of the epoch that is trained, or whose end is being told of."""
    return int(trainer.fit_loop.epoch_progress.current.ready) - 1
