"""What a schedule makes of the length of the run, and of the optimizer that it is for."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.properties.schedulers import step_once
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.walking import LENGTH, LR, MULTIPLIER, horizon_of, plain_optimizer, walk
from optim_core import Duration, Horizon
from optim_core.errors import ConfigError, HorizonError
from optim_core.plugin_class.fields import field_types
from optim_core.specs import SchedulerSpec

__all__: list[str] = []

# Calls of `step()` in an epoch of the runs along which schedules are stepped.
STEPS_PER_EPOCH = 10


@property_of("scheduler", declarable=False)
def length(subject: Subject) -> None:
    """Whatever is known of the run's length, it is built, or says by a HorizonError what it needs."""
    known = (Horizon(), Horizon(total_steps=60), Horizon(epochs=6), Horizon(total_steps=60, steps_per_epoch=10))
    for each in known:
        try:
            subject.spec().create_scheduler(plain_optimizer(), horizon=each)
        except HorizonError:
            continue
        except Exception as error:
            raise Differs(f"a HorizonError, if {each} is not enough", f"{type(error).__name__}: {error}") from error


@property_of("scheduler")
def short_runs(subject: Subject) -> None:
    """In a run of 1, 2 or 3 steps its rates are finite and not negative, or it is refused by a HorizonError."""
    spec = subject.spec()
    for steps in (1, 2, 3):
        horizon = Horizon(total_steps=steps, steps_per_epoch=1)
        try:
            scheduler = spec.create_scheduler(plain_optimizer(), horizon=horizon)
        except HorizonError:
            continue
        for step in range(steps):
            found = [float(group["lr"]) for group in scheduler.optimizer.param_groups]
            if not all(math.isfinite(rate) and rate >= 0 for rate in found):
                raise Differs("finite rates ≥ 0", f"{found} after {step} steps in a run of {steps}")
            scheduler.optimizer.step()
            step_once(spec, scheduler, step)


@property_of("scheduler")
def lengths(subject: Subject) -> None:
    """A length that is written as a share of the run, or in epochs, is as many steps as that makes."""
    keys = [key for key, field in subject.fields.items() if field_types(subject.cls)[field.name] is Duration]
    if not keys:
        raise DoesNotApply("it has no field of the type Duration")
    spec = subject.spec()
    horizon = horizon_of(spec)
    for key in keys:
        for steps, text in _alike(spec, horizon):
            try:
                wanted, found = (walk(subject.spec({key: value}), horizon=horizon) for value in (steps, text))
            except (ConfigError, HorizonError):
                continue
            if wanted != found:
                step = next(step for step, pair in enumerate(zip(wanted, found, strict=True)) if pair[0] != pair[1])
                raise Differs(
                    f"{wanted[step][0]:.6g} at step {step} with {key}: {text}, as with {key}: {steps}",
                    f"{found[step][0]:.6g}",
                )


def _alike(spec: SchedulerSpec, horizon: Horizon) -> Iterator[tuple[int, str]]:
    """Yield lengths that are the same in a run, as steps and as text."""
    total = spec.counted(horizon).total_steps or LENGTH
    yield math.ceil(total / 10), "10%"
    yield (1 if spec.interval == "epoch" else STEPS_PER_EPOCH), "1 epoch"
    yield 0, "0%"


@property_of("scheduler")
def any_optimizer(subject: Subject) -> None:
    """AdamW, which has betas and no momentum, gets the rates that SGD gets."""
    import torch

    spec = subject.spec()
    wanted = [rates[:2] for rates in walk(spec)]
    groups: list[dict[str, Any]] = [
        {"params": [torch.nn.Parameter(torch.ones(2))], "lr": LR},
        {"params": [torch.nn.Parameter(torch.ones(3))], "lr": LR * MULTIPLIER, "lr_multiplier": MULTIPLIER},
    ]
    optimizer = torch.optim.AdamW(groups, lr=LR)
    scheduler = spec.create_scheduler(optimizer, horizon=horizon_of(spec))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step, rates in enumerate(wanted):
            found = tuple(float(group["lr"]) for group in optimizer.param_groups)
            if found != rates:
                raise Differs(f"{rates} after {step} steps", f"{found}")
            optimizer.step()
            if step < len(wanted) - 1:
                step_once(spec, scheduler, step)
