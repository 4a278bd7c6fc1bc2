"""What steps of an optimizer do to parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.training import (
    IDLE,
    Run,
    begin,
    difference,
    equal,
    model_of,
    require_finite,
    require_no_closure,
    trajectory,
    values,
)

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["descend", "nearly_equal", "takes_closure", "trains_all"]

# A loss may rise by this share of itself, which is rounding.
ROUNDING = 1e-6


def descend(run: Run, steps: int = 20) -> None:
    """Fail where a run of so many equal steps does not lower the loss.

    Raises:
        Differs: the first step raises it, or all of them do not lower it.
    """
    start = run.exact_loss()
    run.step()
    first = run.exact_loss()
    for _ in range(steps - 1):
        run.step()
    end = run.exact_loss()
    if not math.isfinite(end) or not first <= start * (1 + ROUNDING):
        raise Differs(f"a loss of at most {start:.6g} after the first step", f"{first:.6g}, and {end:.6g} at the end")
    if not end < start:
        raise Differs(f"a loss below {start:.6g} after {steps} steps", f"{end:.6g}")


@property_of("optimizer")
def descends(subject: Subject) -> None:
    """The first step does not raise a convex loss, and 20 steps lower it."""
    descend(begin(subject))


@property_of("optimizer")
def dense_gradients(subject: Subject) -> None:
    """Gradients that are ordinary, dense tensors are taken."""
    run = begin(subject)
    run.sparse = False
    run.go(2)
    require_finite(run)


@property_of("optimizer")
def ordinary_backward(subject: Subject) -> None:
    """The gradients of an ordinary `backward()` are enough; none need be differentiated again."""
    run = begin(subject)
    run.with_graph = False
    run.go(3)
    require_finite(run)


@property_of("optimizer")
def vectors(subject: Subject) -> None:
    """Vectors and scalars among the parameters are trained as matrices are."""
    import torch

    if subject.refuses("dense_gradients"):
        raise DoesNotApply("sparse gradients are those of matrices")
    trains_all(subject, [torch.ones(5), torch.ones(()), torch.ones(1)])


@property_of("optimizer")
def many_dimensions(subject: Subject) -> None:
    """Parameters of 3 and 4 dimensions, such as kernels of convolutions, are trained."""
    import torch

    trains_all(subject, [torch.ones(4, 3, 2), torch.ones(4, 3, 3, 3)])


def trains_all(subject: Subject, more: list[Tensor]) -> None:
    """Fail where one of some more parameters does not move.

    Raises:
        Differs: one does not.
    """
    import torch

    model = model_of(subject)
    model.add_module("more", torch.nn.ParameterList(more))
    run = begin(subject, model=model)
    before = values(run)
    run.go(IDLE)
    require_finite(run)
    for one, other in zip(before[-len(more) :], values(run)[-len(more) :], strict=True):
        if equal([one], [other]):
            raise Differs("every parameter moves", f"the one of shape {tuple(one.shape)} does not")


@property_of("optimizer", declarable=False)
def unused_parameters(subject: Subject) -> None:
    """A parameter without a gradient stays as it is, weight decay or not, while the others move."""
    run = begin(subject, subject.where_accepted({"weight_decay": 0.1}))
    idle = run.parameters[0]
    before = values(run)

    def drop() -> None:
        idle.grad = None

    for _ in range(IDLE):
        run.step(prepare=drop)
    after = values(run)
    if not equal(before[:1], after[:1]):
        raise Differs("the parameter as it was", f"it moved by up to {difference(before[:1], after[:1]):.3g}")
    if equal(before[1:], after[1:]):
        raise Differs("parameters that have a gradient move", "none does")


@property_of("optimizer")
def no_gradients(subject: Subject) -> None:
    """A step in which no parameter has a gradient changes nothing and raises nothing."""
    run = begin(subject).go(2)
    before = values(run)

    def drop() -> None:
        for parameter in run.parameters:
            parameter.grad = None

    run.step(prepare=drop)
    if not equal(before, values(run)):
        raise Differs("the parameters as they were", f"they moved by up to {difference(before, values(run)):.3g}")
    run.go(1)
    require_finite(run)


@property_of("optimizer")
def zero_gradients(subject: Subject) -> None:
    """First gradients that are all zero move no parameter, weight decay apart, and spoil no step after them."""
    run = begin(subject, _without_decay(subject), model=_with_large_values(subject))
    for group in run.optimizer.param_groups:
        group.update({key: 0.0 for key, value in group.items() if "weight_decay" in key and isinstance(value, float)})
    before = values(run)

    run.step(prepare=run.zero_gradients)
    require_finite(run)
    if not nearly_equal(before, values(run)):
        raise Differs("the parameters as they were", f"they moved by up to {difference(before, values(run)):.3g}")
    for _ in range(20):
        run.step()
    require_finite(run)
    if equal(before, values(run)):
        raise Differs("later gradients move the parameters", "they do not")


def _with_large_values(subject: Subject) -> Module:
    """Make the usual model, with entries of about 50."""
    import torch

    model = model_of(subject)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(100)
    return model


@property_of("optimizer")
def nan_gradients(subject: Subject) -> None:
    """A gradient of NaN shows in the parameter or its state, or is refused: a broken run does not go on unseen."""
    run = begin(subject).go(IDLE)
    broken = run.parameters[0]

    def spoil() -> None:
        broken.grad = broken.grad * math.nan if broken.grad is not None else None

    try:
        for _ in range(IDLE):
            run.step(prepare=spoil)
            # An optimizer that looks at signs takes that of NaN for 0: then only the state is spoilt.
            if not (bool(broken.isfinite().all()) and _is_finite(run.optimizer.state_dict()["state"])):
                return
    except Exception:  # noqa: BLE001 - whatever it raises, it refuses
        return
    seen = f"a finite parameter, and a finite state, after {IDLE} steps with gradients of NaN"
    raise Differs("NaN in the parameter or its state, or an exception", seen)


def _is_finite(value: Any) -> bool:
    """Tell whether all tensors in a value are finite."""
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_finite, value))
    return not hasattr(value, "isfinite") or bool(value.isfinite().all())


def nearly_equal(one: list[Tensor], other: list[Tensor]) -> bool:
    """Tell whether two lists of tensors agree but for the last digits: some compute parameters anew at each step."""
    return all(bool(((a - b).abs() <= ROUNDING * a.abs()).all()) for a, b in zip(one, other, strict=True))


def _without_decay(subject: Subject) -> dict[str, float]:
    config = subject.spec().config
    decays = {key: getattr(config, field.name) for key, field in subject.fields.items() if "weight_decay" in key}
    return {key: 0.0 for key, value in decays.items() if isinstance(value, float)}


@property_of("optimizer")
def in_place(subject: Subject) -> None:
    """A step writes into the memory that the parameters have, so that what shares it stays in step."""
    run = begin(subject)
    tensors: list[Tensor] = [parameter.detach() for parameter in run.parameters]
    run.go(3)
    if not equal(tensors, values(run)):
        raise Differs("the same memory", "a parameter has another one after three steps")
    if not all(parameter.requires_grad for parameter in run.parameters):
        raise Differs("parameters that require a gradient", "one does not after three steps")


@property_of("optimizer")
def maximize(subject: Subject) -> None:
    """With `maximize: true` and the negative loss it goes where it goes with the loss."""
    if "maximize" not in subject.fields:
        raise DoesNotApply("it has no field `maximize`")
    down, up = begin(subject), begin(subject, {"maximize": True})
    up.sign = -1.0
    apart = difference(trajectory(down, 5), trajectory(up, 5))
    if not apart <= 1e-5:
        raise Differs("the same parameters after 5 steps", f"they differ by up to {apart:.3g}")


@property_of("optimizer")
def step_without_closure(subject: Subject) -> None:
    """`step()` without a closure uses the gradients that are there."""
    run = begin(subject)
    before = values(run)
    run.with_closure = False
    run.go(IDLE)
    require_finite(run)
    if equal(before, values(run)):
        raise Differs("parameters that move", "they do not")


@property_of("optimizer")
def closure(subject: Subject) -> None:
    """`step(closure=…)` calls it with gradients enabled and returns the loss that it first gave."""
    import torch

    run = begin(subject)
    losses: list[Tensor] = []
    enabled: list[bool] = []

    def compute() -> Tensor:
        enabled.append(torch.is_grad_enabled())
        with torch.enable_grad():
            losses.append(run.backward())
        return losses[-1]

    before = values(run)
    # Lightning passes the closure by its name.
    returned = run.optimizer.step(closure=compute)  # type: ignore[arg-type]
    first = float(losses[0].detach()) if losses else None
    for _ in range(IDLE - 1):
        run.optimizer.step(compute)  # type: ignore[arg-type]
    if not losses:
        raise Differs("a call of the closure", "none")
    if not all(enabled):
        raise Differs("gradients are enabled in the closure", "they are not")
    if returned is None or float(returned) != first:
        raise Differs(f"the loss {first:.6g}", f"{returned!r:.60}")
    if equal(before, values(run)):
        raise Differs("parameters that move", "they do not")


def takes_closure(subject: Subject) -> bool:
    """Tell whether a step with a closure raises nothing."""
    run = begin(subject)
    run.with_closure = True
    try:
        run.go(1)
    except Exception:  # noqa: BLE001 - a plugin may raise anything
        return False
    return True


@property_of("optimizer")
def closure_agrees(subject: Subject) -> None:
    """A step with a closure calls it once, and does what a step with the same gradients and without one does."""
    require_no_closure(subject)
    if not takes_closure(subject):
        raise DoesNotApply("see `closure`")
    without, with_one = begin(subject), begin(subject)
    with_one.with_closure, with_one.primed = True, False
    if not equal(trajectory(without, 3), trajectory(with_one, 3)):
        apart = difference(values(without), values(with_one))
        raise Differs("the same parameters after 3 steps", f"they differ by up to {apart:.3g}")
    calls: list[None] = []
    with_one.step(prepare=lambda: calls.append(None))
    if len(calls) != 1:
        raise Differs("one call of the closure in a step", f"{len(calls)}")


@property_of("optimizer")
def complex_parameters(subject: Subject) -> None:
    """Complex parameters are trained, or refused by an exception."""
    import torch

    model = model_of(subject, dtype=torch.complex64)
    try:
        run = begin(subject, model=model)
        start = _by_part(run)
        for _ in range(20):
            run.step()
    except Exception as error:
        raise DoesNotApply(f"it refuses them: {type(error).__name__}") from error
    end = _by_part(run)
    if not (end[0] < start[0] and end[1] < start[1]):
        raise Differs(f"real and imaginary parts nearer to their targets than {start}", f"{end}")


def _by_part(run: Run) -> tuple[float, float]:
    """Return the squared distance of the real and of the imaginary parts from their targets."""
    apart = [value - target for value, target in zip(values(run), run.targets, strict=True)]
    return sum(float(each.real.square().sum()) for each in apart), sum(
        float(each.imag.square().sum()) for each in apart
    )
