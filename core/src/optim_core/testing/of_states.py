"""What an optimizer's state has to be, and what saving, loading and copying keep."""

from __future__ import annotations

import copy
import io
import pickle
from typing import TYPE_CHECKING, Any

import attrs

from optim_core.testing.outcomes import Differs
from optim_core.testing.subject import Subject
from optim_core.testing.table import property_of
from optim_core.testing.training import Run, begin, difference, equal, model_of, trajectory, values

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["BEFORE", "NEXT", "prepared", "resume", "saved"]

# Steps before a run is saved, and after.
BEFORE, NEXT = 5, 10
# The rate is lowered before saving, as a schedule would.
LOWERED = 0.3


def prepared(subject: Subject, dtype: torch.dtype | None = None) -> Run:
    """A run after 5 steps whose rate was changed meanwhile."""
    run = begin(subject, model=model_of(subject, dtype=dtype)).go(BEFORE)
    for group in run.optimizer.param_groups:
        if "lr" in group:
            group["lr"] = group["lr"] * LOWERED
    return run


def saved(run: Run) -> bytes:
    """The file that holds a run."""
    import torch

    file = io.BytesIO()
    torch.save({"model": run.model.state_dict(), "optimizer": run.optimizer.state_dict()}, file)
    return file.getvalue()


def resume(subject: Subject, file: Any, dtype: torch.dtype | None = None) -> Run:
    """A new run that continues the one in `file`."""
    import torch

    state = torch.load(file, weights_only=True)
    run = begin(subject, model=model_of(subject, dtype=dtype))
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.steps = BEFORE
    return run


def _resumes_exactly(subject: Subject, dtype: torch.dtype | None = None) -> None:
    run = prepared(subject, dtype)
    again = resume(subject, io.BytesIO(saved(run)), dtype)
    if run.optimizer.param_groups[0].get("lr") != again.optimizer.param_groups[0].get("lr"):
        raise Differs(f"lr = {run.optimizer.param_groups[0].get('lr')} after loading", f"lr = {again.rates()[0]}")
    if not equal(trajectory(run, NEXT), trajectory(again, NEXT)):
        apart = difference(values(run), values(again))
        raise Differs(f"the same next {NEXT} steps, bit by bit", f"parameters that differ by up to {apart:.3g}")


@property_of("optimizer")
def state_dict(subject: Subject) -> None:
    """A run saved to a file and loaded with `weights_only=True` takes the same next 10 steps, bit by bit."""
    _resumes_exactly(subject)


@property_of("optimizer")
def state_is_copied(subject: Subject) -> None:
    """`state_dict()` changes nothing, and a second optimizer that loads a copy of it leaves the first alone."""
    run, undisturbed = prepared(subject), prepared(subject)
    other = begin(subject)
    other.optimizer.load_state_dict(copy.deepcopy(run.optimizer.state_dict()))
    other.go(3)
    if not equal(trajectory(run, 5), trajectory(undisturbed, 5)):
        raise Differs("the run as if its state had not been asked for", "it goes elsewhere")


@property_of("optimizer")
def deepcopy(subject: Subject) -> None:
    """A deep copy of model and optimizer goes on as the original does, and leaves the original alone."""
    run = prepared(subject)
    _copies_exactly(run, *copy.deepcopy((run.model, run.optimizer)))


@property_of("optimizer")
def pickled(subject: Subject) -> None:
    """Model and optimizer can be pickled, and what is unpickled goes on as the original does."""
    run = prepared(subject)
    _copies_exactly(run, *pickle.loads(pickle.dumps((run.model, run.optimizer))))


def _copies_exactly(run: Run, model: Any, optimizer: Any) -> None:
    copied = attrs.evolve(run, model=model, optimizer=optimizer)
    before = values(run)
    of_copy = trajectory(copied, 5)
    if not equal(before, values(run)):
        raise Differs("the original as it was", "steps of the copy move it")
    if not equal(of_copy, trajectory(run, 5)):
        apart = difference(values(run), values(copied))
        raise Differs("the same next 5 steps", f"parameters that differ by up to {apart:.3g}")


@property_of("optimizer")
def state_tensors(subject: Subject) -> None:
    """State is on its parameter's device, needs no gradient, and what has its shape is as precise, also once loaded."""
    import torch

    run = prepared(subject)
    _look_at_state(run)
    _look_at_state(resume(subject, io.BytesIO(saved(run))))
    if "float64" not in subject.declared:
        _look_at_state(prepared(subject, torch.float64))


def _look_at_state(run: Run) -> None:
    for parameter in run.parameters:
        state = run.optimizer.state.get(parameter, {})
        for name, value in state.items() if isinstance(state, dict) else ():
            if hasattr(value, "requires_grad"):
                _look_at(name, value, parameter)


def _look_at(name: str, value: Tensor, parameter: Tensor) -> None:
    import torch

    if value.device != parameter.device and value.numel() > 1:
        raise Differs(f"{name} on {parameter.device}", f"it is on {value.device}")
    if value.requires_grad:
        raise Differs(f"{name} without a gradient", "it requires one, and keeps the graph of earlier steps alive")
    if value.shape == parameter.shape and value.is_floating_point():
        wider = torch.promote_types(value.dtype, parameter.dtype)
        if wider != value.dtype:
            raise Differs(f"{name} at least of {parameter.dtype}", f"it is {value.dtype}")


@property_of("optimizer")
def bf16_state_dict(subject: Subject) -> None:
    """A run of bfloat16 parameters resumes from its state bit by bit."""
    import torch

    _resumes_exactly(subject, torch.bfloat16)
