"""What `run.step` adds to the same calls by hand, beside Lightning Fabric and accelerate, and what it leaves behind.

Run it with ``python benchmarks/loop.py``; peers that are not installed are shown as such. Every contestant takes the
same step of torch's AdamW on a copy of the same model: loss, backward, what the row says, step, zero_grad. They do so
in turn, in one process of one thread, whose own time is counted: what else the machine does matters less.
"""

from __future__ import annotations

import copy
import gc
import logging
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import accumulate, chain
from typing import Any, TypeAlias

import attrs
import torch

from common import header, in_turn, installed, interleaved, table
from optim_core import Optimization, registry

# The contestants are made anew several times, since where their memory lies counts for more than what is looked for.
REPEATS, ROUNDS = 4, 30
MAX_NORM, LR, LENGTH = 1.0, 1e-3, 1_000_000
GROUPS = 100
LEFT_AFTER = 10_000

Step: TypeAlias = Callable[[], object]


@attrs.frozen(kw_only=True)
class Case:
    """What belongs to a step."""

    name: str
    clips: bool = False
    schedules: bool = False
    scales: bool = False
    models: int = 1
    groups: int = 1

    def optimizer(self, model: torch.nn.Module) -> torch.optim.AdamW:
        """Make the optimizer as by hand."""
        return torch.optim.AdamW(self.parameters_of(model), lr=LR)

    def parameters_of(self, model: torch.nn.Module) -> list[Any]:
        """Return the parameters, or so many groups of them."""
        parameters = list(model.parameters())
        if self.groups == 1:
            return parameters
        return [{"params": parameters[first :: self.groups]} for first in range(self.groups)]

    def scheduler(self, optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler | None:
        """Make torch's schedule, where the case has one."""
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, LENGTH) if self.schedules else None

    def scaler(self) -> torch.amp.GradScaler | None:
        """Make torch's scaler for the CPU, where the case has one."""
        return torch.amp.GradScaler("cpu") if self.scales else None

    def run(self, models: Sequence[torch.nn.Module]) -> Optimization:
        """Make the run of optim-core."""
        optimizer = {"type": "AdamW", "config": {"lr": LR}}
        config: dict[str, Any] = {"optimizer": optimizer}
        given: Any = self.parameters_of(models[0])
        if len(models) > 1:
            config = {"optimizer_configs": {f"model{number}": optimizer for number in range(len(models))}}
            given = {f"model{number}": self.parameters_of(model) for number, model in enumerate(models)}
        if self.schedules:
            config["scheduler"] = {"type": "CosineAnnealingLR", "config": {"T_max": LENGTH}}
        if self.clips:
            config["gradient_clipping"] = {"type": "norm", "max_norm": MAX_NORM}
        return registry.recipe(config).create(given)


CASES = (
    Case(name="loss, backward, step"),
    Case(name="clipping by norm", clips=True),
    Case(name="clipping, cosine schedule", clips=True, schedules=True),
    Case(name="GradScaler, clipping", clips=True, scales=True),
    Case(name="2 named optimizers, clipping", clips=True, models=2),
    Case(name=f"{GROUPS} groups, clipping, schedule", clips=True, schedules=True, groups=GROUPS),
)


def mlp(layers: int, width: int) -> torch.nn.Sequential:
    """Make so many layers, each with a weight and a bias."""
    return torch.nn.Sequential(*(torch.nn.Linear(width, width) for _ in range(layers)))


@attrs.frozen
class Size:
    """A model, and how many steps a round takes with it."""

    title: str
    layers: int
    width: int
    rows: int
    steps: int

    def models(self, case: Case) -> list[torch.nn.Module]:
        """Make the models of a case: a layer for each two groups, and at most 64 wide, where there are many."""
        torch.manual_seed(0)
        many = case.groups > 1
        layers, width = (case.groups // 2, min(self.width, 64)) if many else (self.layers, self.width)
        return [mlp(layers, width) for _ in range(case.models)]


SIZES = (
    Size("A small model: 4 layers, 16 wide, 8 rows", 4, 16, 8, 4),
    Size("A middling model: 6 layers, 256 wide, 64 rows", 6, 256, 64, 1),
)


def loss_of(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Compute the loss that all contestants minimize."""
    loss: torch.Tensor = model(batch).square().mean()
    return loss


def by_hand(case: Case, models: Sequence[torch.nn.Module], batch: torch.Tensor) -> list[Step]:
    """Return the step of each model with torch alone."""
    return [_by_hand(case, model, batch) for model in models]


def _by_hand(case: Case, model: torch.nn.Module, batch: torch.Tensor) -> Step:
    optimizer, scaler = case.optimizer(model), case.scaler()
    scheduler = case.scheduler(optimizer)

    def clip() -> object:
        return torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)

    return calls(model, batch, optimizer, scheduler, scaler, clip if case.clips else None)


def same_calls(case: Case, models: Sequence[torch.nn.Module], batch: torch.Tensor) -> list[Step]:
    """Return the step of each model by hand, with the optimizer, the schedule and the clipper that `run.step` has."""
    run = case.run(models)

    def clip(model: torch.nn.Module) -> object:
        assert run.clipper is not None
        return run.clipper.clip(model.parameters())

    return [
        calls(
            model,
            batch,
            optimizer,
            run.schedulers.get(name),
            case.scaler(),
            partial(clip, model) if case.clips else None,
        )
        for model, (name, optimizer) in zip(models, run.optimizers.items(), strict=True)
    ]


def calls(
    model: torch.nn.Module,
    batch: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None,
    scaler: torch.amp.GradScaler | None,
    clip: Step | None,
) -> Step:
    """Return the step that somebody writes who has these parts, with no branch for what is not there."""

    def plain() -> None:
        loss_of(model, batch).backward()
        optimizer.step()
        optimizer.zero_grad()

    def clipped() -> None:
        loss_of(model, batch).backward()
        clip()  # type: ignore[misc]
        optimizer.step()
        optimizer.zero_grad()

    def scheduled() -> None:
        loss_of(model, batch).backward()
        clip()  # type: ignore[misc]
        optimizer.step()
        scheduler.step()  # type: ignore[union-attr]
        optimizer.zero_grad()

    def scaled() -> None:
        assert scaler is not None
        scaler.scale(loss_of(model, batch)).backward()
        scaler.unscale_(optimizer)
        clip()  # type: ignore[misc]
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()

    if scaler is not None:
        return scaled
    if scheduler is not None:
        return scheduled
    return clipped if clip is not None else plain


def run_step(case: Case, models: Sequence[torch.nn.Module], batch: torch.Tensor) -> list[Step]:
    """Return the step of each model with `run.step`."""
    run, scaler = case.run(models), case.scaler()
    if len(models) == 1:
        model = models[0]
        return [lambda: run.step(lambda: loss_of(model, batch), scaler=scaler)]
    return [
        partial(lambda model, name: run[name].step(lambda: loss_of(model, batch)), model, name)
        for model, name in zip(models, run.optimizers, strict=True)
    ]


def fabric(case: Case, models: Sequence[torch.nn.Module], batch: torch.Tensor) -> list[Step]:
    """Return the step of each model with Lightning Fabric."""
    from lightning.fabric import Fabric
    from lightning.fabric.plugins import MixedPrecision

    scaler = case.scaler()
    precision: Any = None
    if scaler is not None:
        precision = MixedPrecision("16-mixed", device="cpu", scaler=scaler)
        # The scaler alone: the others compute in float32 as well.
        precision.forward_context = nullcontext
        precision.convert_input = precision.convert_output = _as_it_is
    made = Fabric(accelerator="cpu", devices=1, plugins=precision)
    return [_with_fabric(made, case, model, batch) for model in models]


def _as_it_is(data: Any) -> Any:
    return data


def _with_fabric(made: Any, case: Case, model: torch.nn.Module, batch: torch.Tensor) -> Step:
    plain = case.optimizer(model)
    scheduler = case.scheduler(plain)
    module, optimizer = made.setup(model, plain)

    def step() -> None:
        made.backward(loss_of(module, batch))
        if case.clips:
            made.clip_gradients(module, optimizer, max_norm=MAX_NORM)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        optimizer.zero_grad()

    return step


def accelerate(case: Case, models: Sequence[torch.nn.Module], batch: torch.Tensor) -> list[Step]:
    """Return the step of each model with accelerate."""
    from accelerate import Accelerator

    made = Accelerator(cpu=True)
    # It makes a scaler for GPUs alone, and uses one that it is given.
    made.scaler = case.scaler()
    return [_with_accelerate(made, case, model, batch) for model in models]


def _with_accelerate(made: Any, case: Case, model: torch.nn.Module, batch: torch.Tensor) -> Step:
    plain = case.optimizer(model)
    module, optimizer, scheduler = made.prepare(model, plain, case.scheduler(plain))

    def step() -> None:
        made.backward(loss_of(module, batch))
        if case.scales:
            made.scaler.unscale_(plain)
        if case.clips:
            made.clip_grad_norm_(module.parameters(), MAX_NORM)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        optimizer.zero_grad()

    return step


def prepared(case: Case, models: Sequence[torch.nn.Module], batch: torch.Tensor) -> list[Step]:
    """Return the step of each model with `run.step` in accelerate."""
    from accelerate import Accelerator

    from optim_frameworks.accelerate import prepare

    made: Any = Accelerator(cpu=True)
    made.scaler = case.scaler()
    modules = [made.prepare(model) for model in models]
    run = prepare(case.run(modules), made)
    return [
        partial(lambda module, name: run[name].step(lambda: loss_of(module, batch)), module, name)
        for module, name in zip(modules, run.optimizers, strict=True)
    ]


Contestant: TypeAlias = Callable[[Case, Sequence[torch.nn.Module], torch.Tensor], list[Step]]
BY_HAND, SAME, RUN = "by hand, µs", "by hand, our clipper", "run.step"
OURS: dict[str, Contestant] = {BY_HAND: by_hand, SAME: same_calls, RUN: run_step}
PEERS: dict[str, tuple[str, Contestant]] = {
    "Lightning Fabric": ("lightning", fabric),
    "accelerate": ("accelerate", accelerate),
    "run.step in accelerate": ("accelerate", prepared),
}


def stepping(contestant: Contestant, case: Case, models: Sequence[torch.nn.Module], size: Size) -> Callable[[], float]:
    """Return a function that takes the mean time of a step, each of several models' counted as one."""
    copies = copy.deepcopy(models)
    width = next(copies[0].parameters()).shape[1]
    steps = contestant(case, copies, torch.randn(size.rows, width, generator=torch.Generator().manual_seed(1)))
    count = size.steps if case.groups == 1 else 1

    def run() -> float:
        # The first one finds the caches as another contestant has left them.
        for step in steps:
            step()
        began = time.thread_time()
        for _ in range(count):
            for step in steps:
                step()
        return (time.thread_time() - began) / (count * len(steps))

    return run


def row(case: Case, size: Size) -> dict[str, object]:
    """Return the row of a case: the time by hand, and the medians of what the others took more in the same round."""
    present = {name: contestant for name, (package, contestant) in PEERS.items() if installed(package)}
    models = size.models(case)
    taken: dict[str, list[float]] = {name: [] for name in OURS | present}
    for _ in range(REPEATS):
        commands = {name: stepping(contestant, case, models, size) for name, contestant in (OURS | present).items()}
        for name, seconds in in_turn(commands, ROUNDS if case.groups == 1 else ROUNDS // 2).items():
            taken[name] += seconds
    cells: dict[str, object] = {"": case.name, BY_HAND: f"{statistics.median(taken[BY_HAND]) * 1e6:.0f}"}
    cells |= {name: more(taken[name], taken[BY_HAND]) for name in (SAME, RUN)}
    cells["over the same calls"] = more(taken[RUN], taken[SAME])
    return cells | {name: more(taken[name], taken[BY_HAND]) if name in taken else "not installed" for name in PEERS}


def more(taken: Sequence[float], than: Sequence[float]) -> str:
    """Return by how much one contestant takes longer than another, in µs."""
    return f"{statistics.median(one - other for one, other in zip(taken, than, strict=True)) * 1e6:+.1f}"


class Idle:
    """What does nothing, as a loss, a clipper, a schedule and a scaler."""

    def backward(self) -> None:
        """Be the loss, or what a scaler makes of it."""

    def detach(self) -> Idle:
        """Be the loss of the step's result."""
        return self

    def clip(self, parameters: Sequence[torch.Tensor]) -> None:
        """Be a clipper."""

    def step(self, *_: object) -> None:
        """Be an optimizer, a schedule or a scaler."""

    def is_enabled(self) -> bool:
        """Be a scaler that scales."""
        return True

    def scale(self, loss: Idle) -> Idle:
        """Be a scaler."""
        return loss

    unscale_ = step

    def update(self) -> None:
        """Be a scaler."""


def alone() -> str:
    """Return the table of run.step where all that it calls does nothing, which is what it adds and no more."""
    rows = []
    for case in CASES:
        by_median = interleaved({"hand": timed(_idle_by_hand(case)), "run": timed(_idle_run(case))}, ROUNDS)
        hand, run = by_median["hand"] * 1e6, by_median["run"] * 1e6
        rows.append(
            {"": case.name, "calls, µs": f"{hand:.2f}", "run.step, µs": f"{run:.2f}", "added, µs": f"{run - hand:.2f}"}
        )
    return table("run.step alone: the loss and the parts do nothing", rows)


def _idle_by_hand(case: Case) -> Step:
    idle: Any = Idle()
    parameters = list(SIZES[0].models(case)[0].parameters())

    def step() -> None:
        loss = idle.scale(idle) if case.scales else idle
        loss.backward()
        if case.scales:
            idle.unscale_(idle)
        if case.clips:
            idle.clip(parameters)
        idle.step()
        if case.scales:
            idle.update()
        if case.schedules:
            idle.step()
        idle.update()

    return step


def _idle_run(case: Case) -> Step:
    idle: Any = Idle()
    run = case.run(SIZES[0].models(case))
    loop = run[next(iter(run.optimizers))]
    optimizer: Any = loop.optimizer
    optimizer.step = idle.step
    optimizer.zero_grad = idle.update
    loop.clipper = idle if case.clips else None
    loop.scheduler = idle if case.schedules else None
    scaler = idle if case.scales else None
    if case.models == 1:
        return lambda: run.step(idle, scaler=scaler)
    return lambda: loop.step(idle)


def timed(step: Step) -> Callable[[], float]:
    """Return a function that takes the mean time of a step."""

    def run() -> float:
        began = time.thread_time()
        for _ in range(100):
            step()
        return (time.thread_time() - began) / 100

    return run


def left_behind() -> str:
    """Return the table of what many steps leave in memory without a garbage collector, and of the most that one takes.

    Objects and tensors are those that the collector knows of; blocks are what Python has allocated. The most that a
    step takes of tensors' memory is counted by torch's profiler.
    """
    # Whether something is left does not depend on the size.
    cases = [attrs.evolve(case, groups=min(case.groups, 4)) for case in CASES]
    title = f"What {LEFT_AFTER:,} steps of run.step leave behind with the garbage collector off; the peak of one"
    return table(title, [_left_behind(case) for case in cases])


def _left_behind(case: Case) -> dict[str, object]:
    size = Size("", 1, 4, 4, 1)
    models = size.models(case)
    width = next(models[0].parameters()).shape[1]
    batch = torch.randn(size.rows, width)
    steps, hand = run_step(case, models, batch), by_hand(case, copy.deepcopy(models), batch)
    gc.collect()
    gc.disable()
    # The first steps make the state of the optimizer, and fill Python's lists of memory to be used again.
    for step in (steps + hand) * 2000:
        step()
    # Twice, since the numbers found first are an object, too.
    before = _counts()
    before = _counts()
    for step in chain.from_iterable([steps] * (LEFT_AFTER // len(steps))):
        step()
    after = _counts()
    gc.enable()
    objects, tensors, blocks = (late - early for late, early in zip(after, before, strict=True))
    return {
        "": case.name.replace(f"{GROUPS} groups", f"{case.groups} groups"),
        "objects": objects,
        "tensors": tensors,
        "blocks": blocks,
        "peak by hand, bytes": tensor_peak(hand[0]),
        "run.step, bytes": tensor_peak(steps[0]),
    }


def _counts() -> tuple[int, int, int]:
    """Return how many objects and tensors the garbage collector knows of, and Python's blocks of memory."""
    blocks = sys.getallocatedblocks()
    things = gc.get_objects()
    return len(things), sum(issubclass(type(thing), torch.Tensor) for thing in things), blocks


def tensor_peak(step: Step) -> int:
    """Return the most bytes of tensors that a step has held at once, beyond those that were there."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiler:
        step()
    results: Any = profiler.profiler and profiler.profiler.kineto_results
    events = [event for event in results.events() if event.name() == "[memory]"]
    sizes: list[int] = [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]
    return max(accumulate(sizes))


def main() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    # What Fabric and accelerate say of the machine is not what is measured.
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    print(header("optim-torch-builtin", "torch", *dict.fromkeys(package for package, _ in PEERS.values())))
    print(
        f"Medians of {REPEATS} times {ROUNDS} rounds, one thread's own time: a step by hand with torch's\n"
        "clip_grad_norm_, in µs, and what the others take more. Over the same calls: run.step beside our optimizer,\n"
        "schedule and clipper by hand. Without clipping the first two are the same: they differ by what is noise."
    )
    for size in SIZES:
        print()
        print(table(size.title, [row(case, size) for case in CASES]))
    print()
    print(alone())
    print()
    print(left_behind())


if __name__ == "__main__":
    main()
