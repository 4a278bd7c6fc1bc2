"""Fields that are lengths: their converter, their validators, and their number of steps."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core import Duration, Horizon
from optim_core.validators import FieldError

__all__ = ["duration", "exclusive", "in_epochs", "not_empty", "optional_duration", "resolved"]


def duration(value: Any) -> Duration:
    """A converter, so that a class can be called with 500 or ``"5%"`` from Python too."""
    return Duration.of(value)


def optional_duration(value: Any) -> Duration | None:
    """The same for a length that may be left open."""
    return None if value is None else Duration.of(value)


def not_empty(_instance: Any, _attribute: attrs.Attribute[Any], value: Duration | None) -> None:
    """A validator for a length that must not be 0.

    Raises:
        FieldError: it is 0.
    """
    if value is not None and not value.amount:
        raise FieldError(f"must be > 0, is {value}")


def exclusive(*others: str) -> Any:
    """A validator for a field that means the same as some others, which come before it.

    Raises:
        FieldError: it is set, and so is one of them.
    """

    def check(instance: Any, _attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None:
            return
        for other in others:
            if getattr(instance, other) is not None:
                raise FieldError(f"means the same as {other}, which is set too", "give one of the two")

    return check


def in_epochs(length: Duration | None) -> Duration | None:
    """A length of which a bare number is epochs, whether the schedule is stepped after each or after each step."""
    return length if length is None or length.unit else Duration(length.amount, "epochs")


def resolved(length: Duration | None, horizon: Horizon, schedule: str, field: str) -> int:
    """A length in calls of ``step()``; one that is not set is that of the run.

    Raises:
        HorizonError: it is not known.
    """
    if length is None:
        return horizon.require("total_steps", schedule)
    return length.resolve(horizon, f"{schedule}.{field}")
