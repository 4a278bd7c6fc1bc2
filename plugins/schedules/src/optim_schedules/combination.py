"""Combination: what the schedules that are made of others share."""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from optim_core.run.horizon import Horizon
from optim_core.specs import SchedulerSpec
from optim_core.validators import FieldError, ItemsError
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["Combination", "curve_of", "follows_no_metric", "one_interval"]


def follows_no_metric(_instance: Any, _attribute: attrs.Attribute[Any], value: SchedulerSpec) -> None:
    """A validator for a schedule that is a part of another.

    Raises:
        FieldError: it waits for a metric, which the whole would not be given.
    """
    if value.waits_for_metric:
        raise FieldError(
            f"{value.type} waits for a metric and cannot be a part of another schedule",
            "take a schedule that counts steps, or this one alone",
        )


def one_interval(instance: Any, attribute: attrs.Attribute[Any], value: Sequence[SchedulerSpec]) -> None:
    """A validator for schedules that follow each other.

    Raises:
        FieldError: there is none.
        ItemsError: some wait for a metric, or count epochs where the first counts steps, or steps where it does not.
    """
    if not value:
        raise FieldError("must have at least one schedule, is empty")
    wrong: dict[int, ValueError] = {}
    first = value[0]
    for index, spec in enumerate(value):
        try:
            follows_no_metric(instance, attribute, spec)
        except FieldError as error:
            wrong[index] = error
            continue
        if spec.interval != first.interval:
            wrong[index] = FieldError(
                f"{spec.type} has the interval {spec.interval}, and item 0, {first.type}, has {first.interval}",
                "set the same `interval` beside the `type` of each",
            )
    if wrong:
        raise ItemsError(wrong)


class Combination(abc.ABC):
    """A schedule made of others: a closed form where all of them are, else a sequence that is stepped."""

    __slots__ = ()

    @abc.abstractmethod
    def parts(self) -> Sequence[SchedulerSpec]:
        """The schedules that it is made of."""

    @abc.abstractmethod
    def combined(self, horizon: Horizon) -> Curve:
        """The curve of the whole, where all parts have one."""

    @abc.abstractmethod
    def stepped(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """The scheduler of the whole, where a part has no curve."""

    @property
    def interval(self) -> str:
        """That of the parts, which all have the same."""
        return self.parts()[0].interval

    @property
    def closed_form(self) -> Callable[[Horizon], Curve] | None:
        """A method that gives the curve; None where a part, such as most of torch's own, has none."""
        return self.combined if all(map(has_curve, self.parts())) else None

    def refuse(self, base_lr: float, multiplier: float, group: int) -> None:
        """As `ClosedForm.refuse`, for each part."""
        for spec in self.parts():
            spec.config.refuse(base_lr, multiplier, group)

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """A LambdaLR where every part has a closed form, else a scheduler that runs the parts; its state is plain data.

        Raises:
            HorizonError: a length is open that `horizon` does not give, or the parts do not fit into the run.
            OptimError: an absolute rate does not go with the rate of a group.
        """
        if self.closed_form is None:
            return self.stepped(optimizer, horizon)
        from optim_schedules.live.closed_form_lr import build_closed_form

        return build_closed_form(self, optimizer, self.combined(horizon))


def has_curve(spec: SchedulerSpec) -> bool:
    return isinstance(spec.config, (ClosedForm, Combination)) and spec.config.closed_form is not None


def curve_of(spec: SchedulerSpec, horizon: Horizon) -> Curve:
    """The curve of a part that has one."""
    curve: Curve = spec.config.closed_form(horizon)
    return curve
