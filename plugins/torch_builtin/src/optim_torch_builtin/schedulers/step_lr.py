"""The plugin class of StepLR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import in_range, positive

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["StepLR"]


@attrs.frozen(kw_only=True)
class StepLR:
    """Multiply the rate by `gamma` after every `step_size` calls of ``step()``; ``MultiStepLR`` at given ones.

    torch.optim.lr_scheduler.StepLR.

    Formula:
        rate = base * gamma ** floor(step / step_size)

    Args:
        step_size: calls of ``step()`` between two decays, ≥ 1.
        gamma: factor, in (0, 1].
    """

    step_size: int = attrs.field(validator=positive)
    gamma: float = attrs.field(default=0.1, validator=in_range(gt=0, le=1))

    interval: ClassVar[str] = "epoch"
    lengths: ClassVar[Mapping[str, str]] = {"step_size": "point"}
    example: ClassVar[Mapping[str, Any]] = {"step_size": 30}

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.StepLR."""
        from torch.optim import lr_scheduler

        return lr_scheduler.StepLR(optimizer, **keyword_arguments(self))
