"""The plugin class of warmup."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_core.errors import HorizonError
from optim_core.specs import SchedulerSpec
from optim_core.validators import fraction
from optim_schedules.combination import Combination, curve_of
from optim_schedules.constant import flat
from optim_schedules.curves.curve import Curve, Piece, rise
from optim_schedules.curves.lengths import duration

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["Warmup"]

# What a schedule that waits for a metric says of it.
_OF_A_METRIC = ("monitor", "mode")


@attrs.frozen(kw_only=True)
class Warmup(Combination):
    """Up to the first rate of any other schedule, then that one; ``cosine`` and ``linear`` have a warmup themselves.

    Up in a straight line; the other schedule begins at its step 0. W steps are the warmup. A length that the schedule
    leaves open is what the warmup leaves of the run: ``cosine`` in it is the same as ``cosine`` with
    ``num_warmup_steps``.

    Around a schedule that waits for a metric, such as ReduceLROnPlateau, ``step(metric)`` is called from the start, and
    so once an epoch where that schedule says no other `interval`; the metrics of the first W calls are not looked at.

    Goyal et al. 2017, arXiv:1706.02677, begin in this way.

    Formula:
        first = rate of the schedule at its step 0
        step < W: rate = first * (start_factor + (1 - start_factor) * step / W)
        then: rate = rate of the schedule at its step: step - W

    Args:
        scheduler: {type, config}, torch's own too.
        num_warmup_steps: length of the rise, W: steps, ``"5%"`` of the run, or ``"2 epochs"``.
        start_factor: where the rise begins, as a share of the schedule's first rate, in [0, 1). With 0, step 0 trains
            with a rate of 0.
    """

    scheduler: SchedulerSpec
    num_warmup_steps: Duration = attrs.field(converter=duration)
    start_factor: float = attrs.field(default=0.0, validator=fraction)

    lengths: ClassVar[Mapping[str, str]] = {"num_warmup_steps": "warmup"}
    example: ClassVar[Mapping[str, Any]] = {
        "scheduler": {"type": "InverseLR", "config": {"inv_gamma": 1e6, "power": 0.5}},
        "num_warmup_steps": 500,
    }

    def parts(self) -> Sequence[SchedulerSpec]:
        return [self.scheduler]

    def __getattr__(self, name: str) -> Any:
        # A schedule waits for a metric where its config has a monitor: this one does where the schedule in it does.
        if name in _OF_A_METRIC and self.scheduler.waits_for_metric:
            return getattr(self.scheduler.config, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _lengths(self, horizon: Horizon) -> tuple[int, Horizon]:
        """Return the steps of the rise, and what is left of the run."""
        warmup, total = self.num_warmup_steps.resolve(horizon, "warmup.num_warmup_steps"), horizon.total_steps
        if total is not None and warmup >= total:
            raise HorizonError(
                f"warmup: {warmup} warmup steps leave nothing of a run of {total} for {self.scheduler.type}; "
                "shorten num_warmup_steps"
            )
        return warmup, horizon.part(None if total is None else total - warmup)

    def combined(self, horizon: Horizon) -> Curve:
        warmup, rest = self._lengths(horizon)
        return curve_of(self.scheduler, rest).after_ramp(warmup, self.start_factor)

    def stepped(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        from optim_schedules.live.sequence_lr import MetricSequenceLR, SequenceLR

        warmup, rest = self._lengths(horizon)
        schedule = partial(self.scheduler.build_for, horizon=rest)
        if not warmup:
            return schedule(optimizer)
        ramp = partial(_ramp, schedule=schedule, curve=Curve([rise(warmup, self.start_factor), Piece(math.inf, flat)]))
        sequence = MetricSequenceLR if self.scheduler.waits_for_metric else SequenceLR
        return sequence(optimizer, [ramp, schedule], [0, warmup])


def _ramp(optimizer: Optimizer, *, schedule: Callable[[Optimizer], LRScheduler], curve: Curve) -> LRScheduler:
    """Make the rise to the rate that a schedule sets when it is made."""
    from optim_schedules.live.closed_form_lr import ClosedFormLR

    schedule(optimizer)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
    return ClosedFormLR(optimizer, curve)
