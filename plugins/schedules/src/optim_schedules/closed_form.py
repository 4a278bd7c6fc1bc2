"""ClosedForm: the base of schedules that are arithmetic on the step."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

from optim_core import Horizon
from optim_core.errors import OptimError
from optim_core.plugin_tools import count
from optim_schedules.curves.floors import FloorError

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_schedules.curves.curve import Curve

__all__ = ["ClosedForm"]


class ClosedForm(abc.ABC):
    """A schedule that says the rate at any step without the steps before it."""

    __slots__ = ()

    @abc.abstractmethod
    def closed_form(self, horizon: Horizon) -> Curve:
        """Return the curve in a run of this length.

        Raises:
            HorizonError: the config leaves a length open that `horizon` does not give.
        """

    def absolute_rate(self) -> tuple[str, float] | None:
        """Return the field with an absolute rate, and that rate; None where the curve is a multiple of the base."""
        return None

    def refuse(self, base_lr: float, multiplier: float, group: int) -> None:
        """Refuse a parameter group for which the config cannot be meant.

        Raises:
            FloorError: the absolute rate, to which the schedule falls, is above the group's own.
        """
        absolute = self.absolute_rate()
        # Both rates are products with the multiplier, and may be rounded to different sides: hence the small tolerance.
        if absolute is None or absolute[1] * multiplier <= base_lr * (1 + 1e-9):
            return
        field, floor = absolute
        scaled = f" (times the group's lr multiplier {multiplier:g})" if multiplier != 1.0 else ""
        raise FloorError(
            f"{field} is {floor:g}{scaled}, above the rate {base_lr:g} of parameter group {group}: lower it or raise lr"
        )

    def factor(self, step: int, *, base_lr: float | None = None, horizon: Horizon | None = None) -> float:
        """Return the rate at `step` as a multiple of the base rate.

        Args:
            step: how often ``step()`` was called before, ≥ 0.
            base_lr: the group's own rate, > 0; it matters only where the config sets an absolute rate.
            horizon: the length of the run, for what the config leaves open.

        Raises:
            HorizonError: a length is open that `horizon` does not give, or `step` is no whole number ≥ 0.
            OptimError: `base_lr` is missing and matters.
        """
        step = count(step, "step", at_least=0)
        absolute = self.absolute_rate()
        if base_lr is None and absolute is not None and absolute[1]:
            field, rate = absolute
            raise OptimError(
                f"{field} is an absolute rate, {rate:g}: the factor depends on base_lr=…, which is missing"
            )
        base_lr = 1.0 if base_lr is None else base_lr
        return self.closed_form(horizon or Horizon()).rate(step, base_lr) / base_lr

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a LambdaLR whose state is plain data.

        Raises:
            HorizonError: neither the config nor `horizon` gives a length.
            OptimError: an absolute rate does not go with the rate of a group.
        """
        from optim_schedules.live.closed_form_lr import ClosedFormLR

        return ClosedFormLR(optimizer, self.closed_form(horizon), self.refuse)
