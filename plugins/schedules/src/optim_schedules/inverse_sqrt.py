"""The plugin class of inverse_sqrt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve, Piece, Shape, multiple_of_base, rise
from optim_schedules.curves.lengths import duration, not_empty, optional_duration, resolved

__all__ = ["InverseSqrt"]

# The time scale of transformers for a schedule without a warmup, from which it would be taken.
TIMESCALE = 10_000


@attrs.frozen(kw_only=True)
class InverseSqrt(ClosedForm):
    """Up from 0, then down with 1 over the root of the step (transformers); ``InverseLR`` has any power.

    W steps are the warmup, and T is the time scale (Zhai et al. 2022, arXiv:2106.04560). It needs no length of the run
    and never reaches 0. InverseLR has any power, and an exponential warmup.

    Formula:
        step < W: rate = base * step / W
        then: rate = base / sqrt((step - W + T) / T)

    Args:
        num_warmup_steps: length of the rise: steps, ``"5%"`` of the run, or ``"2 epochs"``.
        timescale: steps after the rise in which the rate falls to 1/√2 of the base, > 0; by default as long as the
            rise, and 10,000 without one.
    """

    num_warmup_steps: Duration = attrs.field(default=Duration(0), converter=duration)
    timescale: Duration | None = attrs.field(default=None, converter=optional_duration, validator=not_empty)

    interval: ClassVar[str] = "step"
    lengths: ClassVar[Mapping[str, str]] = {"num_warmup_steps": "warmup"}
    example: ClassVar[Mapping[str, Any]] = {"num_warmup_steps": 500}

    def closed_form(self, horizon: Horizon) -> Curve:
        warmup = resolved(self.num_warmup_steps, horizon, "inverse_sqrt", "num_warmup_steps")
        if self.timescale is None:
            timescale = warmup or TIMESCALE
        else:
            timescale = self.timescale.resolve(horizon, "inverse_sqrt.timescale")
        fall = partial(_fall, shift=timescale - warmup, timescale=timescale)
        return Curve([rise(warmup), Piece(math.inf, fall)])


def _fall(step: Any, maths: Any, *, shift: int, timescale: int) -> Shape:
    return multiple_of_base(1.0 / maths.sqrt((step + shift) / timescale))
