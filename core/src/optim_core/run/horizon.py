"""How long a training run is, in optimizer steps and epochs."""

from __future__ import annotations

import operator
from typing import Any

import attrs

from optim_core.errors import HorizonError

__all__ = ["Horizon", "count"]


def count(value: Any, name: str, *, at_least: int) -> int:
    """Return `value` as an int; it may be any whole number, numpy's included.

    Args:
        value: what may be a whole number.
        name: what it is, for the message.
        at_least: the least that it may be.

    Raises:
        HorizonError: `value` is not a whole number of at least `at_least`.

    Example:
        >>> from optim_core.plugin_tools import count
        >>> count(3, "warmup", at_least=0)
        3
    """
    whole = None if isinstance(value, bool) or not hasattr(type(value), "__index__") else operator.index(value)
    if whole is None or whole < at_least:
        raise HorizonError(f"{name} must be a whole number of at least {at_least}, is {value!r}")
    return whole


@attrs.frozen(kw_only=True)
class Horizon:
    """The length of a run, as given to `create`; of the three numbers, two give the third.

    Args:
        total_steps: optimizer steps in the whole run, ≥ 1. Gradient accumulation and the number of processes are the
            caller's to divide out.
        steps_per_epoch: optimizer steps in one epoch, ≥ 1.
        epochs: passes over the data, ≥ 1. Where it comes from the other two, a last pass that is cut short counts.
        per_epoch: whether the steps are those of a schedule that is stepped once an epoch; `in_epochs` sets it.

    Raises:
        HorizonError: a number is not a whole number of at least 1, or the three contradict each other.

    Example:
        >>> from optim_core import Horizon
        >>> Horizon(steps_per_epoch=300, epochs=10).total_steps
        3000
    """

    total_steps: int | None = None
    steps_per_epoch: int | None = None
    epochs: int | None = None
    per_epoch: bool = False

    def __attrs_post_init__(self) -> None:
        for name in ("total_steps", "steps_per_epoch", "epochs"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, count(value, name, at_least=1))
        total, per_epoch, epochs = self.total_steps, self.steps_per_epoch, self.epochs
        if total is None and per_epoch is not None and epochs is not None:
            object.__setattr__(self, "total_steps", per_epoch * epochs)
        elif per_epoch is None and total is not None and epochs is not None:
            object.__setattr__(self, "steps_per_epoch", -(-total // epochs))
        elif epochs is None and total is not None and per_epoch is not None:
            object.__setattr__(self, "epochs", -(-total // per_epoch))
        elif None not in (total, per_epoch, epochs) and not self._consistent():
            raise HorizonError(
                f"total_steps={total} does not fit steps_per_epoch={per_epoch} and epochs={epochs}; "
                "give two of them and leave the third out"
            )

    def _consistent(self) -> bool:
        total, per_epoch, epochs = self.total_steps or 0, self.steps_per_epoch or 1, self.epochs or 1
        return -(-total // per_epoch) == epochs

    def in_epochs(self) -> Horizon:
        """Return the same run for a schedule that is stepped once an epoch: each epoch is one of its steps.

        Example:
            >>> from optim_core import Horizon
            >>> Horizon(total_steps=3000, epochs=10).in_epochs().total_steps
            10
        """
        if self.epochs is None:
            return Horizon(per_epoch=True)
        return Horizon(total_steps=self.epochs, steps_per_epoch=1, per_epoch=True)

    def part(self, steps: int | None) -> Horizon:
        """Return a stretch of the run as a run of its own, for a schedule that has only `steps` of it.

        Args:
            steps: how many steps the schedule has, None where that is not known.

        Example:
            >>> from optim_core import Horizon
            >>> Horizon(total_steps=3000).part(500).total_steps
            500
        """
        return Horizon(total_steps=steps, steps_per_epoch=self.steps_per_epoch, per_epoch=self.per_epoch)

    def require(self, name: str, needed_by: str) -> int:
        """Return the number called `name` ("total_steps", "steps_per_epoch" or "epochs").

        Args:
            name: which length.
            needed_by: what needs it, for the message.

        Raises:
            HorizonError: the number is neither given nor follows from the others; the message says who needs it.

        Example:
            >>> from optim_core import Horizon
            >>> Horizon(steps_per_epoch=300, epochs=10).require("total_steps", "OneCycleLR")
            3000
        """
        value = getattr(self, name)
        if value is None:
            name = "epochs" if self.per_epoch else name
            otherwise = " or set its length in the config"
            raise HorizonError(f"{needed_by} needs {name}", needs=name, otherwise=otherwise)
        return int(value)
