"""The floor of a schedule is that of each parameter group: times its multiplier, or a share of its own rate.

torch gives every group the same absolute rate, so that a group whose rate is five times the others' would lose that
factor on the way. optim-core writes the factor into the group as "lr_multiplier".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.optim import Optimizer, lr_scheduler

from optim_core.plugin_tools import Floor, Share, multiplied

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts", "annealing", "annealing_with_restarts"]

if TYPE_CHECKING:
    Base = lr_scheduler.CosineAnnealingLR
else:
    Base = object


class _FloorOfEachGroup(Base):
    """A schedule that has an ``eta_min`` for each group, where torch's has one number for all.

    Args:
        optimizer: its groups' lr multipliers scale the floor.
        share: the floor as a share of each group's base rate, in place of ``eta_min``.
        further: what torch's takes.
    """

    # A schedule of torch's own takes this class where a later group needs it.
    share: float | None = None

    def __init__(self, optimizer: Optimizer, *, share: float | None = None, **further: Any) -> None:
        self.share = share
        super().__init__(optimizer, **further)

    def get_lr(self) -> list[Any]:
        """Return the rate of each group at the present step."""
        return self._group_by_group(super().get_lr)

    def _floors(self) -> list[Any]:
        if self.share is not None:
            return [self.share * base for base in self.base_lrs]
        return [self.eta_min * group.get("lr_multiplier", 1.0) for group in self.optimizer.param_groups]

    def _group_by_group(self, rates_of_all: Any) -> list[Any]:
        """Return the rates that torch's method gives with the floor of each group."""
        floor, known, rates = self.eta_min, {}, []
        for index, own in enumerate(self._floors()):
            # Tensors are not compared, as that would wait for the device.
            key = own if isinstance(own, float) else f"of group {index}"
            if key not in known:
                self.eta_min = own
                known[key] = rates_of_all()
            rates.append(known[key][index])
        self.eta_min = floor
        return rates


class CosineAnnealingLR(_FloorOfEachGroup, lr_scheduler.CosineAnnealingLR):
    """torch's, with a floor for each group."""

    def _get_closed_form_lr(self) -> list[Any]:
        return self._group_by_group(super()._get_closed_form_lr)


class CosineAnnealingWarmRestarts(_FloorOfEachGroup, lr_scheduler.CosineAnnealingWarmRestarts):
    """torch's, with a floor for each group."""


def annealing(optimizer: Optimizer, eta_min: Floor, **further: Any) -> lr_scheduler.CosineAnnealingLR:
    """Make the schedule for an optimizer: torch's own where one floor is enough."""
    if isinstance(eta_min, Share):
        return CosineAnnealingLR(optimizer, share=eta_min.fraction, **further)
    cls = CosineAnnealingLR if _has_multipliers(optimizer) else lr_scheduler.CosineAnnealingLR
    return cls(optimizer, eta_min=eta_min, **further)


def annealing_with_restarts(
    optimizer: Optimizer, eta_min: Floor, **further: Any
) -> lr_scheduler.CosineAnnealingWarmRestarts:
    """Make the schedule for an optimizer: torch's own where one floor is enough."""
    if isinstance(eta_min, Share):
        return CosineAnnealingWarmRestarts(optimizer, share=eta_min.fraction, **further)
    cls = CosineAnnealingWarmRestarts if _has_multipliers(optimizer) else lr_scheduler.CosineAnnealingWarmRestarts
    return cls(optimizer, eta_min=eta_min, **further)


def _has_multipliers(optimizer: Optimizer) -> bool:
    return isinstance(multiplied(1.0, optimizer), list)
