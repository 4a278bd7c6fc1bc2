"""What an optimizer does with gradients beside reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.rounding import by_rounding
from optim_conformance.trials.training import (
    SEED,
    WEIGHTS,
    Run,
    begin,
    difference,
    equal,
    require_no_closure,
    seed,
    trajectory,
    values,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__: list[str] = []

SCALE = 1024.0


@property_of("optimizer")
def gradients_kept(subject: Subject) -> None:
    """A step leaves the gradients as they were, for whoever logs or accumulates them."""
    require_no_closure(subject)
    run = begin(subject, subject.where_accepted({"weight_decay": 0.1})).go(2)
    run.backward()
    before = _gradients(run)
    run.optimizer.step()
    after = _gradients(run)
    if len(before) != len(after):
        raise Differs("the gradients as they were", "some are gone")
    if not equal(before, after):
        raise Differs("the gradients as they were", f"they changed by up to {difference(before, after):.3g}")


def _gradients(run: Run) -> list[Tensor]:
    found = [parameter.grad for parameter in run.parameters if parameter.grad is not None]
    return [gradient.detach().to_dense().clone() for gradient in found]


@property_of("optimizer")
def reused_gradients(subject: Subject) -> None:
    """Gradients that are written into the same tensors at each step do what new tensors do."""
    if subject.refuses("dense_gradients"):
        raise DoesNotApply("sparse gradients are new tensors each time")
    fresh, reused = begin(subject), begin(subject)
    kept: dict[int, Tensor] = {}

    def write_into_kept() -> None:
        for number, parameter in enumerate(reused.parameters):
            if parameter.grad is not None:
                written = kept.setdefault(number, torch.empty_like(parameter.grad))
                parameter.grad = written.copy_(parameter.grad.detach())

    import torch

    for step in range(6):
        weight = WEIGHTS[step % len(WEIGHTS)]
        fresh.step(weight)
        reused.step(weight, prepare=write_into_kept)
    apart = difference(values(fresh), values(reused))
    if not apart <= _allowed(subject, 6, apart):
        seen = f"they differ by up to {apart:.3g}, as where the state is a gradient itself and no copy"
        raise Differs("the same parameters after 6 steps", seen)


def _allowed(subject: Subject, steps: int, apart: float) -> float:
    """Return how far apart rounding may take two runs that should be the same; `apart` is how far they are."""
    return 20 * by_rounding(subject, trajectory(begin(subject), steps)) if apart else 0.0


@property_of("optimizer", declarable=False)
def zero_grad(subject: Subject) -> None:
    """`zero_grad()` sets gradients to None, and with `set_to_none=False` to zero."""
    run = begin(subject)
    run.backward()
    run.optimizer.zero_grad(set_to_none=False)
    left = _gradients(run)
    if len(left) != len(run.parameters) or any(bool(gradient.any()) for gradient in left):
        raise Differs("gradients of zeros", "some are gone, or not zero")
    for set_to_none in (True, None):
        run.backward()
        if set_to_none:
            run.optimizer.zero_grad(set_to_none=True)
        else:
            run.optimizer.zero_grad()
        if _gradients(run):
            raise Differs("no gradients", "some are left")


@property_of("optimizer")
def grad_scaler(subject: Subject) -> None:
    """With torch's GradScaler it does what it does without, and a step whose gradients overflow is left out."""
    import torch

    # GradScaler itself takes no closure.
    require_no_closure(subject)
    scaler = torch.amp.GradScaler("cpu", init_scale=SCALE, growth_interval=1000)
    plain, scaled = begin(subject).go(3), begin(subject)
    for _ in range(3):
        _scaled_step(scaled, scaler)
    apart = difference(values(plain), values(scaled))
    if not apart <= max(1e-5, _allowed(subject, 3, apart)):
        raise Differs("the same parameters after 3 steps", f"they differ by up to {apart:.3g}")
    before = values(scaled)
    _scaled_step(scaled, scaler, overflow=float("inf"))
    if not equal(before, values(scaled)):
        raise Differs("the parameters as they were after gradients of infinity", "they moved")


def _scaled_step(run: Run, scaler: torch.amp.GradScaler, overflow: float = 1.0) -> None:
    seed(SEED + run.steps)
    scaler.scale(run.backward(WEIGHTS[run.steps % len(WEIGHTS)]))
    for parameter in run.parameters:
        if parameter.grad is not None:
            parameter.grad = parameter.grad * (scaler.get_scale() * overflow)
    scaler.step(run.optimizer)
    scaler.update()
    run.steps += 1
