"""The plugin class of cosine_with_min_lr."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_core.plugin_tools import Floor, rate_or_share
from optim_core.validators import in_range
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve, Formula, Piece, Shape, rise
from optim_schedules.curves.floors import absolute, either, to_floor, to_share
from optim_schedules.curves.lengths import duration, not_empty, optional_duration, resolved
from optim_schedules.curves.waves import some_cycles, wave

__all__ = ["CosineWithMinLR"]


@attrs.frozen(kw_only=True)
class CosineWithMinLR(ClosedForm):
    """``cosine`` down to a given rate or share of it, as ``cosine`` with `eta_min` (transformers).

    W of the N steps are the warmup; after step N the rate stays. ``cosine`` with `eta_min` is the same as this with
    `min_lr`.

    huggingface.co/docs/transformers/main_classes/optimizer_schedules

    Formula:
        step < W: rate = base * step / W
        then: rate = c * base + (1 - c) * min_lr
        c = (1 + cos(2π * num_cycles * (step - W) / (N - W))) / 2
        min_lr = base * min_lr_rate, where that is set

    Args:
        num_warmup_steps: length of the rise: steps, ``"5%"`` of the run, or ``"2 epochs"``.
        num_training_steps: step N; by default the length of the run.
        num_cycles: waves after the rise, > 0: at 0.5 the rate falls to the lowest at step N; at 1 it rises again.
        min_lr: the lowest rate, ≥ 0, at most the base rate; a group with an lr multiplier gets it times that;
            or ``"10%"`` of the base rate. Either this or `min_lr_rate` must be set.
        min_lr_rate: the lowest rate as a share of the base rate, in [0, 1].
    """

    num_warmup_steps: Duration = attrs.field(default=Duration(0), converter=duration)
    num_training_steps: Duration | None = attrs.field(default=None, converter=optional_duration, validator=not_empty)
    num_cycles: float = attrs.field(default=0.5, validator=some_cycles)
    min_lr: Floor | None = attrs.field(default=None, validator=[attrs.validators.optional(rate_or_share), either])
    min_lr_rate: float | None = attrs.field(default=None, validator=attrs.validators.optional(in_range(ge=0, le=1)))

    interval: ClassVar[str] = "step"
    lengths: ClassVar[Mapping[str, str]] = {"num_warmup_steps": "warmup", "num_training_steps": "run"}
    example: ClassVar[Mapping[str, Any]] = {"num_warmup_steps": "5%", "min_lr_rate": 0.1}

    def closed_form(self, horizon: Horizon) -> Curve:
        total = resolved(self.num_training_steps, horizon, "cosine_with_min_lr", "num_training_steps")
        warmup = resolved(self.num_warmup_steps, horizon, "cosine_with_min_lr", "num_warmup_steps")
        return Curve([rise(warmup), Piece(total + 1, self._fall(warmup, total - warmup))], last=total)

    def _fall(self, begin: int, length: int) -> Formula:
        """Return the waves from the step `begin` on, which may be -1."""
        rate = self.min_lr_rate
        lowest = partial(to_floor, self.min_lr or 0.0) if rate is None else partial(to_share, rate)
        return partial(_fall, begin=begin, length=max(1, length), cycles=self.num_cycles, lowest=lowest)

    def absolute_rate(self) -> tuple[str, float]:
        return "min_lr", absolute(self.min_lr)


def _fall(step: Any, maths: Any, *, begin: int, length: int, cycles: float, lowest: Callable[[Any], Shape]) -> Shape:
    return lowest(wave((step - begin) / length, maths, cycles))
