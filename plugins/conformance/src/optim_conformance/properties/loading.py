"""What loading a state has to do, beside continuing where it was saved."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optim_conformance.outcomes import Differs
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.continuing import BEFORE, prepared, resume, saved
from optim_conformance.trials.training import begin, difference, equal, model_of, trajectory, values

if TYPE_CHECKING:
    from torch import Tensor

__all__: list[str] = []

# The options of groups that schedules change.
SCHEDULED = ("lr", "weight_decay", "momentum", "betas")


@property_of("optimizer")
def first_state(subject: Subject) -> None:
    """A state that is saved before the first step can be loaded, and leads to the same steps."""
    run = begin(subject)
    again = resume(subject, io.BytesIO(saved(run)))
    again.steps = 0
    if not equal(trajectory(run, 5), trajectory(again, 5)):
        apart = difference(values(run), values(again))
        raise Differs("the same next 5 steps, bit by bit", f"parameters that differ by up to {apart:.3g}")


@property_of("optimizer")
def rolled_back(subject: Subject) -> None:
    """An optimizer that loads its own earlier state forgets what came after it."""
    import torch

    run = prepared(subject)
    content = saved(run)
    wanted = trajectory(run, 5)
    state = torch.load(io.BytesIO(content), weights_only=True)
    run.model.load_state_dict(state["model"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.steps = BEFORE
    found = trajectory(run, 5)
    if not equal(wanted, found):
        apart = difference(wanted, found)
        raise Differs("the same 5 steps as at the first time", f"parameters that differ by up to {apart:.3g}")


@property_of("optimizer")
def loaded_options(subject: Subject) -> None:
    """Options of groups that were changed in the run are those of the run that continues it."""
    run = begin(subject).go(3)
    for group in run.optimizer.param_groups:
        group.update({key: _halved(group[key]) for key in SCHEDULED if key in group})
    again = resume(subject, io.BytesIO(saved(run)))
    for mine, loaded in zip(run.optimizer.param_groups, again.optimizer.param_groups, strict=True):
        for key in SCHEDULED:
            if key in mine and not _same(mine[key], loaded.get(key)):
                raise Differs(f"{key} = {mine[key]!r} after loading", f"{key} = {loaded.get(key)!r:.60}")


def _halved(value: Any) -> Any:
    if isinstance(value, float):
        return value / 2
    return tuple(map(_halved, value)) if isinstance(value, tuple) else value


def _same(one: Any, other: Any) -> bool:
    plain = (bool, int, float, str, tuple, list)
    return not isinstance(one, plain) or not isinstance(other, plain) or one == other


@property_of("optimizer")
def strange_state(subject: Subject) -> None:
    """The state of a model that has one parameter more is refused by an exception."""
    import torch

    larger = model_of(subject)
    larger.add_module("more", torch.nn.ParameterList([torch.ones(4, 3)]))
    state = begin(subject, model=larger).go(2).optimizer.state_dict()
    run = begin(subject)
    try:
        run.optimizer.load_state_dict(state)
    except Exception:  # noqa: BLE001 - whatever it raises, it refuses
        return
    raise Differs(f"an exception: there are {len(run.parameters)} parameters", f"{len(run.parameters) + 1} are loaded")


@property_of("optimizer")
def state_device(subject: Subject) -> None:
    """State is created where its parameter is, and not on the default device, which may be another."""
    from torch.overrides import TorchFunctionMode

    made: list[Tensor] = []
    factories = _factories()

    class Watch(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            named = kwargs or {}
            found = func(*args, **named)
            if func in factories and named.get("device") is None and found.numel() > 1:
                made.append(found)
            elif _takes_to_a_device(func, args, named):
                made[:] = [tensor for tensor in made if tensor is not args[0]]
            return found

    with Watch():
        run = begin(subject)
        run.backward()
        made.clear()
        run.go(3)
    misplaced = {tensor.untyped_storage().data_ptr() for tensor in made}
    for parameter in run.parameters:
        state = run.optimizer.state.get(parameter, {})
        for name, value in state.items() if isinstance(state, dict) else ():
            if hasattr(value, "untyped_storage") and value.numel() > 1 and _pointer(value) in misplaced:
                raise Differs(
                    f"{name} of shape {tuple(value.shape)} made with `device=parameter.device`, or like it",
                    "it is made without a device: on the CPU, wherever the parameter is",
                )


def _takes_to_a_device(func: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    """Tell whether a call of torch moves a tensor to where another one is, or to a device."""
    import torch

    if func in (torch.Tensor.type_as, torch.Tensor.cuda):
        return True
    where = (*args[1:], *named.values())
    return func is torch.Tensor.to and any(isinstance(each, (torch.Tensor, torch.device, str)) for each in where)


def _pointer(value: Tensor) -> int:
    return 0 if value.is_sparse else value.untyped_storage().data_ptr()


def _factories() -> tuple[Any, ...]:
    import torch

    return torch.zeros, torch.ones, torch.empty, torch.full, torch.rand, torch.randn, torch.tensor, torch.eye
