"""Absolute rates in a config, which follow the lr multiplier of each parameter group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from optim_core.errors import OptimError
from optim_core.validators import FieldError
from optim_schedules.curves.curve import Shape, multiple_of_base, towards

if TYPE_CHECKING:
    from torch.optim import Optimizer

__all__ = ["FloorError", "between", "either", "for_each_group"]


class FloorError(OptimError, ValueError):
    """A schedule is to fall to a rate that lies above the one it starts from."""


def for_each_group(rate: float | list[float], optimizer: Optimizer) -> float | list[float]:
    """`rate` times the multiplier of each group; as it is where it is a list, or where no group has a multiplier."""
    multipliers = [group.get("lr_multiplier", 1.0) for group in optimizer.param_groups]
    if isinstance(rate, list) or all(multiplier == 1.0 for multiplier in multipliers):
        return rate
    return [rate * multiplier for multiplier in multipliers]


def between(factor: Any, *, absolute: float | None, relative: float | None) -> Shape:
    """Between the base rate, at a factor of 1, and the lowest rate, at 0."""
    if relative is None:
        return towards(absolute or 0.0, factor)
    return multiple_of_base(factor * (1.0 - relative) + relative)


def either(instance: Any, _attribute: attrs.Attribute[Any], value: float | None) -> None:
    """A validator for ``min_lr``, beside which there is ``min_lr_rate``.

    Raises:
        FieldError: both are set, or none.
    """
    if value is not None and instance.min_lr_rate is not None:
        raise FieldError("means the same as min_lr_rate, which is set too", "give one of the two")
    if value is None and instance.min_lr_rate is None:
        raise FieldError("is missing", "set min_lr, an absolute rate, or min_lr_rate, a share of the base rate")
