"""get_scheduler and the functions for single schedules, with the signatures that transformers made common."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from optim_core.compat.arguments import as_arguments, key_of, problem
from optim_core.compat.types import type_name
from optim_core.errors import ConfigError, HorizonError, Problem
from optim_core.plugin_class.fields import config_fields
from optim_core.registry import registry
from optim_core.run.horizon import Horizon, count

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = [
    "get_constant_schedule",
    "get_constant_schedule_with_warmup",
    "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "get_greedy_schedule",
    "get_inverse_sqrt_schedule",
    "get_linear_schedule_with_warmup",
    "get_polynomial_decay_schedule_with_warmup",
    "get_reduce_on_plateau_schedule",
    "get_scheduler",
    "get_wsd_schedule",
]

WARMUP = "num_warmup_steps"
LENGTH = "num_training_steps"
MISSING = "is required and missing"

# What transformers takes where its caller says nothing.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {"cosine_with_restarts": {"num_cycles": 1}}


def get_scheduler(
    name: str | Enum,
    optimizer: Optimizer,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
    *,
    steps_per_epoch: int | None = None,
    epochs: int | None = None,
) -> LRScheduler:
    """Make the schedule of this name, to be stepped after each optimizer step.

    Args:
        name: the name of any schedule that is installed, also as a member of `SchedulerType`.
        optimizer: its groups' ``lr`` are the base rates.
        num_warmup_steps: steps of the warmup, ≥ 0; required by schedules that have one.
        num_training_steps: steps of the whole run, ≥ 1; required by schedules that have a length, ignored for others.
        scheduler_specific_kwargs: the schedule's other fields.
        steps_per_epoch: for a schedule or a length that counts epochs, such as "2 epochs".
        epochs: of the run, for a schedule that needs them.

    Returns:
        torch's scheduler.

    Raises:
        ConfigError: an argument is missing, wrong, or not one of this schedule's.
        UnknownTypeError: nothing installed has the name.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_scheduler
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> scheduler = get_scheduler("linear", optimizer, num_warmup_steps=10, num_training_steps=100)
        >>> scheduler.get_last_lr()
        [0.0]
    """
    name = type_name(name)
    lengths = {WARMUP: num_warmup_steps, LENGTH: num_training_steps}
    specific = dict(scheduler_specific_kwargs or {})
    found = registry.find("scheduler", name) if isinstance(name, str) else None
    if found is not None:
        takes = config_fields(found.cls)
        problems = [*_warmup_problems(name, WARMUP in takes, num_warmup_steps, specific)]
        problems += [_twice(key) for key in lengths if key in specific and lengths[key] is not None]
        if problems:
            raise ConfigError(problems)
        lengths = {key: value for key, value in lengths.items() if key in takes and value is not None}

    def as_given(path: str) -> str:
        return f"scheduler_specific_kwargs.{path}" if key_of(path) in specific else path

    with as_arguments(as_given):
        options = {**DEFAULTS.get(name, {}), **specific, **lengths}
        run = {"steps_per_epoch": steps_per_epoch, "epochs": epochs}
        return _create(name, optimizer, options, total_steps=num_training_steps, run=run)


def _warmup_problems(name: str, has_warmup: bool, steps: Any, specific: Mapping[str, Any]) -> list[Problem]:
    """Return the problem of a warmup that is missing, or that the schedule does not have; none where it is right."""
    if has_warmup:
        given = steps is not None or WARMUP in specific
        return [] if given else [problem(WARMUP, MISSING, f"{name} begins with a warmup; 0 is none")]
    if steps is None or steps == 0:
        return []
    other = f"{name}_with_warmup"
    way = f"take {other}, or leave it out" if registry.knows("scheduler", other) else "leave it out"
    return [problem(WARMUP, f"{name} has no warmup", way)]


def _twice(key: str) -> Problem:
    return problem(f"scheduler_specific_kwargs.{key}", f"means the same as the argument {key}", "give one of the two")


def _create(
    name: str,
    optimizer: Optimizer,
    options: Mapping[str, Any],
    *,
    total_steps: Any = None,
    last_epoch: int = -1,
    run: Mapping[str, Any] | None = None,
) -> LRScheduler:
    """Make the scheduler called `name`, which counts optimizer steps, at the step after `last_epoch`."""

    def as_argument(path: str) -> str:
        return "name" if path == "type" else path.removeprefix("config.")

    with as_arguments(as_argument):
        spec = registry.build_in({"type": name, "config": options, "interval": "step"}, kind="scheduler")
    horizon = Horizon(total_steps=_known(total_steps), **(run or {}))
    last_step = count(last_epoch, "last_epoch", at_least=-1) + 1
    try:
        scheduler: LRScheduler = spec.create_scheduler(optimizer, horizon=horizon, last_step=last_step, any_length=True)
        return scheduler
    except HorizonError as error:
        if horizon.total_steps is not None or error.needs not in (None, "total_steps"):
            raise
        raise ConfigError([problem(LENGTH, MISSING, f"{name} needs the length of the run")]) from error


def _known(total_steps: Any) -> int | None:
    """Return the length of the run, None where it is none: for a schedule without a length, callers give anything."""
    try:
        return count(total_steps, LENGTH, at_least=1)
    except HorizonError:
        return None


def get_constant_schedule(optimizer: Optimizer, last_epoch: int = -1) -> LRScheduler:
    """Make ``constant``: the base rate at every step; `last_epoch` as in `get_linear_schedule_with_warmup`.

    Args:
        optimizer: whose groups' ``lr`` are the base rates.
        last_epoch: the step that the run goes on after, -1 for a new one.

    Returns:
        torch's scheduler.

    Raises:
        ConfigError: an argument is wrong.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_constant_schedule
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> get_constant_schedule(optimizer).get_last_lr()
        [0.1]
    """
    return _create("constant", optimizer, {}, last_epoch=last_epoch)


def get_reduce_on_plateau_schedule(optimizer: Optimizer, **kwargs: Any) -> LRScheduler:
    """Make ``reduce_lr_on_plateau``, a ReduceLROnPlateau of torch, from its arguments: `mode`, `factor`, `patience` ….

    Args:
        optimizer: whose groups' ``lr`` are the base rates.
        kwargs: the arguments of ReduceLROnPlateau.

    Returns:
        torch's scheduler, whose ``step`` is given the metric.

    Raises:
        ConfigError: an argument is wrong.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_reduce_on_plateau_schedule
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> scheduler = get_reduce_on_plateau_schedule(optimizer, patience=0)
        >>> for loss in (1.0, 1.0):
        ...     scheduler.step(loss)
        >>> round(optimizer.param_groups[0]["lr"], 6)
        0.01
    """
    return _create("reduce_lr_on_plateau", optimizer, kwargs)


def get_constant_schedule_with_warmup(optimizer: Optimizer, num_warmup_steps: int, last_epoch: int = -1) -> LRScheduler:
    """Make ``constant_with_warmup``: in a straight line from 0 to the base rate, which stays.

    Args:
        optimizer: whose groups' ``lr`` are the base rates.
        num_warmup_steps: steps until the base rate.
        last_epoch: the step that the run goes on after, -1 for a new one.

    Returns:
        torch's scheduler.

    Raises:
        ConfigError: an argument is wrong.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_constant_schedule_with_warmup
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> get_constant_schedule_with_warmup(optimizer, num_warmup_steps=10).get_last_lr()
        [0.0]
    """
    return _create("constant_with_warmup", optimizer, {WARMUP: num_warmup_steps}, last_epoch=last_epoch)


def get_linear_schedule_with_warmup(
    optimizer: Optimizer, num_warmup_steps: int, num_training_steps: int, last_epoch: int = -1
) -> LRScheduler:
    """Make ``linear``: in a straight line from 0 to the base rate, and in another to 0.

    Args:
        optimizer: its groups' ``lr`` are the base rates, or their ``initial_lr`` where a scheduler wrote that.
        num_warmup_steps: steps of the warmup, ≥ 0.
        num_training_steps: steps of the whole run, ≥ 1.
        last_epoch: the last step that was taken before a stop, counted from 0; the scheduler goes on with the next. -1
            begins at the beginning.

    Returns:
        torch's scheduler.

    Raises:
        ConfigError: an argument is wrong.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_linear_schedule_with_warmup
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> scheduler = get_linear_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=100)
        >>> scheduler.get_last_lr()
        [0.1]
    """
    options = {WARMUP: num_warmup_steps, LENGTH: num_training_steps}
    return _create("linear", optimizer, options, total_steps=num_training_steps, last_epoch=last_epoch)


def get_cosine_schedule_with_warmup(
    optimizer: Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
) -> LRScheduler:
    """Make ``cosine``: in a straight line from 0 to the base rate, then along `num_cycles` waves of a cosine.

    By default the cosine makes half a wave, which ends at 0.

    Args:
        optimizer: whose groups' ``lr`` are the base rates.
        num_warmup_steps: steps until the base rate.
        num_training_steps: steps in the run.
        num_cycles: waves of the cosine; a half one ends at 0.
        last_epoch: the step that the run goes on after, -1 for a new one.

    Returns:
        torch's scheduler.

    Raises:
        ConfigError: an argument is wrong.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_cosine_schedule_with_warmup
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> scheduler = get_cosine_schedule_with_warmup(optimizer, num_warmup_steps=0, num_training_steps=100)
        >>> scheduler.get_last_lr()
        [0.1]
    """
    options = {WARMUP: num_warmup_steps, LENGTH: num_training_steps, "num_cycles": num_cycles}
    return _create("cosine", optimizer, options, total_steps=num_training_steps, last_epoch=last_epoch)


def get_cosine_with_hard_restarts_schedule_with_warmup(
    optimizer: Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: int = 1,
    last_epoch: int = -1,
) -> LRScheduler:
    """Make ``cosine_with_restarts``: from 0 to the base rate, then `num_cycles` times along half a cosine to 0.

    Args:
        optimizer: whose groups' ``lr`` are the base rates.
        num_warmup_steps: steps until the base rate.
        num_training_steps: steps in the run.
        num_cycles: how often it falls to 0.
        last_epoch: the step that the run goes on after, -1 for a new one.

    Returns:
        torch's scheduler.

    Raises:
        ConfigError: an argument is wrong.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_cosine_with_hard_restarts_schedule_with_warmup
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> scheduler = get_cosine_with_hard_restarts_schedule_with_warmup(optimizer, 0, 100, num_cycles=2)
        >>> scheduler.get_last_lr()
        [0.1]
    """
    options = {WARMUP: num_warmup_steps, LENGTH: num_training_steps, "num_cycles": num_cycles}
    return _create("cosine_with_restarts", optimizer, options, total_steps=num_training_steps, last_epoch=last_epoch)


def get_polynomial_decay_schedule_with_warmup(
    optimizer: Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    lr_end: float = 1e-7,
    power: float = 1.0,
    last_epoch: int = -1,
) -> LRScheduler:
    """Make ``polynomial``: from 0 to the base rate, then to `lr_end` by a `power` of the share of steps that is left.

    Args:
        optimizer: whose groups' ``lr`` are the base rates.
        num_warmup_steps: steps until the base rate.
        num_training_steps: steps in the run.
        lr_end: the rate at its end.
        power: of the share of steps that is left; 1 is a straight line.
        last_epoch: the step that the run goes on after, -1 for a new one.

    Returns:
        torch's scheduler.

    Raises:
        ConfigError: an argument is wrong.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_polynomial_decay_schedule_with_warmup
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> scheduler = get_polynomial_decay_schedule_with_warmup(optimizer, 0, 100, power=2.0)
        >>> scheduler.get_last_lr()
        [0.1]
    """
    options = {WARMUP: num_warmup_steps, LENGTH: num_training_steps, "lr_end": lr_end, "power": power}
    return _create("polynomial", optimizer, options, total_steps=num_training_steps, last_epoch=last_epoch)


def get_inverse_sqrt_schedule(
    optimizer: Optimizer, num_warmup_steps: int, timescale: int | None = None, last_epoch: int = -1
) -> LRScheduler:
    """Make ``inverse_sqrt``: from 0 to the base rate, then down as one over the square root of the steps.

    It needs no length of the run.

    Args:
        optimizer: its groups' ``lr`` are the base rates.
        num_warmup_steps: steps of the warmup, ≥ 0.
        timescale: steps in which the rate falls as from 1 to 1/√2, by default those of the warmup.
        last_epoch: as in `get_linear_schedule_with_warmup`.

    Returns:
        torch's scheduler.

    Raises:
        ConfigError: an argument is wrong.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_inverse_sqrt_schedule
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> get_inverse_sqrt_schedule(optimizer, num_warmup_steps=10).get_last_lr()
        [0.0]
    """
    options = {WARMUP: num_warmup_steps, "timescale": timescale}
    return _create("inverse_sqrt", optimizer, options, last_epoch=last_epoch)


def get_cosine_with_min_lr_schedule_with_warmup(
    optimizer: Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> LRScheduler:
    """Make ``cosine_with_min_lr``: as ``cosine``, down to `min_lr`, or to the base rate times `min_lr_rate`.

    Args:
        optimizer: its groups' ``lr`` are the base rates.
        num_warmup_steps: steps of the warmup, ≥ 0.
        num_training_steps: steps of the whole run, ≥ 1.
        num_cycles: waves of the cosine, of which half a one ends at the lowest rate.
        last_epoch: as in `get_linear_schedule_with_warmup`.
        min_lr: the lowest rate; or
        min_lr_rate: that as a share of the base rate, one of the two.

    Returns:
        torch's scheduler, to be stepped after each optimizer step.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_cosine_with_min_lr_schedule_with_warmup
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> get_cosine_with_min_lr_schedule_with_warmup(optimizer, 0, 100, min_lr=0.01).get_last_lr()
        [0.1]
    """
    options: dict[str, Any] = {WARMUP: num_warmup_steps, LENGTH: num_training_steps, "num_cycles": num_cycles}
    options |= {"min_lr": min_lr, "min_lr_rate": min_lr_rate}
    return _create("cosine_with_min_lr", optimizer, options, total_steps=num_training_steps, last_epoch=last_epoch)


def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    optimizer: Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
) -> LRScheduler:
    """Make ``cosine_warmup_with_min_lr``: from the base rate times `warmup_lr_rate`, then as ``cosine_with_min_lr``.

    Args:
        optimizer: its groups' ``lr`` are the base rates.
        num_warmup_steps: steps of the warmup, ≥ 0.
        num_training_steps: steps of the whole run, ≥ 1.
        num_cycles: waves of the cosine, of which half a one ends at the lowest rate.
        last_epoch: as in `get_linear_schedule_with_warmup`.
        min_lr: the lowest rate; or
        min_lr_rate: that as a share of the base rate, one of the two.
        warmup_lr_rate: the share of the base rate with which the warmup begins.

    Returns:
        torch's scheduler, to be stepped after each optimizer step.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_cosine_with_min_lr_schedule_with_warmup_lr_rate
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> scheduler = get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
        ...     optimizer, 10, 100, min_lr=0.01, warmup_lr_rate=0.5
        ... )
        >>> scheduler.get_last_lr()
        [0.05]
    """
    options: dict[str, Any] = {WARMUP: num_warmup_steps, LENGTH: num_training_steps, "num_cycles": num_cycles}
    options |= {"min_lr": min_lr, "min_lr_rate": min_lr_rate, "warmup_lr_rate": warmup_lr_rate}
    name = "cosine_warmup_with_min_lr"
    return _create(name, optimizer, options, total_steps=num_training_steps, last_epoch=last_epoch)


def get_wsd_schedule(
    optimizer: Optimizer,
    num_warmup_steps: int,
    num_decay_steps: int,
    num_training_steps: int | None = None,
    num_stable_steps: int | None = None,
    warmup_type: str = "linear",
    decay_type: str = "cosine",
    min_lr_ratio: float = 0,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
) -> LRScheduler:
    """Make ``warmup_stable_decay``: up to the base rate, which stays, and down to it times `min_lr_ratio` at the end.

    Args:
        optimizer: its groups' ``lr`` are the base rates.
        num_warmup_steps: steps of the rise, ≥ 0.
        num_decay_steps: steps of the fall, ≥ 0.
        num_training_steps: steps of the whole run; or
        num_stable_steps: those between rise and fall, one of the two.
        warmup_type: "linear", "cosine" or "1-sqrt".
        decay_type: one of these, too.
        min_lr_ratio: the last rate, as a share of the base rate, in [0, 1].
        num_cycles: waves of a cosine, of which half a one ends at the lowest rate.
        last_epoch: as in `get_linear_schedule_with_warmup`.

    Returns:
        torch's scheduler, to be stepped after each optimizer step.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_wsd_schedule
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> get_wsd_schedule(optimizer, 10, 20, num_training_steps=100).get_last_lr()
        [0.0]
    """
    options = {
        WARMUP: num_warmup_steps,
        "num_decay_steps": num_decay_steps,
        LENGTH: num_training_steps,
        "num_stable_steps": num_stable_steps,
        "warmup_type": warmup_type,
        "decay_type": decay_type,
        "min_lr_ratio": min_lr_ratio,
        "num_cycles": num_cycles,
    }
    return _create("warmup_stable_decay", optimizer, options, total_steps=num_training_steps, last_epoch=last_epoch)


def get_greedy_schedule(optimizer: Optimizer, **kwargs: Any) -> LRScheduler:
    """Make ``greedy``, which follows a metric, from its arguments: `factor`, `patience`, `min_lr` ….

    Args:
        optimizer: its groups' ``lr`` are the base rates.
        kwargs: the fields of ``greedy``.

    Returns:
        torch's scheduler, to be stepped with a metric.

    Example:
        >>> import torch
        >>> from optim_core.compat import get_greedy_schedule
        >>> optimizer = torch.optim.SGD(torch.nn.Linear(8, 2).parameters(), lr=0.1)
        >>> get_greedy_schedule(optimizer, factor=0.9).factor
        0.9
    """
    return _create("greedy", optimizer, kwargs)
