"""``add_param_group`` of an optimizer that a spec made: names, multipliers, and schedules that run already."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from optim_core.errors import OptimError
from optim_core.groups.names import NAME, name_groups
from optim_core.run.stepping import FIRST_GROUP, go_to, restore_base_rates

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["ADD", "divided_by_config", "follow", "join", "refuse_fewer_groups", "takes_later_groups"]

ADD = "add_param_group"
"""The attribute of an optimizer that copies and pickles keep, by what `guard` puts into them."""

MULTIPLIER = "lr_multiplier"
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


class _AddGroup:
    """The ``add_param_group`` of one optimizer.

    It refers weakly to the optimizer, as one that is kept alive by its own attribute is freed by the garbage collector
    alone, and to the models, of which a copy or pickle knows nothing.

    Args:
        optimizer: the optimizer.
        models: what its parameters were taken from.
        by_config: whether something else than the user, who made groups or wrote rules, has divided the parameters.
    """

    def __init__(self, optimizer: Optimizer, models: Iterable[Module] = (), *, by_config: bool = False) -> None:
        self._optimizer = weakref.ref(optimizer)
        self.by_config = by_config
        self._models = [weakref.ref(model) for model in models]
        self._schedules: list[tuple[weakref.ref[LRScheduler], Callable[[Optimizer], LRScheduler]]] = []

    def __call__(self, param_group: dict[str, Any]) -> None:
        """Add a group, as the optimizer's class does.

        Parameters without names, where the others have names, are called as in the model that the optimizer was made
        for, or by their numbers. A group without a `name` is called after the module of its parameters, or by its
        number. One with an `lr_multiplier` and without `lr` has the default rate times that.
        The schedule that a spec made for the optimizer takes the group in.

        Raises:
            OptimError: the schedule has a value for each of the groups that it was made for. The group is not added.
        """
        optimizer: Any = self._optimizer()
        if isinstance(param_group, dict):
            self._complete(param_group, optimizer)
        known = len(optimizer.param_groups)
        type(optimizer).add_param_group(optimizer, param_group)
        name_groups(optimizer, known=known)
        try:
            self._schedule(known)
        except OptimError:
            del optimizer.param_groups[known:]
            raise

    def __reduce__(self) -> tuple[Any, ...]:
        # The copy of the optimizer is there before its attributes, so this one is made for the copy.
        return _AddGroup, (self._optimizer(),)

    def follow(self, scheduler: LRScheduler, make: Callable[[Optimizer], LRScheduler]) -> None:
        """Have a schedule take in the groups that come; those that it is made of do so with it."""
        parts = {id(part) for part in getattr(scheduler, "_schedulers", ())}
        kept = [
            entry
            for entry in self._schedules
            if (known := entry[0]()) not in (None, scheduler) and id(known) not in parts
        ]
        self._schedules = [*kept, (weakref.ref(scheduler), make)]

    def _complete(self, group: dict[str, Any], optimizer: Any) -> None:
        """Write into a group, as torch does, what it leaves open."""
        if MULTIPLIER in group and "lr" not in group and "lr" in optimizer.defaults:
            group["lr"] = optimizer.defaults["lr"] * group[MULTIPLIER]
        params = group.get("params")
        if not any("param_names" in other for other in optimizer.param_groups) or "param_names" in group:
            return
        if hasattr(params, "requires_grad"):
            params = [params]
        if not isinstance(params, Iterable) or isinstance(params, set):
            return
        group["params"] = params = list(params)
        if not any(isinstance(each, tuple) for each in params):
            group["param_names"] = list(self._names(params, len(optimizer.param_groups)))

    def _names(self, params: list[Any], number: int) -> Iterator[str]:
        from optim_core.groups.targets import target_of_models

        models = [each() for each in self._models]
        known: dict[int, str] = {}
        if models and None not in models:
            target = target_of_models(models, layered=False)
            known = {id(each): target.name(place) for place, each in enumerate(target.parameters)}
        for place, parameter in enumerate(params):
            yield known.get(id(parameter), f"group {number}, parameter {place}")

    def _schedule(self, known: int) -> None:
        for reference, make in self._schedules:
            scheduler = reference()
            if scheduler is not None:
                join(scheduler, make, known, steps=_steps(scheduler))


def takes_later_groups(optimizer: Optimizer, models: Iterable[Module] = (), *, by_config: bool = False) -> Optimizer:
    """Return the optimizer, which from now on names the groups that it is given, and has its schedule take them in.

    An object that takes no groups is returned as it is.

    Args:
        optimizer: the optimizer.
        models: what its parameters were taken from.
        by_config: what `divided_by_config` is to say of it.
    """
    if callable(getattr(type(optimizer), ADD, None)):
        setattr(optimizer, ADD, _AddGroup(optimizer, models, by_config=by_config))
    return optimizer


def divided_by_config(optimizer: Any) -> bool:
    """Tell whether something else than the user has divided the parameters of an optimizer that a spec made.

    Muon does, or ``no_decay``: the order of such groups is nobody's choice. Rules of ``param_groups`` are the user's,
    as are groups that were handed over.
    """
    add = vars(optimizer).get(ADD) if hasattr(optimizer, "__dict__") else None
    return isinstance(add, _AddGroup) and add.by_config


def follow(optimizer: Any, scheduler: LRScheduler, make: Callable[[Optimizer], LRScheduler]) -> None:
    """Have the schedule of an optimizer that a spec made take in the groups that come later.

    Args:
        optimizer: the optimizer; one that something else made stays as it is.
        scheduler: its schedule; one that looks for later groups itself, which it says by ``joins_groups``, is left to
            do so.
        make: makes the same schedule for an optimizer, at step 0.
    """
    add = vars(optimizer).get(ADD)
    if isinstance(add, _AddGroup) and not getattr(scheduler, "joins_groups", False):
        add.follow(scheduler, make)


def _steps(scheduler: Any) -> int:
    """Return how often a schedule that counts was stepped; 0 for one that waits for a metric."""
    from torch.optim.lr_scheduler import ReduceLROnPlateau

    if isinstance(scheduler, ReduceLROnPlateau):
        return 0
    while not hasattr(scheduler, "last_epoch"):
        # ChainedScheduler leaves counting to its parts.
        scheduler = scheduler._schedulers[0]
    return int(scheduler.last_epoch)


def join(scheduler: LRScheduler, make: Callable[[Optimizer], LRScheduler], known: int, *, steps: int) -> None:
    """Bring the groups that came later under a schedule, as if they had been there from its step 0.

    The same schedule is made for the later groups alone and stepped as often; what it then holds for them, and what it
    wrote into them, is taken over. A group's base rate is its ``initial_lr`` where it has one, else its ``lr``. What a
    class of schedules holds for each group under names that torch's do not use, it takes over in a method
    ``take_over(other)``. Where the groups that were there have names, the later ones get some, too.

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
    if all(NAME in group for group in scheduler.optimizer.param_groups[:known]):
        name_groups(scheduler.optimizer, known=known)
    alone = _optimizer_of(groups, scheduler.optimizer.defaults, known)
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

    Args:
        known: how many groups the schedule has.
        groups: the optimizer's.

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


def _optimizer_of(groups: Sequence[dict[str, Any]], defaults: dict[str, Any], first: int) -> Optimizer:
    """Return an optimizer that is never stepped, with copies of the groups: schedules look at nothing else."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.0)
    setattr(optimizer, FIRST_GROUP, first)
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
