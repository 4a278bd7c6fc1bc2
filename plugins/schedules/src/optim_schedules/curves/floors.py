"""The lowest rates in a config: absolute, so that they follow each group's lr multiplier, or shares of its own rate."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core.errors import OptimError
from optim_core.plugin_tools import Floor, Share
from optim_core.validators import FieldError
from optim_schedules.curves.curve import Shape, multiple_of_base, towards

__all__ = ["FloorError", "absolute", "either", "to_floor", "to_share"]


class FloorError(OptimError, ValueError):
    """A schedule is to fall to a rate that lies above the one it starts from."""


def to_floor(floor: Floor, factor: Any) -> Shape:
    """Return what lies between the base rate, at a factor of 1, and the lowest rate, at 0."""
    return to_share(floor.fraction, factor) if isinstance(floor, Share) else towards(floor, factor)


def to_share(share: float, factor: Any) -> Shape:
    """Return what lies between the base rate, at a factor of 1, and a share of it, at 0."""
    return multiple_of_base(factor * (1.0 - share) + share)


def absolute(floor: Floor | None) -> float:
    """Return the lowest rate where that is absolute, and else 0."""
    return 0.0 if floor is None or isinstance(floor, Share) else floor


def either(instance: Any, _attribute: attrs.Attribute[Any], value: Floor | None) -> None:
    """Validate ``min_lr``, beside which there is ``min_lr_rate``.

    Raises:
        FieldError: both are set, or neither is.
    """
    if value is not None and instance.min_lr_rate is not None:
        raise FieldError("means the same as min_lr_rate, which is set too", "give one of the two")
    if value is None and instance.min_lr_rate is None:
        raise FieldError("is missing", "set min_lr, an absolute rate, or min_lr_rate, a share of the base rate")
