"""Absolute learning rates in a schedule, such as a floor, follow the multiplier of each parameter group.

torch gives every group the same absolute rate, so that a group whose rate is five times the others' would lose that
factor on the way. optim-core writes the factor into the group as "lr_multiplier".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import Optimizer, lr_scheduler

from optim_core.plugin_tools import multiplied

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts", "annealing", "annealing_with_restarts"]

if TYPE_CHECKING:
    Base = lr_scheduler.CosineAnnealingLR
else:
    Base = object


class _FloorOfEachGroup(Base):
    """A schedule that has an ``eta_min`` for each group, where torch's has one number for all."""

    def get_lr(self) -> list[Any]:
        """Return the rate of each group at the present step."""
        return self._group_by_group(super().get_lr)

    def _group_by_group(self, rates_of_all: Any) -> list[Any]:
        """Return the rates that torch's method gives with the floor of each group."""
        floor, factors = self.eta_min, [group.get("lr_multiplier", 1.0) for group in self.optimizer.param_groups]
        rates = {}
        for factor in set(factors):
            self.eta_min = floor * factor
            rates[factor] = rates_of_all()
        self.eta_min = floor
        return [rates[factor][index] for index, factor in enumerate(factors)]


class CosineAnnealingLR(_FloorOfEachGroup, lr_scheduler.CosineAnnealingLR):
    """torch's, with a floor for each group."""

    def _get_closed_form_lr(self) -> list[Any]:
        return self._group_by_group(super()._get_closed_form_lr)


class CosineAnnealingWarmRestarts(_FloorOfEachGroup, lr_scheduler.CosineAnnealingWarmRestarts):
    """torch's, with a floor for each group."""


def annealing(optimizer: Optimizer) -> type[lr_scheduler.CosineAnnealingLR]:
    """Return the class for an optimizer: torch's own where one floor is enough."""
    return CosineAnnealingLR if isinstance(multiplied(1.0, optimizer), list) else lr_scheduler.CosineAnnealingLR


def annealing_with_restarts(optimizer: Optimizer) -> type[lr_scheduler.CosineAnnealingWarmRestarts]:
    """Return the class for an optimizer: torch's own where one floor is enough."""
    if isinstance(multiplied(1.0, optimizer), list):
        return CosineAnnealingWarmRestarts
    return lr_scheduler.CosineAnnealingWarmRestarts
