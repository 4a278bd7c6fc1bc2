"""Absolute learning rates in a schedule, such as a floor, follow the multiplier of each parameter group.

torch gives every group the same absolute rate, so that a group whose rate is five times the others' would lose that
factor on the way. optim-core writes the factor into the group as "lr_multiplier".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from optim_core.plugin_tools import multiplied

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts

    Cosine = TypeVar("Cosine", CosineAnnealingLR, CosineAnnealingWarmRestarts)

__all__ = ["with_multiplied_floor"]


def with_multiplied_floor(scheduler: type[Cosine], optimizer: Optimizer) -> type[Cosine]:
    """Return a scheduler class that has an `eta_min` for each group; `scheduler` itself where one is enough.

    Args:
        scheduler: a class whose ``get_lr`` reads ``self.eta_min``, which is one number for all groups.
        optimizer: has the groups.
    """
    if not isinstance(multiplied(1.0, optimizer), list):
        return scheduler
    of_torch = {name: getattr(scheduler, name, None) for name in ("get_lr", "_get_closed_form_lr")}
    methods = {name: _group_by_group(rates) for name, rates in of_torch.items() if rates is not None}
    return cast("type[Cosine]", type(scheduler.__name__, (scheduler,), methods))


def _group_by_group(rates_of_all: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
    """Return a method that calls that of torch's scheduler once for each group, with the floor of that group."""

    def rates(scheduler: Any) -> list[Any]:
        floor, found = scheduler.eta_min, []
        for index, group in enumerate(scheduler.optimizer.param_groups):
            scheduler.eta_min = floor * group.get("lr_multiplier", 1.0)
            found.append(rates_of_all(scheduler)[index])
        scheduler.eta_min = floor
        return found

    return rates
