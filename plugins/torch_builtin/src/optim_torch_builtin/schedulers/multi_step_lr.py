"""The plugin class of MultiStepLR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import positive
from optim_torch_builtin.arguments import increasing

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["MultiStepLR"]


@attrs.frozen(kw_only=True)
class MultiStepLR:
    """Multiply the rate by `gamma` at each of the `milestones`; ``StepLR`` does so at equal distances.

    torch.optim.lr_scheduler.MultiStepLR.

    Formula:
        rate = base * gamma ** (number of milestones ≤ step)

    Args:
        milestones: at least one number of calls of ``step()``, each > 0 and above the one before.
        gamma: factor, > 0.
    """

    milestones: list[int] = attrs.field(validator=increasing)
    gamma: float = attrs.field(default=0.1, validator=positive)

    @milestones.validator
    def _has_one(self, attribute: attrs.Attribute[Any], value: list[int]) -> None:
        if not value:
            raise ValueError("must have at least one, is empty")

    interval: ClassVar[str] = "epoch"
    lengths: ClassVar[Mapping[str, str]] = {"milestones": "point"}
    example: ClassVar[Mapping[str, Any]] = {"milestones": [30, 80]}

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.MultiStepLR."""
        from torch.optim import lr_scheduler

        return lr_scheduler.MultiStepLR(optimizer, **keyword_arguments(self))
