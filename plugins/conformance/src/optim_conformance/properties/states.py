"""What an optimizer's state has to be, and what saving, loading and copying keep."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.continuing import NEXT, prepared, resume, saved
from optim_conformance.trials.training import Run, begin, difference, equal, model_of, trajectory, values

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = []


def _resumes_exactly(subject: Subject, make: Callable[[], Module]) -> None:
    run = prepared(subject, model=make())
    again = resume(subject, io.BytesIO(saved(run)), model=make())
    if run.rates() != again.rates():
        raise Differs(f"rates {run.rates()} after loading", f"{again.rates()}")
    if not equal(trajectory(run, NEXT), trajectory(again, NEXT)):
        apart = difference(values(run), values(again))
        raise Differs(f"the same next {NEXT} steps, bit by bit", f"parameters that differ by up to {apart:.3g}")


@property_of("optimizer")
def state_dict(subject: Subject) -> None:
    """A run saved to a file and loaded with `weights_only=True` takes the same next 10 steps, bit by bit."""
    _resumes_exactly(subject, lambda: model_of(subject))
    _resumes_exactly(subject, lambda: _with_a_large_matrix(subject))


def _with_a_large_matrix(subject: Subject) -> Module:
    """Make the usual model with a matrix that is large enough for what is kept otherwise of large parameters."""
    import torch

    model = model_of(subject)
    model.add_module("large", torch.nn.ParameterList([torch.linspace(-1, 1, 64 * 65).reshape(64, 65)]))
    return model


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
def state_tensors(subject: Subject) -> None:
    """State is on its parameter's device, needs no gradient, and what has its shape is as precise, also once loaded."""
    import torch

    run = prepared(subject)
    _look_at_state(run)
    _look_at_state(_where_it_runs("state_dict", lambda: resume(subject, io.BytesIO(saved(run)))))
    if "float64" not in subject.declared:
        _look_at_state(_where_it_runs("float64", lambda: prepared(subject, torch.float64)))


def _where_it_runs(name: str, make: Callable[[], Run]) -> Run:
    try:
        return make()
    except Exception as error:
        raise DoesNotApply(f"see `{name}`: {type(error).__name__}") from error


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

    _resumes_exactly(subject, lambda: model_of(subject, dtype=torch.bfloat16))
