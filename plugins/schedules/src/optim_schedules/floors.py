"""Absolute rates in a config, which follow the lr multiplier of each parameter group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optim_core.errors import OptimError

if TYPE_CHECKING:
    from torch.optim import Optimizer

__all__ = ["FloorError", "for_each_group"]


class FloorError(OptimError, ValueError):
    """A schedule is to fall to a rate that lies above the one it starts from."""


def for_each_group(rate: float | list[float], optimizer: Optimizer) -> float | list[float]:
    """`rate` times the multiplier of each group; as it is where it is a list, or where no group has a multiplier."""
    multipliers = [group.get("lr_multiplier", 1.0) for group in optimizer.param_groups]
    if isinstance(rate, list) or all(multiplier == 1.0 for multiplier in multipliers):
        return rate
    return [rate * multiplier for multiplier in multipliers]
