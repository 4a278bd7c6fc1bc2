"""Combination: the base of schedules that are made of others."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING

from optim_core import Horizon
from optim_core.plugin_tools import Combined
from optim_core.specs import SchedulerSpec
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["Combination", "curve_of"]


class Combination(Combined):
    """A schedule made of others: a closed form where all of them are, else a sequence that is stepped."""

    __slots__ = ()

    @abc.abstractmethod
    def combined(self, horizon: Horizon) -> Curve:
        """Return the curve of the whole, where all parts have one."""

    @abc.abstractmethod
    def stepped(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make the scheduler of the whole, where a part has no curve."""

    @property
    def closed_form(self) -> Callable[[Horizon], Curve] | None:
        """A method that gives the curve; None where a part, such as most of torch's own, has none."""
        return self.combined if all(map(has_curve, self.parts())) else None

    def refuse(self, base_lr: float, multiplier: float, group: int) -> None:
        """Refuse a parameter group for which the config of a part cannot be meant."""
        for spec in self.parts():
            spec.config.refuse(base_lr, multiplier, group)

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a LambdaLR where every part has a closed form, else a scheduler that runs the parts.

        The state of either is plain data.

        Raises:
            HorizonError: a length is open that `horizon` does not give, or the parts do not fit into the run.
            OptimError: an absolute rate does not go with the rate of a group.
        """
        if self.closed_form is None:
            return self.stepped(optimizer, horizon)
        from optim_schedules.live.closed_form_lr import ClosedFormLR

        return ClosedFormLR(optimizer, self.combined(horizon), self.refuse)


def has_curve(spec: SchedulerSpec) -> bool:
    return isinstance(spec.config, (ClosedForm, Combination)) and spec.config.closed_form is not None


def curve_of(spec: SchedulerSpec, horizon: Horizon) -> Curve:
    """Return the curve of a part that has one."""
    curve: Curve = spec.config.closed_form(horizon)
    return curve
