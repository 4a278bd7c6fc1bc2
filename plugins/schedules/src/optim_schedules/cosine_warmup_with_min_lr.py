"""The plugin class of cosine_warmup_with_min_lr."""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs

from optim_core import Duration, Horizon
from optim_core.validators import in_range
from optim_schedules.cosine_with_min_lr import CosineWithMinLR
from optim_schedules.curves.curve import Curve, Piece, Shape, multiple_of_base
from optim_schedules.curves.lengths import duration, resolved

__all__ = ["CosineWarmupWithMinLR"]


@attrs.frozen(kw_only=True)
class CosineWarmupWithMinLR(CosineWithMinLR):
    """``cosine_with_min_lr`` that trains from the first step on, each value a step earlier (transformers).

    W of the N steps are the warmup. Each value comes one step earlier than in ``cosine_with_min_lr``, and the lowest at
    the last step that trains, N - 1. After step N the rate stays.

    huggingface.co/docs/transformers/main_classes/optimizer_schedules

    Formula:
        step < W: rate = base * (step + 1) / W,
            or base * (r + (1 - r) * step / (W - 1)) where r is warmup_lr_rate
        then: rate = c * base + (1 - c) * min_lr
        c = (1 + cos(2π * num_cycles * (step - W + 1) / (N - W))) / 2
        min_lr = base * min_lr_rate, where that is set

    Args:
        num_training_steps: step N; by default the length of the run.
        num_cycles: waves after the rise, > 0: at 0.5 the rate falls to the lowest; at 1 it rises again.
        min_lr: the lowest rate, ≥ 0, at most the base rate; a group with an lr multiplier gets it times that;
            or ``"10%"`` of the base rate. Either this or `min_lr_rate` must be set.
        min_lr_rate: the lowest rate as a share of the base rate, in [0, 1].
        num_warmup_steps: length of the rise: steps, ``"5%"`` of the run, or ``"2 epochs"``.
        warmup_lr_rate: the first rate as a share of the base rate, in [0, 1]; by default 1 / W.
    """

    num_warmup_steps: Duration = attrs.field(converter=duration)
    warmup_lr_rate: float | None = attrs.field(default=None, validator=attrs.validators.optional(in_range(ge=0, le=1)))

    def closed_form(self, horizon: Horizon) -> Curve:
        total = resolved(self.num_training_steps, horizon, "cosine_warmup_with_min_lr", "num_training_steps")
        warmup = resolved(self.num_warmup_steps, horizon, "cosine_warmup_with_min_lr", "num_warmup_steps")
        climb = partial(_climb, warmup=warmup, start=self.warmup_lr_rate)
        return Curve([Piece(warmup, climb), Piece(total + 1, self._fall(warmup - 1, total - warmup))], last=total)


def _climb(step: Any, _maths: Any, *, warmup: int, start: float | None) -> Shape:
    if start is None:
        return multiple_of_base((step + 1) / warmup)
    return multiple_of_base(start + (1.0 - start) * step / max(1, warmup - 1))
