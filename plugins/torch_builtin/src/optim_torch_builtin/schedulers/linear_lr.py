"""The plugin class of LinearLR."""

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

__all__ = ["LinearLR"]


@attrs.frozen(kw_only=True)
class LinearLR:
    """One straight line from `start_factor` to `end_factor`, then held (torch); ``linear`` is a warmup and a fall.

    torch.optim.lr_scheduler.LinearLR. As a warm-up it begins at a third of the rate, where others begin at 0.

    Formula:
        p = min(1, step / total_iters)
        rate = base * (start_factor + (end_factor - start_factor) * p)

    Args:
        start_factor: factor before the first ``step()``, in (0, 1].
        end_factor: factor from `total_iters` calls on, in [0, 1].
        total_iters: calls of ``step()`` until `end_factor`, ≥ 1.
    """

    start_factor: float = attrs.field(default=1.0 / 3, validator=in_range(gt=0, le=1))
    end_factor: float = attrs.field(default=1.0, validator=in_range(ge=0, le=1))
    total_iters: int = attrs.field(default=5, validator=positive)

    interval: ClassVar[str] = "epoch"
    lengths: ClassVar[Mapping[str, str]] = {"total_iters": "point"}

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.LinearLR."""
        from torch.optim import lr_scheduler

        return lr_scheduler.LinearLR(optimizer, **keyword_arguments(self))
