"""Absolute rates in a config, which follow the lr multiplier of each parameter group."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core.errors import OptimError
from optim_core.validators import FieldError
from optim_schedules.curves.curve import Shape, multiple_of_base, towards

__all__ = ["FloorError", "between", "either"]


class FloorError(OptimError, ValueError):
    """A schedule is to fall to a rate that lies above the one it starts from."""


def between(factor: Any, *, absolute: float | None, relative: float | None) -> Shape:
    """Return what lies between the base rate, at a factor of 1, and the lowest rate, at 0."""
    if relative is None:
        return towards(absolute or 0.0, factor)
    return multiple_of_base(factor * (1.0 - relative) + relative)


def either(instance: Any, _attribute: attrs.Attribute[Any], value: float | None) -> None:
    """Validate ``min_lr``, beside which there is ``min_lr_rate``.

    Raises:
        FieldError: both are set, or neither is.
    """
    if value is not None and instance.min_lr_rate is not None:
        raise FieldError("means the same as min_lr_rate, which is set too", "give one of the two")
    if value is None and instance.min_lr_rate is None:
        raise FieldError("is missing", "set min_lr, an absolute rate, or min_lr_rate, a share of the base rate")
