"""What must be true of a schedule's rates."""

from __future__ import annotations

import math
import warnings
from typing import Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.walking import (
    LENGTH,
    LR,
    MULTIPLIER,
    begin_walk,
    horizon_of,
    metric,
    rates,
    take,
    walk,
    walk_far,
)

__all__ = ["step_once"]

CLOSE = 1e-9


@property_of("scheduler")
def rates_in_range(subject: Subject) -> None:
    """All rates of a run are finite and not negative, and `get_last_lr()` is what stands in the groups."""
    spec = subject.spec()
    scheduler = begin_walk(spec)
    for step in range(LENGTH):
        found = rates(scheduler)[:2]
        if not all(math.isfinite(rate) and rate >= 0 for rate in found):
            raise Differs("finite rates ≥ 0", f"{found} after {step} steps")
        told = [float(rate) for rate in scheduler.get_last_lr()]
        if told != list(found):
            raise Differs(f"get_last_lr() is {list(found)} after {step} steps", f"{told}")
        if step < LENGTH - 1:
            take(spec, scheduler, 1, start=step)


@property_of("scheduler")
def closed_form(subject: Subject) -> None:
    """Where it has a closed form, that gives at each step, past the end too, the rate that stepping gives."""
    spec = subject.spec()
    if not spec.has_closed_form:
        raise DoesNotApply("it has no closed form")
    walked = [each for each in walk_far(spec, LENGTH + 20) if isinstance(each, tuple)]
    for group, multiplier in enumerate((1.0, MULTIPLIER)):
        steps = range(len(walked))
        computed = spec.curve(steps, LR * multiplier, horizon=horizon_of(spec), multiplier=multiplier)
        for step, other in zip(steps, computed, strict=True):
            one = walked[step][group]
            if not math.isclose(one, float(other), rel_tol=1e-6, abs_tol=1e-12):
                where = f"at step {step}" + (f" of a group whose multiplier is {multiplier:g}" if group else "")
                raise Differs(f"{one} {where}, as stepping gives", f"{float(other)}")


@property_of("scheduler")
def several_groups(subject: Subject) -> None:
    """A group with an lr multiplier of 5 has at each step 5 times the rate that it has without."""
    for step, (one, other, *_) in enumerate(walk(subject.spec())):
        if not math.isclose(one * MULTIPLIER, other, rel_tol=1e-6, abs_tol=1e-12):
            raise Differs(f"{one * MULTIPLIER:.6g} after {step} steps, 5 times {one:.6g}", f"{other:.6g}")


@property_of("scheduler")
def only_rates(subject: Subject) -> None:
    """It changes nothing in the groups but `lr`, and the momentum where its config tells of one, and no parameter."""
    spec = subject.spec()
    scheduler = begin_walk(spec)
    if any(float(each) != 1.0 for group in scheduler.optimizer.param_groups for each in _entries(group)):
        raise Differs("parameters of 1, as they were before it was built", "it changed them")
    free = ("params", "lr", *(("momentum", "betas") if any("momentum" in key for key in subject.fields) else ()))
    before = _others(scheduler, free)
    for start in range(0, LENGTH, 10):
        take(spec, scheduler, 10, start=start)
        after = _others(scheduler, free)
        if before != after:
            raise Differs(f"{before} after {start + 10} steps", after)


def _entries(group: dict[str, Any]) -> list[Any]:
    return [entry for parameter in group["params"] for entry in parameter.detach().flatten().tolist()]


def _others(scheduler: Any, free: tuple[str, ...]) -> str:
    ignored = ("base_momentum", "max_momentum", "max_lr", "min_lr", "swa_lr")
    groups = scheduler.optimizer.param_groups
    kept = [{key: group[key] for key in sorted(group) if key not in (*free, *ignored)} for group in groups]
    return repr([*kept, *([parameter.tolist() for parameter in group["params"]] for group in groups)])


@property_of("scheduler")
def early_step(subject: Subject) -> None:
    """A step before any step of the optimizer warns at most about that, raises nothing, and moves the rate as ever."""
    spec = subject.spec()
    wanted = take(spec, begin_walk(spec), 3)
    scheduler = begin_walk(spec)
    found = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(3):
            step_once(spec, scheduler, step)
            found.append(rates(scheduler))
    other = [warning for warning in caught if "optimizer.step" not in str(warning.message)]
    if other:
        raise Differs("at most torch's warning about the order", f"{other[0].category.__name__}: {other[0].message}")
    if found != wanted:
        raise Differs(f"rates {wanted}", f"{found}")


def step_once(spec: Any, scheduler: Any, step: int) -> None:
    """Step a schedule, with a metric where it waits for one."""
    if spec.waits_for_metric:
        scheduler.step(metric(step))
    else:
        scheduler.step()


@property_of("scheduler")
def past_the_end(subject: Subject) -> None:
    """Past the end of the run, steps raise nothing, and the rates stay finite and not negative."""
    spec = subject.spec()
    scheduler = begin_walk(spec)
    for step, found in enumerate(take(spec, scheduler, 3 * LENGTH)):
        if not all(math.isfinite(rate) and rate >= 0 for rate in found[:2]):
            raise Differs("finite rates ≥ 0", f"{found[:2]} after {step + 1} steps in a run of {LENGTH}")


@property_of("scheduler", declarable=False, needs_build=False)
def interval(subject: Subject) -> None:
    """Its interval, where it has one, is "step" or "epoch"."""
    found = getattr(subject.cls, "interval", "step")
    if isinstance(found, property) or "interval" in subject.fields:
        found = subject.spec().interval
    if found not in ("step", "epoch"):
        raise Differs('"step" or "epoch"', repr(found))
