"""The plugin class of ConstantLR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import in_range, positive

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["ConstantLR"]


@attrs.frozen(kw_only=True)
class ConstantLR:
    """Multiply the rate by `factor` for the first calls of ``step()`` (torch); ``constant`` leaves it as it is.

    torch.optim.lr_scheduler.ConstantLR. For the first `total_iters` calls; by 1 from then on. It is a flat warm-up: for
    a rate that never changes, leave the schedule out.

    Formula:
        rate = base * (factor if step < total_iters else 1)

    Args:
        factor: in (0, 1].
        total_iters: calls of ``step()`` until the full rate, ≥ 1.
    """

    factor: float = attrs.field(default=1.0 / 3, validator=in_range(gt=0, le=1))
    total_iters: int = attrs.field(default=5, validator=positive)

    interval: ClassVar[str] = "epoch"
    lengths: ClassVar[Mapping[str, str]] = {"total_iters": "point"}

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.ConstantLR."""
        from torch.optim import lr_scheduler

        return lr_scheduler.ConstantLR(optimizer, **keyword_arguments(self))
