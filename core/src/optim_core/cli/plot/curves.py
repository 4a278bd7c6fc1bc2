"""The curves to draw: the rate of each parameter group of some configs, over one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs

from optim_core import Horizon, HorizonError, OptimError, SchedulerSpec
from optim_core.cli.plot.groups import Group
from optim_core.cli.plot.lengths import fixed_length
from optim_core.plugin_tools import install_line, visible

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LONGEST", "Curve", "curves_of"]

Unit = Literal["step", "epoch"]

# At most so many steps are computed for one curve.
LONGEST = 10_000_000


@attrs.frozen(kw_only=True, eq=False)
class Curve:
    """The rates of a group.

    Args:
        group: whose.
        unit: what the axis counts.
        rates: float64, of shape (n,): the rate after so many calls of ``step()``.
        each: how many units of the axis a call is apart from the next, ≥ 1.
        length: where the curve ends on the axis, in its units.
    """

    group: Group
    unit: Unit
    rates: NDArray[Any]
    each: int
    length: int

    @property
    def is_stairs(self) -> bool:
        """Whether the rate stays between two places, as it does within an epoch."""
        return self.unit == "epoch" or self.each > 1 or self.group.schedule is None

    @property
    def last(self) -> int:
        """The last place on the axis that is drawn; the last step of stairs reaches up to the end."""
        return self.length if self.is_stairs else self.length - 1

    def at(self, places: NDArray[Any]) -> NDArray[Any]:
        """Return the rates at places on the axis, int64 ≥ 0 of shape (n,); NaN beyond the end."""
        import numpy as np

        calls = np.minimum(places // self.each, len(self.rates) - 1)
        return np.where(places <= self.last, self.rates[calls], np.nan)


def curves_of(groups: Sequence[Group], horizon: Horizon, metrics: Sequence[float] | None) -> list[Curve]:
    """Return the rates of each group, over one axis that counts steps, or epochs where nothing else is known.

    Args:
        groups: at least one.
        horizon: the run as far as it is known. A schedule that it gives no length has the one that its config fixes;
            one without either, and a rate that stays, are drawn as far as the longest of the others.
        metrics: for schedules that wait for one.

    Raises:
        OptimError: a length is missing, or a schedule cannot be drawn; it names the option that helps.
    """
    if metrics is not None and not any(group.schedule and group.schedule.waits_for_metric for group in groups):
        raise OptimError("--metrics: none of the schedules follows a metric")
    unit = _unit(groups, horizon)
    lengths = [_length(group, unit, horizon, metrics) for group in groups]
    longest = max((length for length in lengths if length is not None), default=None)
    if longest is None:
        option = "--epochs N" if unit == "epoch" else "--total-steps N"
        raise OptimError(f"{groups[0].title} has no length of its own: give {option}")
    return [
        _curve(group, unit, length or longest, horizon, metrics) for group, length in zip(groups, lengths, strict=True)
    ]


def _unit(groups: Sequence[Group], horizon: Horizon) -> Unit:
    """Return what the axis counts: steps, unless only epochs are known.

    Raises:
        OptimError: a length that was given says nothing of it.
    """
    first = {group.schedule.interval: group.title for group in reversed(groups) if group.schedule}
    total, epochs = horizon.total_steps, horizon.epochs
    if horizon.steps_per_epoch is not None:
        return "step"
    if len(first) == 2:
        raise OptimError(
            f"{first['epoch']} is stepped once an epoch and {first['step']} after each step: "
            "give --steps-per-epoch N, so that both fit on one axis"
        )
    if "epoch" in first and total is not None:
        raise OptimError(f"{first['epoch']} is stepped once an epoch: give --epochs N too, or --steps-per-epoch N")
    if "step" in first and epochs is not None:
        raise OptimError(
            f"{first['step']} is stepped after each step: give --steps-per-epoch N too, or --total-steps N"
        )
    return "epoch" if "epoch" in first or epochs is not None else "step"


def _each(group: Group, unit: Unit, horizon: Horizon) -> int:
    """Return how many units of the axis one call of ``step()`` stands for."""
    by_epoch = group.schedule is not None and group.schedule.interval == "epoch"
    return (horizon.steps_per_epoch or 1) if by_epoch and unit == "step" else 1


def _length(group: Group, unit: Unit, horizon: Horizon, metrics: Sequence[float] | None) -> int | None:
    """Return the length of a curve in units of the axis, None where nothing fixes it."""
    length = horizon.total_steps if unit == "step" else horizon.epochs
    schedule = group.schedule
    if schedule is None:
        return length
    each = _each(group, unit, horizon)
    if length is None:
        try:
            calls = fixed_length(schedule, schedule.counted(horizon))
        except HorizonError as error:
            raise OptimError(f"{group.title}: {_with_options(error)}") from None
        length = None if calls is None else calls * each
    if not schedule.waits_for_metric:
        return length
    if metrics is None:
        name = f", {visible(schedule.monitor)}" if schedule.monitor else ""
        raise OptimError(
            f"{group.title} follows a metric{name}: give its values, as --metrics 0.9,0.7,0.71 or --metrics FILE"
        )
    known = (len(metrics) + 1) * each
    return known if length is None else min(length, known)


def _curve(group: Group, unit: Unit, length: int, horizon: Horizon, metrics: Sequence[float] | None) -> Curve:
    import numpy as np

    each = _each(group, unit, horizon)
    calls = math.ceil(length / each)
    if calls > LONGEST:
        raise OptimError(f"{group.title}: {calls:,} steps are too many to draw, at most {LONGEST:,} can be")
    if group.schedule is None:
        rates = np.full(calls, group.base_lr)
    else:
        rates = _rates(group, group.schedule, calls, horizon, metrics)
    return Curve(group=group, unit=unit, rates=rates, each=each, length=length)


def _rates(
    group: Group, schedule: SchedulerSpec, calls: int, horizon: Horizon, metrics: Sequence[float] | None
) -> NDArray[Any]:
    given = metrics if schedule.waits_for_metric else None
    named = group.group or None
    try:
        return schedule.curve(
            calls, group.base_lr, horizon=horizon, metrics=given, multiplier=group.multiplier, group=named
        )
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise OptimError(f"{group.title} is drawn by stepping it, which needs torch: {install_line('torch')}") from None
    except (OptimError, ValueError, ArithmeticError) as error:
        raise OptimError(f"{group.title}: {_with_options(error)}") from error


def _with_options(error: Exception) -> str:
    """Return what is wrong, with the option in place of the argument of `Recipe.create`."""
    if not isinstance(error, HorizonError) or error.needs is None:
        return str(error)
    return f"{error.reason}: give --{error.needs.replace('_', '-')} N{error.otherwise}"
