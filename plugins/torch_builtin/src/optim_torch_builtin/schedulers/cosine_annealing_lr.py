"""The plugin class of CosineAnnealingLR."""

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

__all__ = ["CosineAnnealingLR"]


@attrs.frozen(kw_only=True)
class CosineAnnealingLR:
    """Down to `eta_min` along half a cosine, and up again (torch); ``cosine`` has a warmup, and stays down.

    torch.optim.lr_scheduler.CosineAnnealingLR. Loshchilov and Hutter 2016, arXiv:1608.03983. After `T_max` calls the
    rate rises again.

    Formula:
        rate = eta_min + (base - eta_min) * (1 + cos(π * step / T_max)) / 2

    Args:
        T_max: calls of ``step()`` until the lowest rate, ≥ 1.
        eta_min: the lowest rate, ≥ 0, at most the optimizer's; a group with an lr multiplier gets it times that;
            or ``"10%"`` of the optimizer's, for each group of its own.
    """

    T_max: int = attrs.field(validator=positive)
    eta_min: Floor = attrs.field(default=0.0, validator=rate_or_share)

    interval: ClassVar[str] = "epoch"
    lengths: ClassVar[Mapping[str, str]] = {"T_max": "run"}
    example: ClassVar[Mapping[str, Any]] = {"T_max": 100, "eta_min": 1e-6}

    def absolute_rate(self) -> tuple[str, float]:
        """Return the field that holds an absolute rate, and the rate, below which that of the optimizer must not be."""
        return "eta_min", 0.0 if isinstance(self.eta_min, Share) else self.eta_min

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.CosineAnnealingLR."""
        from optim_torch_builtin.multipliers import annealing

        return annealing(optimizer, **keyword_arguments(self))
