"""A parameter group that an optimizer is given later comes under the schedule that runs already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from optim_core.errors import OptimError
from optim_core.run.stepping import go_to, restore_base_rates

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["join", "refuse_fewer_groups"]

# What schedulers, torch's and ours, hold with an entry for each group. Other lists, such as milestones, may be as long.
FOR_EACH_GROUP = (
    "base_lrs",
    "base_momentums",
    "first_lrs",
    "lr_lambdas",
    "max_lrs",
    "max_momentums",
    "min_lrs",
    "multipliers",
)
# Where schedulers that are made of others hold them.
PARTS = ("_schedulers", "schedulers")


def join(scheduler: LRScheduler, make: Callable[[Optimizer], LRScheduler], known: int, *, steps: int) -> None:
    """Bring the groups that came later under a schedule, as if they had been there from its step 0.

    The same schedule is made for the later groups alone and stepped as often; what it then holds for them, and what it
    wrote into them, is taken over. A group's base rate is its ``initial_lr`` where it has one, else its ``lr``. What a
    class of schedules holds for each group under names that torch's do not use, it takes over in a method
    ``take_over(other)``.

    Args:
        scheduler: the schedule that runs.
        make: makes the same schedule for an optimizer, at step 0.
        known: how many groups the schedule has already.
        steps: how often ``step()`` was called; 0 for a schedule that waits for a metric, which a later group joins at
            the rate that it has.

    Raises:
        OptimError: the schedule has a value for each of the groups that it was made for, and none for another.

    Example:
        >>> import torch
        >>> from optim_core.plugin_tools import join
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        >>> def halved(optimizer):
        ...     return torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler = halved(optimizer)
        >>> optimizer.step()
        >>> scheduler.step()
        >>> optimizer.add_param_group({"params": [torch.ones(1)], "lr": 1.0})
        >>> join(scheduler, halved, 1, steps=1)
        >>> scheduler.base_lrs, [group["lr"] for group in optimizer.param_groups]
        ([0.1, 1.0], [0.05, 0.5])
    """
    groups = scheduler.optimizer.param_groups[known:]
    alone = _optimizer_of(groups, scheduler.optimizer.defaults)
    restore_base_rates(alone)
    try:
        other = make(alone)
    except ValueError as error:
        raise OptimError(
            f"{type(scheduler).__name__} cannot take more parameter groups than the {known} it was made for: {error}"
        ) from error
    if steps:
        go_to(other, steps, at_once=False)
    _take_over(scheduler, other)
    for group, options in zip(groups, alone.param_groups, strict=True):
        _write(options, group)


def refuse_fewer_groups(known: int, groups: Sequence[Any]) -> None:
    """Refuse an optimizer that has fewer groups than its schedule.

    Raises:
        OptimError: it has.

    Example:
        >>> from optim_core.plugin_tools import refuse_fewer_groups
        >>> refuse_fewer_groups(1, [{}, {}])
    """
    if len(groups) < known:
        raise OptimError(
            f"the schedule was made for {known} parameter groups, and the optimizer has {len(groups)} now: make it "
            "anew, create_scheduler(optimizer, last_step=…)"
        )


def _optimizer_of(groups: Sequence[dict[str, Any]], defaults: dict[str, Any]) -> Optimizer:
    """Return an optimizer that is never stepped, with copies of the groups: schedules look at nothing else."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.0)
    optimizer.defaults = dict(defaults)
    optimizer.param_groups = [
        {key: value.clone() if key == "lr" and hasattr(value, "clone") else value for key, value in group.items()}
        for group in groups
    ]
    return optimizer


def _take_over(scheduler: Any, other: Any) -> None:
    """Add to what a scheduler holds for each group what another of its kind holds for its own."""
    # A schedule whose class depends on the groups may need the other class from now on.
    if issubclass(type(other), type(scheduler)):
        scheduler.__class__ = type(other)
    for name in FOR_EACH_GROUP:
        if isinstance(vars(scheduler).get(name), list):
            # A new list, since a state that was saved before holds the old one.
            setattr(scheduler, name, [*vars(scheduler)[name], *vars(other)[name]])
    scheduler._last_lr = [*scheduler._last_lr, *other._last_lr]
    if hasattr(scheduler, "take_over"):
        scheduler.take_over(other)
    for name in PARTS:
        for part, of_other in zip(vars(scheduler).get(name, ()), vars(other).get(name, ()), strict=True):
            _take_over(part, of_other)


def _write(options: dict[str, Any], group: dict[str, Any]) -> None:
    """Write the options of a group into another, where a rate that is a tensor stays the same tensor."""
    for key, value in options.items():
        if key == "lr" and hasattr(group[key], "fill_"):
            group[key].fill_(value)
        elif key != "params":
            group[key] = value
