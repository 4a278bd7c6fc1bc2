"""The plugin class of ExponentialLR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import positive

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["ExponentialLR"]


@attrs.frozen(kw_only=True)
class ExponentialLR:
    """Multiply the rate by `gamma` at every ``step()``; `lr_decay_gamma` beside an optimizer is this, by epochs.

    torch.optim.lr_scheduler.ExponentialLR.

    Formula:
        rate = base * gamma ** step

    Args:
        gamma: factor, > 0; above 1 the rate grows, as a search for a good rate wants it.
    """

    gamma: float = attrs.field(validator=positive)

    interval: ClassVar[str] = "epoch"
    example: ClassVar[Mapping[str, Any]] = {"gamma": 0.95}

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.ExponentialLR."""
        from torch.optim import lr_scheduler

        return lr_scheduler.ExponentialLR(optimizer, **keyword_arguments(self))
