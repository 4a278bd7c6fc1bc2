"""What the config classes share: their fields as keyword arguments, and checks that core's validators do not have."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from optim_core.specs import SchedulerSpec

__all__ = ["counts_calls", "foreach_is_possible", "fused_is_possible", "increasing", "keyword_arguments", "not_above"]


def keyword_arguments(config: Any, *left_out: str) -> dict[str, Any]:
    """The fields of an attrs instance by name, those in `left_out` excepted; nested values are not converted."""
    return {
        field.name: getattr(config, field.name) for field in attrs.fields(type(config)) if field.name not in left_out
    }


def foreach_is_possible(instance: Any, _attribute: attrs.Attribute[Any], value: bool | None) -> None:
    """A validator for `foreach`, whose kernels autograd cannot see through.

    Raises:
        ValueError: it is true, and so is `differentiable`.
    """
    if value and instance.differentiable:
        raise ValueError("does not go with differentiable: true; leave one of the two out")


def fused_is_possible(instance: Any, _attribute: attrs.Attribute[Any], value: bool | str | None) -> None:
    """A validator for `fused`; "auto" goes with everything, because it then takes the kernel that is possible.

    Raises:
        ValueError: it is true, and so is `foreach` or `differentiable`.
    """
    if value is True:
        for other in ("foreach", "differentiable"):
            if getattr(instance, other):
                raise ValueError(f"does not go with {other}: true; leave one of the two out")


def increasing(_instance: Any, _attribute: attrs.Attribute[Any], value: list[int]) -> None:
    """A validator for milestones.

    Raises:
        ValueError: one is not above 0, or not above the one before it.
    """
    for index, (before, milestone) in enumerate(pairwise([0, *value])):
        if milestone <= before:
            floor = f"> {before}, the one before it" if before else "> 0"
            raise ValueError(f"item {index} must be {floor}, is {milestone!r}")


def not_above(other: str) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """A validator for a number, or one for each parameter group, that must be ≤ the field `other`."""

    def check(instance: Any, _attribute: attrs.Attribute[Any], value: float | list[float]) -> None:
        bound = getattr(instance, other)
        lows = value if isinstance(value, list) else [value]
        highs = bound if isinstance(bound, list) else [bound]
        if not (lows is value and highs is bound):
            fits = max(lows, default=0.0) <= min(highs, default=math.inf)
        elif len(lows) != len(highs):
            raise ValueError(f"must have as many items as {other}, {len(highs)}, has {len(lows)}")
        else:
            fits = all(map(operator.le, lows, highs))
        if not fits:
            raise ValueError(f"must be ≤ {other}, which is {bound!r}, is {value!r}")

    return check


def counts_calls(_instance: Any, _attribute: attrs.Attribute[Any], value: list[SchedulerSpec]) -> None:
    """A validator for schedules that are combined.

    Raises:
        ValueError: there is none; or one waits for a metric: it is not the combination that would be given it; or one
            counts steps and another epochs.
    """
    if not value:
        raise ValueError("must have at least one schedule, is empty")
    for index, spec in enumerate(value):
        if hasattr(spec.config, "monitor"):
            raise ValueError(f"item {index}, {spec.type}, waits for a metric and cannot be combined with others")
        if spec.interval != value[0].interval:
            raise ValueError(
                f"item {index}, {spec.type}, has the interval {spec.interval}, and item 0, {value[0].type}, has "
                f"{value[0].interval}; set the same `interval` beside the `type` of each"
            )
