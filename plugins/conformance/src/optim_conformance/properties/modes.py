"""What an optimizer does that is told what the model is for: `train()` before steps, `eval()` before evaluation."""

from __future__ import annotations

from typing import Any

from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.rounding import by_rounding
from optim_conformance.trials.training import begin, difference, require_finite, trajectory, values
from optim_core.plugin_class.needs import has_modes

__all__: list[str] = []

BEFORE, AFTER = 5, 5
# A change of the mode may round every entry of a parameter.
ROUNDING = 1e-5


@property_of("optimizer")
def modes(subject: Subject) -> None:
    """Where it has `eval()` and `train()`, one after the other gives the parameters back, and the run goes on."""
    plain, told = begin(subject).go(BEFORE), begin(subject).go(BEFORE)
    optimizer: Any = told.optimizer
    if not has_modes(optimizer):
        raise DoesNotApply("it has no `eval()` and `train()`")
    before = values(told)
    for _ in range(2):
        optimizer.eval()
        optimizer.eval()
        require_finite(told)
        optimizer.train()
    apart = difference(before, values(told))
    if not apart <= ROUNDING:
        raise Differs("the parameters that it had in training", f"they differ by up to {apart:.3g}")
    wanted = trajectory(plain, AFTER)
    apart = difference(wanted, trajectory(told, AFTER))
    if not apart <= max(ROUNDING, 20 * by_rounding(subject, trajectory(begin(subject), BEFORE + AFTER))):
        raise Differs(f"the same next {AFTER} steps as without", f"parameters that differ by up to {apart:.3g}")
