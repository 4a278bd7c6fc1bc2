"""The plugin class of polynomial."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_core.plugin_tools import Floor, rate_or_share
from optim_core.validators import positive
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve, Piece, Shape, rise
from optim_schedules.curves.floors import absolute, to_floor
from optim_schedules.curves.lengths import duration, not_empty, optional_duration, resolved

__all__ = ["Polynomial"]


@attrs.frozen(kw_only=True)
class Polynomial(ClosedForm):
    """Up from 0, then down by a power of what is left (transformers); ``PolynomialLR`` is without the rise.

    W of the N steps are the warmup, as in BERT and fairseq. torch's PolynomialLR has neither a warmup nor a rate to end
    at.

    huggingface.co/docs/transformers/main_classes/optimizer_schedules

    Formula:
        step < W: rate = base * step / W
        then: rate = c * base + (1 - c) * lr_end
        c = (1 - (step - W) / (N - W)) ** power

    Args:
        num_warmup_steps: length of the rise: steps, ``"5%"`` of the run, or ``"2 epochs"``.
        num_training_steps: step N; by default the length of the run.
        lr_end: the rate from step N on, ≥ 0, at most the base rate; a group with an lr multiplier gets it times that;
            or ``"10%"`` of the base rate.
        power: > 0; 1 is a straight line, 2 falls fast at first.
    """

    num_warmup_steps: Duration = attrs.field(default=Duration(0), converter=duration)
    num_training_steps: Duration | None = attrs.field(default=None, converter=optional_duration, validator=not_empty)
    lr_end: Floor = attrs.field(default=1e-7, validator=rate_or_share)
    power: float = attrs.field(default=1.0, validator=positive)

    interval: ClassVar[str] = "step"
    lengths: ClassVar[Mapping[str, str]] = {"num_warmup_steps": "warmup", "num_training_steps": "run"}
    example: ClassVar[Mapping[str, Any]] = {"num_warmup_steps": "5%", "lr_end": 1e-6, "power": 2.0}

    def closed_form(self, horizon: Horizon) -> Curve:
        total = resolved(self.num_training_steps, horizon, "polynomial", "num_training_steps")
        warmup = resolved(self.num_warmup_steps, horizon, "polynomial", "num_warmup_steps")
        fall = partial(_fall, warmup=warmup, length=max(1, total - warmup), power=self.power, lowest=self.lr_end)
        return Curve([rise(warmup), Piece(total + 1, fall)], last=total)

    def absolute_rate(self) -> tuple[str, float]:
        return "lr_end", absolute(self.lr_end)


def _fall(step: Any, _maths: Any, *, warmup: int, length: int, power: float, lowest: Floor) -> Shape:
    # The difference is computed as in transformers, so that both are rounded alike near 0.
    return to_floor(lowest, (1.0 - (step - warmup) / length) ** power)
