"""Fields that are lengths: their converter, their validators, and their number of steps."""

from __future__ import annotations

from typing import Any

import attrs

from optim_core import Duration, Horizon
from optim_core.validators import FieldError

__all__ = ["duration", "exclusive", "in_epochs", "not_empty", "optional_duration", "resolved"]


def duration(value: Any) -> Duration:
    """Convert a length, so that from Python, too, a class can be called with 500 or ``"5%"``."""
    return Duration.of(value)


def optional_duration(value: Any) -> Duration | None:
    """Convert a length that may be left open."""
    return None if value is None else Duration.of(value)


def not_empty(_instance: Any, _attribute: attrs.Attribute[Any], value: Duration | None) -> None:
    """Validate a length that must not be 0.

    Raises:
        FieldError: the length is 0.
    """
    if value is not None and not value.amount:
        raise FieldError(f"must be > 0, is {value}")


def exclusive(*others: str) -> Any:
    """Return a validator for a field that means the same as some others, which come before it.

    Raises:
        FieldError: when called, where the field is set and one of the others is, too.
    """

    def check(instance: Any, _attribute: attrs.Attribute[Any], value: Any) -> None:
        if value is None:
            return
        for other in others:
            if getattr(instance, other) is not None:
                raise FieldError(f"means the same as {other}, which is set too", "give one of the two")

    return check


def in_epochs(length: Duration | None) -> Duration | None:
    """Return a length in which a bare number is epochs, whether the schedule is stepped by epochs or by steps."""
    return length if length is None or length.unit else Duration(length.amount, "epochs")


def resolved(length: Duration | None, horizon: Horizon, schedule: str, field: str) -> int:
    """Return a length in calls of ``step()``; one that is not set is that of the run.

    Raises:
        HorizonError: the length of the run is needed and not known.
    """
    if length is None:
        return horizon.require("total_steps", schedule)
    return length.resolve(horizon, f"{schedule}.{field}")
