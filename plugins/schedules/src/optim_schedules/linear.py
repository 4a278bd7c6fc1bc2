"""The plugin class of linear."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve, Piece, Shape, multiple_of_base, rise
from optim_schedules.curves.lengths import duration, not_empty, optional_duration, resolved

__all__ = ["Linear"]


@attrs.frozen(kw_only=True)
class Linear(ClosedForm):
    """Up from 0, then down to 0, in straight lines (transformers); ``LinearLR`` is one line between two factors.

    W of the N steps are the warmup; the rate is 0 at step N and stays so. torch's LinearLR has one line only, between
    two factors.

    huggingface.co/docs/transformers/main_classes/optimizer_schedules

    Formula:
        step < W: rate = base * step / W
        then: rate = base * max(0, (N - step) / (N - W))

    Args:
        num_warmup_steps: length of the rise: steps, ``"5%"`` of the run, or ``"2 epochs"``.
        num_training_steps: step at which the rate is 0; by default the length of the run.
    """

    num_warmup_steps: Duration = attrs.field(default=Duration(0), converter=duration)
    num_training_steps: Duration | None = attrs.field(default=None, converter=optional_duration, validator=not_empty)

    interval: ClassVar[str] = "step"
    lengths: ClassVar[Mapping[str, str]] = {"num_warmup_steps": "warmup", "num_training_steps": "run"}
    example: ClassVar[Mapping[str, Any]] = {"num_warmup_steps": "5%"}

    def closed_form(self, horizon: Horizon) -> Curve:
        total = resolved(self.num_training_steps, horizon, "linear", "num_training_steps")
        warmup = resolved(self.num_warmup_steps, horizon, "linear", "num_warmup_steps")
        fall = partial(_fall, total=total, length=max(1, total - warmup))
        return Curve([rise(warmup), Piece(total + 1, fall)], last=total)


def _fall(step: Any, _maths: Any, *, total: int, length: int) -> Shape:
    return multiple_of_base((total - step) / length)
