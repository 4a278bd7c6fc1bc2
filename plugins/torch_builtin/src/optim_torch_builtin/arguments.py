"""Validators for fields of torch's classes, where optim-core has none that fits."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import attrs

from optim_core.plugin_tools import PerGroup, listing, shown
from optim_core.validators import FieldError, ItemsError

__all__ = [
    "NO_CLIPPING",
    "foreach_is_possible",
    "fused_is_possible",
    "increasing",
    "not_above",
]

LONGEST_SHOWN, LARGEST_SHOWN = 20, 10**12
# The hint for a bound of clipping that is 0 or less, by which command lines mean that clipping is off.
NO_CLIPPING = "for no clipping leave gradient_clipping out, or make it null"


def foreach_is_possible(instance: Any, _attribute: attrs.Attribute[Any], value: bool | None) -> None:
    """Validate `foreach`, whose kernels autograd cannot differentiate.

    Raises:
        ValueError: it is true, and so is `differentiable`.
    """
    if value and instance.differentiable:
        raise FieldError("does not go with differentiable: true", "leave one of the two out")


def fused_is_possible(instance: Any, _attribute: attrs.Attribute[Any], value: bool | str | None) -> None:
    """Validate `fused`; "auto" goes with everything, because it takes the kernel that is possible.

    Raises:
        ValueError: it is true, and so is `foreach` or `differentiable`.
    """
    if value is True:
        for other in ("foreach", "differentiable"):
            if getattr(instance, other):
                raise FieldError(f"does not go with {other}: true", "leave one of the two out")


def increasing(_instance: Any, _attribute: attrs.Attribute[Any], value: list[int]) -> None:
    """Validate milestones.

    Raises:
        ItemsError: some are not above 0, or not above the one before them.
    """
    wrong: dict[int, ValueError] = {}
    hint = _in_order(value)
    for index, (before, milestone) in enumerate(pairwise([0, *value])):
        if milestone <= before:
            floor = f"> {shown(before)}, the one before it" if index else "> 0"
            wrong[index] = FieldError(f"must be {floor}, is {shown(milestone)}", hint)
    if wrong:
        raise ItemsError(wrong)


def _in_order(milestones: list[int]) -> str | None:
    """Return the hint for milestones of which each is right and the order is not; None where the order is right."""
    ordered = sorted({milestone for milestone in milestones if milestone > 0})
    short = 1 < len(ordered) <= LONGEST_SHOWN and ordered[-1] < LARGEST_SHOWN
    return f"in order they are {ordered}" if short else None


def not_above(other: str) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Return a validator for a number, or one for each parameter group, that must be ≤ the field `other`.

    Of two lists and of two mappings, the values of one group are compared; else the highest with the lowest.
    """

    def check(instance: Any, _attribute: attrs.Attribute[Any], value: PerGroup) -> None:
        bound = getattr(instance, other)
        if isinstance(value, list) and isinstance(bound, list) and len(value) != len(bound):
            raise ValueError(f"must have as many items as {other}, {len(bound)}, has {len(value)}")
        if isinstance(value, list) and isinstance(bound, list):
            pairs = list(zip(value, bound, strict=True))
        elif isinstance(value, dict) and isinstance(bound, dict):
            _refuse_other_names(value, bound, other)
            wrong = {
                name: ValueError(f"must be ≤ {shown(bound[name])}, that of {other}, is {shown(low)}")
                for name, low in value.items()
                if low > bound[name]
            }
            if wrong:
                raise ItemsError(wrong)
            return
        else:
            pairs = [(max(_each(value), default=0.0), min(_each(bound), default=math.inf))]
        if any(low > high for low, high in pairs):
            raise ValueError(f"must be ≤ {other}, which is {shown(bound)}, is {shown(value)}")

    return check


def _each(value: PerGroup) -> list[float]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]


def _refuse_other_names(value: dict[str, float], bound: dict[str, float], other: str) -> None:
    different = [name for name in (*value, *bound) if name not in value or name not in bound]
    if different:
        raise ValueError(
            f"must name the same parameter groups as {other}; only one of the two has {listing(different)}"
        )
