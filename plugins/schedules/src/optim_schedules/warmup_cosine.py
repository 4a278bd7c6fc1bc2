"""The plugin class of warmup_cosine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_core.plugin_tools import Floor, rate_or_share
from optim_core.validators import fraction
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve
from optim_schedules.curves.floors import absolute
from optim_schedules.curves.lengths import duration, in_epochs, not_empty, optional_duration, resolved
from optim_schedules.curves.waves import warmup_and_wave

__all__ = ["WarmupCosine"]


@attrs.frozen(kw_only=True)
class WarmupCosine(ClosedForm):
    """``cosine`` with its warmup, counted in epochs: a line up to the base rate, half a cosine down to `eta_min`.

    The same curve as ``cosine`` with ``num_warmup_steps`` and ``epochs``, under the names that image models use. It is
    stepped once an epoch, or with ``interval: step`` beside the type after each step, which makes the same curve finer.
    In epoch 0 the rate is `start_factor` times the base rate: with 0, and stepped by epochs, that epoch trains nothing.

    Goyal et al. 2017, arXiv:1706.02677, for the warmup; Loshchilov and Hutter 2016, arXiv:1608.03983, for the cosine.

    Formula:
        epoch < W: rate = base * (start_factor + (1 - start_factor) * epoch / W)
        then: rate = eta_min + (base - eta_min) * (1 + cos(π * (epoch - W) / (N - W))) / 2
        W is warmup_epochs, N is max_epochs

    Args:
        warmup_epochs: epochs until the base rate, 0 or more.
        max_epochs: epochs until `eta_min`, > 0; by default the epochs of the run.
        eta_min: the lowest rate, ≥ 0, at most the base rate; a group with an lr multiplier gets it times that;
            or ``"10%"`` of the base rate.
        start_factor: share of the base rate at the beginning, in [0, 1).
    """

    warmup_epochs: Duration = attrs.field(converter=duration)
    max_epochs: Duration | None = attrs.field(default=None, converter=optional_duration, validator=not_empty)
    eta_min: Floor = attrs.field(default=0.0, validator=rate_or_share)
    start_factor: float = attrs.field(default=0.0, validator=fraction)

    interval: ClassVar[str] = "epoch"
    lengths: ClassVar[Mapping[str, str]] = {"warmup_epochs": "warmup_epochs", "max_epochs": "run_epochs"}
    example: ClassVar[Mapping[str, Any]] = {"warmup_epochs": 10, "max_epochs": 100, "eta_min": 1e-6}

    def closed_form(self, horizon: Horizon) -> Curve:
        total = resolved(in_epochs(self.max_epochs), horizon, "warmup_cosine", "max_epochs")
        warmup = resolved(in_epochs(self.warmup_epochs), horizon, "warmup_cosine", "warmup_epochs")
        return warmup_and_wave(warmup, total, cycles=0.5, floor=self.eta_min, start=self.start_factor)

    def absolute_rate(self) -> tuple[str, float]:
        return "eta_min", absolute(self.eta_min)
