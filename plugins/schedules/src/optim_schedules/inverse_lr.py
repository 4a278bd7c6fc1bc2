"""The plugin class of InverseLR."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core import Horizon
from optim_core.plugin_tools import Floor, Share, rate_or_share
from optim_core.validators import in_range, positive
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve, Formula, Piece, Shape
from optim_schedules.curves.floors import absolute

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["InverseLR"]

# With a smaller `warmup`, the rate is at 90 % by step 21.
SHORTEST_WARMUP = 0.9
NO_LENGTH = "it is no length but the part of the way that is left after each step; 0.99 and 0.999 are usual"
WARMUP = in_range(ge=0, lt=1, hint=NO_LENGTH)
# A number that is lost when it is subtracted from 1.0.
INVISIBLE = 1e-17

_warned: set[float] = set()


@attrs.frozen(kw_only=True)
class InverseLR(ClosedForm):
    """Down with a power of the step (k-diffusion, stable-audio-tools); ``inverse_sqrt`` has a linear warmup.

    The formula holds at every step, 0 included. It needs no length of the run. ``inverse_sqrt`` has the power 1/2 and a
    warmup of a given length.

    github.com/crowsonkb/k-diffusion, github.com/Stability-AI/stable-audio-tools

    Formula:
        rate = (1 - warmup ** (step + 1)) * max(final_lr, base * (1 + step / inv_gamma) ** -power)

    Args:
        inv_gamma: steps after which the rate has fallen to ``2 ** -power`` of the base, > 0.
        power: > 0; 0.5 is one over the square root.
        warmup: how much of the way to the full rate is left after each step, in [0, 1); 0 is no warmup. It is no
            length: 0.99 is at 90 % at step 229, 0.999 at step 2,301, and 0.1 at step 0.
        final_lr: the lowest rate after the warmup, ≥ 0; a group with an lr multiplier gets it times that;
            or ``"10%"`` of the base rate.
    """

    inv_gamma: float = attrs.field(default=1.0, validator=positive)
    power: float = attrs.field(default=1.0, validator=positive)
    warmup: float = attrs.field(default=0.0, validator=WARMUP)
    final_lr: Floor = attrs.field(default=0.0, validator=rate_or_share)

    interval: ClassVar[str] = "step"
    # The formula has a meaning also where `final_lr` is above the base rate.
    takes_the_greater: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Any]] = {"inv_gamma": 1e6, "power": 0.5, "warmup": 0.99}

    def closed_form(self, horizon: Horizon) -> Curve:
        fall = partial(_fall, inv_gamma=self.inv_gamma, power=self.power, floor=self.final_lr)
        warming = partial(_warming, fall=fall, warmup=self.warmup)
        # From this step on what is left of the warmup is lost in 1.0, and computing a power that underflows is slow.
        end = math.ceil(math.log(INVISIBLE, self.warmup)) if self.warmup else 0
        return Curve([Piece(end, warming), Piece(math.inf, fall)])

    def absolute_rate(self) -> tuple[str, float]:
        return "final_lr", absolute(self.final_lr)

    def refuse(self, base_lr: float, multiplier: float, group: int) -> None:
        """Accept every group: where `final_lr` is above the base rate, it is the rate at every step."""

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a LambdaLR whose state is plain data; warn, once for each value, of a warmup that is over at once."""
        if 0 < self.warmup < SHORTEST_WARMUP and self.warmup not in _warned:
            reached = max(0, math.ceil(math.log(0.1, self.warmup)) - 1)
            warnings.warn(
                f"InverseLR.warmup is {self.warmup:g}, which is at 90 % of the rate at step {reached}: {NO_LENGTH}",
                UserWarning,
                stacklevel=4,
            )
            _warned.add(self.warmup)
        return ClosedForm.build(self, optimizer, horizon)


def _fall(step: Any, maths: Any, *, inv_gamma: float, power: float, floor: Floor) -> Shape:
    factor = (1.0 + step / inv_gamma) ** -power
    if not isinstance(floor, Share):
        return 1.0, factor, 0.0, floor
    # numpy has the greater of each two in an array.
    return 1.0, getattr(maths, "maximum", max)(factor, floor.fraction), 0.0, 0.0


def _warming(step: Any, maths: Any, *, fall: Formula, warmup: float) -> Shape:
    _, *of_fall = fall(step, maths)
    return (1.0 - warmup ** (step + 1), *of_fall)
