"""The plugin class of cosine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_core.plugin_tools import Floor, rate_or_share
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve
from optim_schedules.curves.floors import absolute
from optim_schedules.curves.lengths import duration, exclusive, in_epochs, not_empty, optional_duration, resolved
from optim_schedules.curves.waves import some_cycles, warmup_and_wave

__all__ = ["Cosine"]

LENGTHS = ("num_training_steps", "T_max", "epochs")


@attrs.frozen(kw_only=True)
class Cosine(ClosedForm):
    """Up from 0, then down half a cosine; ``CosineAnnealingLR`` is without warmup, ``warmup_cosine`` counts epochs.

    Loshchilov and Hutter 2016, arXiv:1608.03983; transformers' ``cosine``, and torch's CosineAnnealingLR where there is
    no warmup. W of the N steps are the warmup. After step N the rate stays as it is there; the two others let it rise
    again.

    N is `num_training_steps`, `T_max` or `epochs`, of which one may be set, or else the length of the run. With `T_max`
    or `epochs` the schedule is stepped once an epoch, and a bare number in any field is epochs; with ``interval: step``
    beside the type it is steps again, except in `epochs`.

    Formula:
        step < W: rate = base * step / W
        then: rate = c * base + (1 - c) * eta_min
        c = (1 + cos(2π * num_cycles * (step - W) / (N - W))) / 2

    Args:
        num_warmup_steps: length of the rise: steps, ``"5%"`` of the run, or ``"2 epochs"``.
        num_training_steps: step N.
        T_max: the same, as torch calls it.
        epochs: the same in epochs.
        num_cycles: waves after the rise, > 0: at 0.5 the rate falls to `eta_min` at step N; at 1 it rises again.
        eta_min: the lowest rate, ≥ 0, at most the base rate; a group with an lr multiplier gets it times that;
            or ``"10%"`` of the base rate.
    """

    num_warmup_steps: Duration = attrs.field(default=Duration(0), converter=duration)
    num_training_steps: Duration | None = attrs.field(default=None, converter=optional_duration, validator=not_empty)
    T_max: Duration | None = attrs.field(
        default=None, converter=optional_duration, validator=[not_empty, exclusive("num_training_steps")]
    )
    epochs: Duration | None = attrs.field(
        default=None, converter=optional_duration, validator=[not_empty, exclusive("num_training_steps", "T_max")]
    )
    num_cycles: float = attrs.field(default=0.5, validator=some_cycles)
    eta_min: Floor = attrs.field(default=0.0, validator=rate_or_share)

    lengths: ClassVar[Mapping[str, str]] = {
        "num_warmup_steps": "warmup",
        "num_training_steps": "run",
        "T_max": "run",
        "epochs": "run_epochs",
    }
    example: ClassVar[Mapping[str, Any]] = {"num_warmup_steps": "5%", "eta_min": 1e-6}

    @property
    def interval(self) -> str:
        """``epoch`` where the length is given in epochs."""
        return "epoch" if self.T_max is not None or self.epochs is not None else "step"

    def closed_form(self, horizon: Horizon) -> Curve:
        field = next((name for name in LENGTHS if getattr(self, name) is not None), LENGTHS[0])
        length = getattr(self, field)
        total = resolved(in_epochs(length) if field == "epochs" else length, horizon, "cosine", field)
        warmup = resolved(self.num_warmup_steps, horizon, "cosine", "num_warmup_steps")
        return warmup_and_wave(warmup, total, cycles=self.num_cycles, floor=self.eta_min)

    def absolute_rate(self) -> tuple[str, float]:
        return "eta_min", absolute(self.eta_min)
