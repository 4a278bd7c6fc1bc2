"""The plugin class of constant_with_warmup."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_schedules.closed_form import ClosedForm
from optim_schedules.constant import flat
from optim_schedules.curves.curve import Curve, Piece, rise
from optim_schedules.curves.lengths import duration, resolved

__all__ = ["ConstantWithWarmup"]


@attrs.frozen(kw_only=True)
class ConstantWithWarmup(ClosedForm):
    """Up from 0 in a straight line, then the base rate (transformers); ``constant`` is without the rise.

    Step 0 trains with a rate of 0; the first of torch's LinearLR does not.

    huggingface.co/docs/transformers/main_classes/optimizer_schedules

    Formula:
        rate = base * min(1, step / W), where W is num_warmup_steps

    Args:
        num_warmup_steps: length of the rise: steps, ``"5%"`` of the run, or ``"2 epochs"``; ``constant`` has none.
    """

    num_warmup_steps: Duration = attrs.field(converter=duration)

    interval: ClassVar[str] = "step"
    lengths: ClassVar[Mapping[str, str]] = {"num_warmup_steps": "warmup"}
    example: ClassVar[Mapping[str, Any]] = {"num_warmup_steps": 500}

    def closed_form(self, horizon: Horizon) -> Curve:
        warmup = resolved(self.num_warmup_steps, horizon, "constant_with_warmup", "num_warmup_steps")
        return Curve([rise(warmup), Piece(math.inf, flat)])
