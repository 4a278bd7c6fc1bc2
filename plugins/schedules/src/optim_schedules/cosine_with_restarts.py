"""The plugin class of cosine_with_restarts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_core.plugin_tools import Floor, rate_or_share
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve, Piece, Shape, rise
from optim_schedules.curves.floors import absolute, to_floor
from optim_schedules.curves.lengths import duration, not_empty, optional_duration, resolved
from optim_schedules.curves.waves import some_cycles

__all__ = ["CosineWithRestarts"]


@attrs.frozen(kw_only=True)
class CosineWithRestarts(ClosedForm):
    """Up from 0, then equal half cosines (transformers); in ``CosineAnnealingWarmRestarts`` they may grow.

    W of the N steps are the warmup. All cycles are equally long and begin at the base rate; those of torch's
    CosineAnnealingWarmRestarts may grow. At step N the rate is `eta_min` and stays so; transformers has no floor but 0.

    huggingface.co/docs/transformers/main_classes/optimizer_schedules

    Formula:
        step < W: rate = base * step / W
        then: rate = c * base + (1 - c) * eta_min
        c = (1 + cos(π * ((num_cycles * p) mod 1))) / 2
        p = (step - W) / (N - W)

    Args:
        num_warmup_steps: length of the rise: steps, ``"5%"`` of the run, or ``"2 epochs"``.
        num_training_steps: step N; by default the length of the run.
        num_cycles: half cosines, ≥ 1; 1 is one fall without a restart.
        eta_min: the lowest rate, ≥ 0, at most the base rate; a group with an lr multiplier gets it times that;
            or ``"10%"`` of the base rate.
    """

    num_warmup_steps: Duration = attrs.field(default=Duration(0), converter=duration)
    num_training_steps: Duration | None = attrs.field(default=None, converter=optional_duration, validator=not_empty)
    num_cycles: int = attrs.field(validator=some_cycles)
    eta_min: Floor = attrs.field(default=0.0, validator=rate_or_share)

    interval: ClassVar[str] = "step"
    lengths: ClassVar[Mapping[str, str]] = {"num_warmup_steps": "warmup", "num_training_steps": "run"}
    example: ClassVar[Mapping[str, Any]] = {"num_warmup_steps": "5%", "num_cycles": 3}

    def closed_form(self, horizon: Horizon) -> Curve:
        name = "cosine_with_restarts"
        total = resolved(self.num_training_steps, horizon, name, "num_training_steps")
        warmup = resolved(self.num_warmup_steps, horizon, name, "num_warmup_steps")
        length = max(1, total - warmup)
        falls = partial(_falls, warmup=warmup, length=length, cycles=float(self.num_cycles), floor=self.eta_min)
        stays = partial(_stays, floor=self.eta_min)
        return Curve([rise(warmup), Piece(warmup + length, falls), Piece(math.inf, stays)], last=total)

    def absolute_rate(self) -> tuple[str, float]:
        return "eta_min", absolute(self.eta_min)


def _falls(step: Any, maths: Any, *, warmup: int, length: int, cycles: float, floor: Floor) -> Shape:
    progress = cycles * ((step - warmup) / length)
    # The difference is the remainder of a division by 1, for which numpy would take 20 times as long.
    return to_floor(floor, 0.5 * (1.0 + maths.cos(math.pi * (progress - maths.floor(progress)))))


def _stays(_step: Any, _maths: Any, *, floor: Floor) -> Shape:
    return to_floor(floor, 0.0)
