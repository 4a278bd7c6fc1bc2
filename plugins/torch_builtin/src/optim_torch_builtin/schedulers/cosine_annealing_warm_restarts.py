"""The plugin class of CosineAnnealingWarmRestarts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import Floor, Share, keyword_arguments, rate_or_share
from optim_core.validators import positive

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["CosineAnnealingWarmRestarts"]


@attrs.frozen(kw_only=True)
class CosineAnnealingWarmRestarts:
    """Half a cosine down, again and again (torch); ``cosine_with_restarts`` has a warmup, and an end.

    torch.optim.lr_scheduler.CosineAnnealingWarmRestarts. Loshchilov and Hutter 2016, arXiv:1608.03983. Unlike
    CosineAnnealingLR it jumps back to the full rate.

    Formula:
        rate = eta_min + (base - eta_min) * (1 + cos(π * n / T)) / 2
        n: steps since the last restart
        T: length of this cycle: T_0, then T_mult times the one before

    Args:
        T_0: calls of ``step()`` until the first restart, ≥ 1.
        T_mult: each cycle is this many times as long as the one before, ≥ 1.
        eta_min: the lowest rate, ≥ 0, at most the optimizer's; a group with an lr multiplier gets it times that;
            or ``"10%"`` of the optimizer's, for each group of its own.
    """

    T_0: int = attrs.field(validator=positive)
    T_mult: int = attrs.field(default=1, validator=positive)
    eta_min: Floor = attrs.field(default=0.0, validator=rate_or_share)

    # The schedule sets the rate itself, and does not go on from the rate that another schedule left.
    sets_the_rate: ClassVar[bool] = True
    interval: ClassVar[str] = "epoch"
    lengths: ClassVar[Mapping[str, str]] = {"T_0": "point"}
    example: ClassVar[Mapping[str, Any]] = {"T_0": 25, "T_mult": 2, "eta_min": 1e-7}

    def absolute_rate(self) -> tuple[str, float]:
        """Return the field that holds an absolute rate, and the rate, below which that of the optimizer must not be."""
        return "eta_min", 0.0 if isinstance(self.eta_min, Share) else self.eta_min

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.CosineAnnealingWarmRestarts."""
        from optim_torch_builtin.multipliers import annealing_with_restarts

        return annealing_with_restarts(optimizer, **keyword_arguments(self))
