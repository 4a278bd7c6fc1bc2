"""Walks along a schedule, on an optimizer of two groups one of which has an lr multiplier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optim_core import Horizon
from optim_core.errors import HorizonError

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.specs import SchedulerSpec

__all__ = [
    "LENGTH",
    "MULTIPLIER",
    "begin_walk",
    "horizon_of",
    "metric",
    "plain_optimizer",
    "rates",
    "take",
    "walk",
    "walk_far",
]

# Calls of `step()` in a run, and in a longer one for a schedule whose warmup fills the short one.
LENGTH = 60
LONG = 6000
LR = 0.1
MULTIPLIER = 5.0


def horizon_of(spec: SchedulerSpec) -> Horizon:
    """Return a run in which the schedule is stepped 60 times, or a longer one where that is too short for it."""
    try:
        spec.create_scheduler(plain_optimizer(), horizon=_run_of(LENGTH, spec.interval))
    except HorizonError:
        return _run_of(LONG, spec.interval)
    return _run_of(LENGTH, spec.interval)


def _run_of(length: int, interval: str) -> Horizon:
    if interval == "epoch":
        return Horizon(steps_per_epoch=10, epochs=length)
    return Horizon(total_steps=length, steps_per_epoch=10)


def plain_optimizer() -> Optimizer:
    """Make an SGD with momentum and two groups, the second at 5 times the rate of the first."""
    import torch

    groups = [
        {"params": [torch.nn.Parameter(torch.ones(2))], "lr": LR},
        {"params": [torch.nn.Parameter(torch.ones(3))], "lr": LR * MULTIPLIER, "lr_multiplier": MULTIPLIER},
    ]
    return torch.optim.SGD(groups, lr=LR, momentum=0.9)


def begin_walk(spec: SchedulerSpec, *, last_step: int = 0, horizon: Horizon | None = None) -> LRScheduler:
    """Make the schedule on an optimizer of its own; without a horizon, in one that is long enough."""
    return spec.create_scheduler(plain_optimizer(), horizon=horizon or horizon_of(spec), last_step=last_step)


def metric(step: int) -> float:
    """Return the metric that a schedule may wait for: it falls, rests for long, then falls and rises by little."""
    falling = max(0.5, 1.0 - 0.05 * step)
    later = max(0, step - 40)
    return falling - 0.0003 * (later // 7) + 0.01 * (later % 5)


def take(spec: SchedulerSpec, scheduler: LRScheduler, steps: int, *, start: int = 0) -> list[tuple[float, ...]]:
    """Step optimizer and schedule so many times, `start` steps into the run, and return the rates after each."""
    found = []
    for step in range(start, start + steps):
        scheduler.optimizer.step()
        if spec.waits_for_metric:
            scheduler.step(metric(step))  # type: ignore[arg-type]
        else:
            scheduler.step()
        found.append(rates(scheduler))
    return found


def rates(scheduler: LRScheduler) -> tuple[float, ...]:
    """Return the rate of each group, then the momentum of each."""
    groups = scheduler.optimizer.param_groups
    return tuple(float(group[key]) for key in ("lr", "momentum") for group in groups)


def walk(spec: SchedulerSpec, steps: int = LENGTH - 1, *, horizon: Horizon | None = None) -> list[tuple[float, ...]]:
    """Step a new schedule so many times, and return the rates at the start and after each step."""
    scheduler = begin_walk(spec, horizon=horizon)
    return [rates(scheduler), *take(spec, scheduler, steps)]


def walk_far(spec: SchedulerSpec, steps: int) -> list[Any]:
    """Do as `walk` does, up to the step that raises, if one does; the exception is then the last item."""
    scheduler = begin_walk(spec)
    found: list[Any] = [rates(scheduler)]
    for step in range(steps):
        try:
            found += take(spec, scheduler, 1, start=step)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            return [*found, type(error)]
    return found
