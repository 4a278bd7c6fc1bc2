"""What a monitor sees of one optimizer: counts at every step, and weights and gradients at the steps it reports."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, final

import attrs

from optim_core.groups.names import group_names
from optim_core.run.loop import is_unscaled
from optim_core.run.monitors.measures import ClippingCounts, read
from optim_core.run.monitors.outputs import STEP, Output
from optim_core.run.monitors.sample import Sample

if TYPE_CHECKING:
    from torch import Tensor
    from torch.amp import GradScaler

    from optim_core.run.loop import Loop, StepResult

__all__ = ["Settings", "Watch"]


@attrs.frozen(kw_only=True)
class Settings:
    """What is measured, and when.

    Args:
        every: a report each so many steps.
        depth: of how many parts of a parameter's name a module is made; `Monitor` says more.
        updates: whether the update-to-weight ratio is measured.
        output: takes the values.
    """

    every: int
    depth: int | None
    updates: bool
    output: Output


@final
class Watch:
    """Follows one optimizer of a run.

    Args:
        loop: the optimizer in the training loop.
        settings: what is measured, and when.
        prefix: stands before each name but `step`; empty for the one optimizer of a run.
        shares_clipper: whether other optimizers are clipped by the same clipper, whose counts are then taken, on the
            device, around each step.
    """

    def __init__(self, loop: Loop, settings: Settings, prefix: str, *, shares_clipper: bool) -> None:
        self._loop = loop
        self._settings = settings
        self._prefix = prefix
        self._shares_clipper = shares_clipper
        self._clipping = ClippingCounts()
        self._sample: Sample | None = None
        # The time before the first step is no step's.
        self._began: float | None = None
        self._begin()

    def _begin(self) -> None:
        """Begin to count anew."""
        self._steps = self._timed = 0
        self._skipped: int | Tensor = 0
        if not self._shares_clipper:
            self._clipping.begin(self._loop.clipper)

    def before_step(self, scaler: GradScaler | None) -> None:
        """Look at gradients that are not yet clipped, and at the weights, where this step is to be reported.

        Args:
            scaler: by which the gradients are still multiplied, unless they have been unscaled.
        """
        if self._shares_clipper:
            self._clipping.begin(self._loop.clipper)
        if (self._loop.steps + 1) % self._settings.every == 0:
            optimizer = self._loop.optimizer
            scale = 1.0 if scaler is None or is_unscaled(scaler, optimizer) else scaler.get_scale()
            self._sample = Sample(optimizer, scale, updates=self._settings.updates)

    def after_step(self, done: StepResult) -> None:
        """Count the step, and report where it is one to be reported."""
        self._steps += 1
        if self._began is None:
            self._began = time.perf_counter()
        else:
            self._timed += 1
        if done.skipped is not False:
            self._skipped = self._skipped + (done.skipped != 0)
        if self._shares_clipper:
            self._clipping.end()
        if self._loop.steps % self._settings.every == 0:
            if not self._shares_clipper:
                self._clipping.end()
            self._settings.output(self._values(done))
            self._sample = None
            self._tell()
            self._begin()
            self._began = time.perf_counter()

    def _values(self, done: StepResult) -> dict[str, float]:
        norms: list[Tensor] = []
        if self._sample is not None:
            self._sample.finish()
            norms = self._sample.tensors()
        counts = self._clipping.take()
        parts: list[list[float | Tensor]] = [list(done.lrs), [*norms], [self._skipped], list(counts or ())]
        numbers = iter(read([value for part in parts for value in part]))
        # What has been read has been done, so that the time is that of the device, too.
        seconds = time.perf_counter() - (self._began or 0.0)
        rates, found, (skipped,), counted = [list(islice(numbers, len(part))) for part in parts]
        values = dict(zip([f"lr/{name}" for name in group_names(self._loop.optimizer)], rates, strict=True))
        if self._sample is not None:
            values |= self._sample.values(found, self._settings.depth)
        values |= _shares(counted) | {"skipped": skipped / self._steps}
        if self._timed:
            values["step_time"] = seconds / self._timed
        return {STEP: self._loop.steps, **{self._prefix + name: value for name, value in values.items()}}

    def _tell(self) -> None:
        """Let the clipper tell of norms that were not finite, now that the device has been waited for."""
        tell = getattr(self._loop.clipper, "tell", None)
        if callable(tell):
            tell()


def _shares(counted: list[float]) -> dict[str, float]:
    if not counted or not counted[0]:
        return {}
    steps, clipped, nonfinite = counted
    return {"clipped": clipped / steps, "nonfinite": nonfinite / steps}
