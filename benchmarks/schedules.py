"""What a schedule costs: a step of it, its curve without a run, and going on at a late step.

Run it with ``python benchmarks/schedules.py``. A step is compared with one of torch's LambdaLR whose function does
nothing, which is the least that a LambdaLR costs, and with that of transformers' schedule of the same name, where
transformers is installed. All contestants take their steps in turn, in one process.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR

from common import header, installed, interleaved, table
from optim_core import Horizon, SchedulerSpec, registry

ROUNDS = 60
STEPS = 500  # in a round
GROUPS = (1, 100)
MILLION = 1_000_000
CONFIGS: dict[str, dict[str, Any]] = {
    "linear": {"num_warmup_steps": 1000},
    "cosine": {"num_warmup_steps": 1000},
    "cosine, with a floor": {"num_warmup_steps": 1000, "eta_min": 1e-6},
    "cosine_with_restarts": {"num_warmup_steps": 1000, "num_cycles": 4},
    "polynomial": {"num_warmup_steps": 1000},
    "inverse_sqrt": {"num_warmup_steps": 1000},
    "constant_with_warmup": {"num_warmup_steps": 1000},
    "warmup_stable_decay": {"num_warmup_steps": 1000, "num_decay_steps": 1000},
    "InverseLR": {"inv_gamma": 1e6, "power": 0.5, "warmup": 0.99, "final_lr": 1e-6},
    "sequential": {"schedulers": [{"type": "linear"}, {"type": "cosine"}], "durations": ["50%"]},
    "warmup": {"num_warmup_steps": 1000, "scheduler": {"type": "cosine"}},
}
BARE = "torch LambdaLR of a constant"
RUN = Horizon(total_steps=MILLION)


def optimizer(groups: int) -> torch.optim.Optimizer:
    """Make SGD with so many groups of one parameter, each with a rate of its own."""
    made = [
        {"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 1e-3 * (1 + index), "lr_multiplier": 1.0 + index}
        for index in range(groups)
    ]
    return torch.optim.SGD(made, lr=1e-3)


def schedule(name: str) -> SchedulerSpec:
    """Return the spec of a row."""
    built: SchedulerSpec = registry.build({"type": name.partition(",")[0], "config": CONFIGS[name]}, kind="scheduler")
    return built


def stepping(scheduler: Any) -> Callable[[], float]:
    """Return a contestant: a function that takes the mean time of so many steps."""
    # In its first step a scheduler of torch looks whether the optimizer has been stepped; that step is not measured.
    scheduler.optimizer.step()
    scheduler.step()

    def run() -> float:
        began = time.perf_counter()
        for _ in range(STEPS):
            scheduler.step()
        return (time.perf_counter() - began) / STEPS

    return run


def one(_step: int) -> float:
    """Return 1, the least that a LambdaLR can be given to compute."""
    return 1.0


def transformers_form(name: str, groups: int) -> Any:
    """Make the schedule of the same name in transformers, None where there is none."""
    from transformers import get_scheduler

    if name not in ("linear", "cosine", "cosine_with_restarts", "polynomial", "inverse_sqrt", "constant_with_warmup"):
        return None
    return get_scheduler(name, optimizer(groups), num_warmup_steps=1000, num_training_steps=MILLION)


def steps(groups: int) -> str:
    """Return the table of a step with so many groups."""
    commands = {BARE: stepping(LambdaLR(optimizer(groups), one))}
    for name in CONFIGS:
        commands[name] = stepping(schedule(name).create_scheduler(optimizer(groups), horizon=RUN))
        peer = transformers_form(name, groups) if installed("transformers") else None
        if peer is not None:
            commands[f"{name} of transformers"] = stepping(peer)
    medians = interleaved(commands, ROUNDS)
    rows = []
    for name in (BARE, *CONFIGS):
        peer = medians.get(f"{name} of transformers")
        rows.append(
            {
                "": name,
                "µs a step": f"{medians[name] * 1e6:.1f}",
                "against LambdaLR": f"{medians[name] / medians[BARE]:.2f}",
                "against transformers'": f"{medians[name] / peer:.2f}" if peer else "",
            }
        )
    return table(f"A step with {groups} {'group' if groups == 1 else 'groups'}", rows)


def timed(call: Callable[[], object]) -> Callable[[], float]:
    """Return a contestant: a function that takes the time of one call."""

    def run() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return run


def stepped() -> object:
    """Return the rates of a million steps of torch's scheduler, one step after the other."""
    scheduler = CosineAnnealingLR(optimizer(1), T_max=MILLION)
    scheduler.optimizer.step()
    rates = np.empty(MILLION)
    for step in range(MILLION):
        rates[step] = scheduler.get_last_lr()[0]
        scheduler.step()
    return rates


def curves() -> str:
    """Return the table of a million rates."""
    commands = {name: timed(partial(schedule(name).curve, MILLION, 1e-3, horizon=RUN)) for name in CONFIGS}
    medians = interleaved(commands, 10)
    walked = timed(stepped)()
    rows = [{"": "torch CosineAnnealingLR, stepped", "ms": f"{walked * 1e3:.0f}", "times faster": ""}]
    rows += [
        {"": name, "ms": f"{seconds * 1e3:.1f}", "times faster": f"{walked / seconds:.0f}"}
        for name, seconds in medians.items()
    ]
    return table("The curve of 1,000,000 steps", rows)


def continued(spec: SchedulerSpec, last_step: int) -> object:
    """Make a scheduler that goes on from a step."""
    return spec.create_scheduler(optimizer(1), horizon=RUN, last_step=last_step)


def continuing() -> str:
    """Return the table of `last_step`."""
    commands = {name: timed(partial(continued, schedule(name), MILLION - 1)) for name in CONFIGS}
    fresh = timed(partial(continued, schedule("cosine"), 0))
    medians = interleaved({"cosine, at step 0": fresh, **commands}, 30)
    rows = [{"": name, "µs": f"{seconds * 1e6:.0f}"} for name, seconds in medians.items()]
    return table("create_scheduler(last_step=999,999)", rows)


def main() -> None:
    """Print the tables."""
    # InverseLR warns of its warmup, and torch of the order of calls; neither is what is measured.
    warnings.simplefilter("ignore")
    print(header("optim-schedules", "torch", "transformers", "numpy"))
    print(f"Medians of {ROUNDS} rounds of {STEPS} steps.")
    for groups in GROUPS:
        print()
        print(steps(groups))
    print()
    print(curves())
    print()
    print(continuing())


if __name__ == "__main__":
    main()
