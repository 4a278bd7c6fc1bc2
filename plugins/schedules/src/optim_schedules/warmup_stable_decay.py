"""The plugin class of warmup_stable_decay."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Literal

import attrs

from optim_core import Duration, Horizon
from optim_core.errors import HorizonError
from optim_core.validators import in_range
from optim_schedules.closed_form import ClosedForm
from optim_schedules.constant import flat
from optim_schedules.curves.curve import Curve, Piece, Shape, multiple_of_base
from optim_schedules.curves.lengths import duration, exclusive, not_empty, optional_duration, resolved
from optim_schedules.curves.waves import some_cycles, wave

__all__ = ["WarmupStableDecay"]

Form = Literal["linear", "cosine", "1-sqrt"]
NAME = "warmup_stable_decay"


@attrs.frozen(kw_only=True)
class WarmupStableDecay(ClosedForm):
    """Up, constant for most of the run, and down at its end (WSD: Hu et al. 2024, arXiv:2404.06395).

    transformers' ``warmup_stable_decay``. Other than a cosine, the constant stage can be prolonged without having known
    the length of the run.

    Formula:
        rate = base * (min_lr_ratio + (1 - min_lr_ratio) * f)
        p = share of the stage that is over
        rise of W steps: f = p (linear), (1 - cos(π * p)) / 2 (cosine), 1 - sqrt(1 - p) (1-sqrt)
        then S steps:    f = 1
        fall of D steps: f = 1 - p (linear), (1 + cos(2π * num_cycles * p)) / 2 (cosine), 1 - sqrt(p) (1-sqrt)
        from there on:   f = 0

    Args:
        num_warmup_steps: W: steps, ``"5%"`` of the run, or ``"2 epochs"``.
        num_decay_steps: D, likewise.
        num_training_steps: W + S + D; by default the length of the run, unless `num_stable_steps` is set.
        num_stable_steps: S, in place of `num_training_steps`.
        warmup_type: form of the rise: "linear", "cosine" or "1-sqrt".
        decay_type: form of the fall, likewise.
        min_lr_ratio: the lowest rate as a share of the base rate, in [0, 1], at both ends.
        num_cycles: waves of the fall where it is a cosine, > 0; at 0.5 it falls all the way.
    """

    num_warmup_steps: Duration = attrs.field(converter=duration)
    num_decay_steps: Duration = attrs.field(converter=duration)
    num_training_steps: Duration | None = attrs.field(default=None, converter=optional_duration, validator=not_empty)
    num_stable_steps: Duration | None = attrs.field(
        default=None, converter=optional_duration, validator=exclusive("num_training_steps")
    )
    warmup_type: Form = "linear"
    decay_type: Form = "cosine"
    min_lr_ratio: float = attrs.field(default=0.0, validator=in_range(ge=0, le=1))
    num_cycles: float = attrs.field(default=0.5, validator=some_cycles)

    interval: ClassVar[str] = "step"
    lengths: ClassVar[Mapping[str, str]] = {"num_warmup_steps": "warmup", "num_training_steps": "run"}
    example: ClassVar[Mapping[str, Any]] = {"num_warmup_steps": "1%", "num_decay_steps": "20%"}

    def closed_form(self, horizon: Horizon) -> Curve:
        warmup = resolved(self.num_warmup_steps, horizon, NAME, "num_warmup_steps")
        decay = resolved(self.num_decay_steps, horizon, NAME, "num_decay_steps")
        if self.num_stable_steps is None:
            total = resolved(self.num_training_steps, horizon, NAME, "num_training_steps")
        else:
            total = warmup + decay + resolved(self.num_stable_steps, horizon, NAME, "num_stable_steps")
        if warmup + decay > total:
            raise HorizonError(
                f"{NAME}: {warmup} warmup and {decay} decay steps do not fit into {total}; shorten one of them"
            )
        lowest, begin = self.min_lr_ratio, total - decay
        climb = partial(_climb, form=self.warmup_type, length=warmup, lowest=lowest)
        fall = partial(_fall, form=self.decay_type, begin=begin, length=decay, cycles=self.num_cycles, lowest=lowest)
        rest = partial(_rest, lowest=lowest)
        return Curve([Piece(warmup, climb), Piece(begin, flat), Piece(total, fall), Piece(math.inf, rest)])


def _scaled(factor: Any, lowest: float) -> Shape:
    return multiple_of_base(factor * (1.0 - lowest) + lowest)


def _climb(step: Any, maths: Any, *, form: Form, length: int, lowest: float) -> Shape:
    return _scaled(_rises(form, step / length, maths), lowest)


def _fall(step: Any, maths: Any, *, form: Form, begin: int, length: int, cycles: float, lowest: float) -> Shape:
    return _scaled(_falls(form, (step - begin) / length, maths, cycles), lowest)


def _rest(_step: Any, _maths: Any, *, lowest: float) -> Shape:
    return multiple_of_base(lowest)


def _rises(form: Form, progress: Any, maths: Any) -> Any:
    if form == "linear":
        return progress
    if form == "1-sqrt":
        return 1.0 - maths.sqrt(1.0 - progress)
    return 0.5 * (1.0 - maths.cos(math.pi * progress))


def _falls(form: Form, progress: Any, maths: Any, cycles: float) -> Any:
    if form == "linear":
        return 1.0 - progress
    if form == "1-sqrt":
        return 1.0 - maths.sqrt(progress)
    return wave(progress, maths, cycles)
