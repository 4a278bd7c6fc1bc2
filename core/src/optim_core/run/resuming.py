"""Going on where a run was saved: as it was, or with other numbers from where it stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from optim_core.run.guard import places_of_groups
from optim_core.run.later_groups import follow
from optim_core.run.stepping import go_to

if TYPE_CHECKING:
    from optim_core.run.horizon import Horizon

__all__ = ["Continued", "load_as_saved", "load_with_numbers", "start_of", "take_over"]


class Continued(NamedTuple):
    """An optimizer that goes on, with its schedule.

    Args:
        optimizer: the live optimizer.
        scheduler: its live schedule, None without one.
        saved: what was saved of the optimizer: its type, start and state.
        saved_scheduler: what was saved of the schedule, None without one.
        step: where the schedule goes on, where it counted something else before; None where it goes on where it was.
    """

    optimizer: Any
    scheduler: Any
    saved: Mapping[str, Any]
    saved_scheduler: Mapping[str, Any] | None
    step: int | None = None


def load_as_saved(part: Continued, schedule: Any, horizon: Horizon | None) -> None:
    """Load both states as they are.

    Args:
        part: what goes on.
        schedule: the spec of the saved schedule, where the live one was made from another; else None.
        horizon: the length of the saved run.
    """
    if schedule is not None:
        start = start_of(part.optimizer, part.saved)
        for group, options in zip(part.optimizer.param_groups, start, strict=True):
            _set_base(group, options)
        made = schedule.build_for(part.optimizer, schedule.counted(horizon))
        _become(part, made, schedule, horizon)
    part.optimizer.load_state_dict(deepcopy(part.saved["state"]))
    if part.saved_scheduler is not None:
        part.scheduler.load_state_dict(deepcopy(part.saved_scheduler["state"]))


def load_with_numbers(part: Continued, start: Sequence[Mapping[str, Any]], schedule: Any, horizon: Horizon) -> None:
    """Load the optimizer's state, with the options and the schedule of another config; the step stays.

    An option keeps what was saved unless the two configs have begun with different values of it, so that what an
    optimizer counts or estimates in its groups is not lost.

    Args:
        part: what goes on.
        start: the options with which each group begins by the config that counts from now on.
        schedule: the spec of its schedule, None without one.
        horizon: the length of the run by that config.
    """
    before = start_of(part.optimizer, part.saved)
    part.optimizer.load_state_dict(deepcopy(part.saved["state"]))
    groups = part.optimizer.param_groups
    for group, was, now in zip(groups, before, start, strict=True):
        for key, value in now.items():
            if key != "lr" and not _equal(was.get(key), value):
                group[key] = deepcopy(value)
    if schedule is None or part.saved_scheduler is None:
        for group, was, now in zip(groups, before, start, strict=True):
            if "lr" in now and not _equal(was.get("lr"), now["lr"]):
                _set_rate(group, now["lr"])
    elif schedule.waits_for_metric:
        _go_on_with_metric(part, before, start, schedule, horizon)
    else:
        _go_on_at_step(part, start, schedule, horizon)


def _go_on_at_step(part: Continued, start: Sequence[Mapping[str, Any]], schedule: Any, horizon: Horizon) -> None:
    """Put the schedule where it would be, had it had these numbers from the start."""
    for group, options in zip(part.optimizer.param_groups, start, strict=True):
        _set_base(group, options)
    step = _step_of((part.saved_scheduler or {})["state"]) if part.step is None else part.step
    made = schedule.build_for(part.optimizer, schedule.counted(horizon))
    if step:
        go_to(made, step, at_once=schedule.has_closed_form)
    _become(part, made, schedule, horizon)


def _step_of(state: Mapping[str, Any]) -> int:
    """Return how often a schedule was stepped; one that is made of others may leave that to them."""
    return int(state["last_epoch"]) if "last_epoch" in state else _step_of(state["_schedulers"][0])


def _go_on_with_metric(
    part: Continued,
    before: Sequence[Mapping[str, Any]],
    start: Sequence[Mapping[str, Any]],
    schedule: Any,
    horizon: Horizon,
) -> None:
    """Keep what a schedule has seen and what it made of the rate, and give it these numbers.

    The rate has been lowered or raised by what the metric did, so that it is scaled as the rate at the start is.
    """
    saved = part.saved_scheduler or {}
    groups = part.optimizer.param_groups
    reached = [deepcopy(group.get("lr")) for group in groups]
    for group, options in zip(groups, start, strict=True):
        _set_base(group, options)
    made = schedule.build_for(part.optimizer, schedule.counted(horizon))
    first, then = made.state_dict(), saved["start"]
    state = {
        key: first[key] if key in first and not _equal(first[key], then.get(key)) else value
        for key, value in saved["state"].items()
    }
    made.load_state_dict(deepcopy(state))
    _become(part, made, schedule, horizon)
    for group, rate, was, now in zip(groups, reached, before, start, strict=True):
        if rate is not None and "lr" in now:
            factor = 1.0 if _equal(was["lr"], now["lr"]) else float(now["lr"]) / float(was["lr"])
            _set_rate(group, rate if factor == 1.0 else float(rate) * factor)


def take_over(optimizer: Any, made: Any) -> None:
    """Make a live optimizer what another of its class is, made for the same parameters.

    Whoever holds it goes on with it. Hooks stay, and what was put onto the live one, such as what a schedule makes of
    its ``step``.
    """
    own = {key: value for key, value in vars(optimizer).items() if key.startswith("_optimizer_") or callable(value)}
    vars(optimizer).clear()
    vars(optimizer).update({**vars(made), **own})


def start_of(optimizer: Any, saved: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the options with which each group of a live optimizer began in the run that was saved.

    Args:
        optimizer: the live one.
        saved: what was saved of it.
    """
    places = places_of_groups(saved["state"]["param_groups"], optimizer.param_groups)
    start: list[dict[str, Any]] = saved["start"]
    return deepcopy(start if places is None else [start[place] for place in places])


def _set_base(group: dict[str, Any], options: Mapping[str, Any]) -> None:
    """Give a group the rate from which its schedule starts."""
    if "lr" in options:
        group.pop("initial_lr", None)
        _set_rate(group, options["lr"])


def _set_rate(group: dict[str, Any], rate: Any) -> None:
    # A captured graph reads the rate from its tensor, which therefore stays.
    if hasattr(group["lr"], "fill_"):
        group["lr"].fill_(rate)
    else:
        group["lr"] = float(rate) if hasattr(rate, "fill_") else rate


def _become(part: Continued, made: Any, schedule: Any, horizon: Horizon | None) -> None:
    """Make the live scheduler what another of its class is; whoever holds it goes on with it.

    Groups that come later are taken in as the spec of the other one does.
    """
    vars(part.scheduler).clear()
    vars(part.scheduler).update(vars(made))
    follow(part.optimizer, part.scheduler, partial(schedule.build_for, horizon=schedule.counted(horizon)))


def _equal(one: Any, other: Any) -> bool:
    if hasattr(one, "equal") and hasattr(other, "equal"):
        return bool(one.equal(other))
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
