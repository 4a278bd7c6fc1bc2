"""A run that one process begins and saves, and another continues."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optim_conformance.judging import at_rest
from optim_conformance.subject import Subject
from optim_conformance.trials.exceptions import told
from optim_conformance.trials.training import Run, begin, difference, equal, has_rate, model_of, trajectory
from optim_conformance.trials.walking import begin_walk, take

if TYPE_CHECKING:
    import torch
    from torch.nn import Module

__all__ = [
    "BEFORE",
    "NEXT",
    "begin_in",
    "how_it_continues",
    "load_schedule",
    "prepared",
    "resume",
    "save_schedule",
    "saved",
]

# Steps of an optimizer before its run is saved, and those of a schedule; steps that are compared after that.
BEFORE, AFTER, NEXT = 5, 25, 10

# The rate is lowered before an optimizer is saved, as a schedule would lower it.
LOWERED = 0.3


def begin_in(folder: Path, subject: Subject, number: int) -> str | None:
    """Save a run and what comes next in it as the files of `number`; return what went wrong, None where nothing did."""
    import torch

    try:
        with at_rest():
            content, wanted = _saved_and_next(subject)
            _file(folder, number).write_bytes(content)
            torch.save(wanted, _next(folder, number))
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        return told(error)
    return None


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number}.pt"


def _next(folder: Path, number: int) -> Path:
    return folder / f"{number}.next.pt"


def _saved_and_next(subject: Subject) -> tuple[bytes, Any]:
    """Return the file of a run, and what it does next: tensors, or rates as text."""
    if subject.kind == "optimizer":
        run = prepared(subject)
        return saved(run), trajectory(run, NEXT)
    spec = subject.spec()
    scheduler = begin_walk(spec)
    take(spec, scheduler, AFTER)
    return save_schedule(scheduler), repr(take(spec, scheduler, NEXT, start=AFTER))


def how_it_continues(folder: Path, subject: Subject, number: int) -> tuple[str, str] | None:
    """Return what was expected of the run's next steps and what was seen; None where both agree, or none was saved."""
    import torch

    if not _next(folder, number).exists():
        return None
    wanted = torch.load(_next(folder, number), weights_only=True)
    found = _continued(subject, _file(folder, number))
    if isinstance(wanted, str):
        return None if wanted == found else (f"rates {wanted}", str(found))
    if equal(wanted, found):
        return None
    return "the same next steps", f"off by up to {difference(wanted, found):.3g}"


def _continued(subject: Subject, file: Path) -> Any:
    if subject.kind == "optimizer":
        return trajectory(resume(subject, file), NEXT)
    spec = subject.spec()
    return repr(take(spec, load_schedule(spec, file), NEXT, start=AFTER))


def prepared(subject: Subject, dtype: torch.dtype | None = None, *, model: Module | None = None) -> Run:
    """Take 5 steps of a run, and lower its rate; the model is one of its own, or that which is given."""
    run = begin(subject, model=model_of(subject, dtype=dtype) if model is None else model).go(BEFORE)
    for group in run.optimizer.param_groups:
        if has_rate(group):
            group["lr"] = group["lr"] * LOWERED
    return run


def saved(run: Run) -> bytes:
    """Return the file that holds a run."""
    import torch

    file = io.BytesIO()
    torch.save({"model": run.model.state_dict(), "optimizer": run.optimizer.state_dict()}, file)
    return file.getvalue()


def resume(subject: Subject, file: Any, dtype: torch.dtype | None = None, *, model: Module | None = None) -> Run:
    """Begin a new run that continues the one in `file`."""
    import torch

    state = torch.load(file, weights_only=True)
    run = begin(subject, model=model_of(subject, dtype=dtype) if model is None else model)
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.steps = BEFORE
    return run


def save_schedule(scheduler: Any) -> bytes:
    """Return the file that holds a schedule and its optimizer."""
    import torch

    file = io.BytesIO()
    torch.save({"scheduler": scheduler.state_dict(), "optimizer": scheduler.optimizer.state_dict()}, file)
    return file.getvalue()


def load_schedule(spec: Any, file: Any) -> Any:
    """Make a new schedule that continues the one in `file`: the optimizer is loaded first, then the schedule."""
    import torch

    state = torch.load(file, weights_only=True)
    scheduler: Any = begin_walk(spec)
    scheduler.optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    return scheduler
