"""What saving and loading keeps of a schedule."""

from __future__ import annotations

import io
from typing import Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.continuing import load_schedule, save_schedule
from optim_conformance.trials.walking import LENGTH, begin_walk, rates, take, walk

__all__ = []

CLOSE = 1e-6


def _resumes_at(spec: Any, step: int) -> None:
    scheduler = begin_walk(spec)
    take(spec, scheduler, step)
    again = load_schedule(spec, io.BytesIO(save_schedule(scheduler)))
    left = min(15, LENGTH - 1 - step)
    now, loaded = rates(scheduler), rates(again)
    if now != loaded:
        raise Differs(f"rates {now} after loading at step {step}", f"{loaded}")
    wanted, found = take(spec, scheduler, left, start=step), take(spec, again, left, start=step)
    if wanted != found:
        first = next(index for index, pair in enumerate(zip(wanted, found, strict=True)) if pair[0] != pair[1])
        raise Differs(f"{wanted[first]} at step {step + first + 1}", f"{found[first]}")


@property_of("scheduler")
def state_dict(subject: Subject) -> None:
    """Saved to a file in mid-run and loaded with `weights_only=True`, it gives the same next rates."""
    _resumes_at(subject.spec(), 25)


@property_of("scheduler")
def resume_anywhere(subject: Subject) -> None:
    """At whichever step it is saved and loaded, the same rates follow."""
    spec = subject.spec()
    for step in (0, 1, 2, 5, 9, 10, 14, 31, 44, LENGTH - 2):
        _resumes_at(spec, step)


@property_of("scheduler")
def rolled_back(subject: Subject) -> None:
    """A schedule that loads its own earlier state goes on as it did from there."""
    import torch

    spec = subject.spec()
    scheduler: Any = begin_walk(spec)
    take(spec, scheduler, 25)
    content = save_schedule(scheduler)
    wanted = take(spec, scheduler, 15, start=25)
    state = torch.load(io.BytesIO(content), weights_only=True)
    scheduler.optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    found = take(spec, scheduler, 15, start=25)
    if wanted != found:
        first = next(index for index, pair in enumerate(zip(wanted, found, strict=True)) if pair[0] != pair[1])
        raise Differs(f"{wanted[first]} at step {26 + first}, as at the first time", f"{found[first]}")


@property_of("scheduler")
def last_step(subject: Subject) -> None:
    """Created with `last_step=n` it has the rates that n steps lead to, and goes on from there."""
    spec = subject.spec()
    if spec.waits_for_metric:
        raise DoesNotApply("it follows a metric, not a count of steps")
    wanted = walk(spec)
    for step in (1, 7, 30):
        scheduler = begin_walk(spec, last_step=step)
        found = [rates(scheduler), *take(spec, scheduler, 5, start=step)]
        if not all(map(_close, wanted[step : step + 6], found)):
            raise Differs(f"{wanted[step : step + 6]} from step {step}", f"{found}")


def _close(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(abs(first - second) <= CLOSE * abs(first) + 1e-12 for first, second in zip(one, other, strict=True))
