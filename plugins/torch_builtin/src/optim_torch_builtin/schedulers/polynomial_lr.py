"""The plugin class of PolynomialLR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import positive

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["PolynomialLR"]


@attrs.frozen(kw_only=True)
class PolynomialLR:
    """Down to 0 as ``(1 - t / total_iters) ** power`` (torch); ``polynomial`` has a warmup, and a rate to end at.

    torch.optim.lr_scheduler.PolynomialLR.

    Formula:
        rate = base * (1 - min(step, total_iters) / total_iters) ** power

    Args:
        total_iters: calls of ``step()`` until 0, ≥ 1.
        power: > 0; 1 is a straight line.
    """

    total_iters: int = attrs.field(default=5, validator=positive)
    power: float = attrs.field(default=1.0, validator=positive)

    interval: ClassVar[str] = "epoch"
    lengths: ClassVar[Mapping[str, str]] = {"total_iters": "run"}

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.PolynomialLR."""
        from torch.optim import lr_scheduler

        return lr_scheduler.PolynomialLR(optimizer, **keyword_arguments(self))
