"""How far apart rounding alone takes two runs that are otherwise the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from optim_conformance.subject import Subject
from optim_conformance.trials.training import begin, difference, model_of, trajectory

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

__all__ = ["by_rounding"]


def by_rounding(subject: Subject, wanted: list[Tensor], make: Callable[[], Module] | None = None) -> float:
    """Return how far a run goes from another by rounding: its parameters begin with an error in the last digits.

    Args:
        subject: an optimizer.
        wanted: the trajectory of the first steps of the other run.
        make: makes the model, by default `model_of` the subject.
    """
    import torch

    model = make() if make else model_of(subject)
    run = begin(subject, model=model)
    with torch.no_grad():
        for parameter in run.parameters:
            parameter.mul_(1 + 1e-6)
    return difference(wanted, trajectory(run, len(wanted) // max(1, len(run.parameters))))
