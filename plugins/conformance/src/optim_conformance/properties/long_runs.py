"""What shows only after many steps of an optimizer."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from optim_conformance.outcomes import Differs
from optim_conformance.properties.steps import takes_closure
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.training import Run, begin, require_finite

if TYPE_CHECKING:
    from torch import Tensor

__all__: list[str] = []

LONG = 120
# An optimizer that is given a closure takes up to 20 steps in one.
LONG_WITH_CLOSURE = 20
WATCHED = 10


def _length(run: Run) -> int:
    return LONG_WITH_CLOSURE if run.with_closure else LONG


@property_of("optimizer")
def long_run(subject: Subject) -> None:
    """In 120 steps the parameters stay finite, and the loss does not rise again."""
    run = begin(subject)
    start = run.exact_loss()
    lowest = start
    for _ in range(_length(run) // 20):
        for _ in range(20):
            run.step()
        require_finite(run)
        loss = run.exact_loss()
        # Near the minimum a step of constant length goes to and fro.
        if loss > max(1.1 * lowest, 0.02 * start):
            raise Differs(f"a loss that stays near {lowest:.6g}, or below", f"{loss:.6g} after {run.steps} steps")
        lowest = min(lowest, loss)


@property_of("optimizer")
def nothing_piles_up(subject: Subject) -> None:
    """The state is as large after 60 steps as after 30, and gradients and losses of earlier steps are let go."""
    run = begin(subject)
    half = max(_length(run) // 4, 2 * WATCHED)
    losses, gradients = _watched(run, with_closure=takes_closure(subject))
    run.go(half - run.steps)
    before = _size([run.optimizer.state, vars(run.optimizer)])
    run.go(half)
    after = _size([run.optimizer.state, vars(run.optimizer)])
    if after > 1.1 * before:
        raise Differs(f"a state of {before} items and entries, as after {half} steps", f"{after} after {2 * half}")
    for name, first in (("losses", losses), ("gradients", gradients)):
        alive = _alive(first)
        if alive > len(first) // 2:
            raise Differs(
                f"{name} of the first {WATCHED} steps that are let go",
                f"{alive} of {len(first)} are kept after {run.steps} steps",
            )


def _alive(references: list[weakref.ref[Tensor]]) -> int:
    """Count the objects that there still are."""
    if any(reference() is not None for reference in references):
        # A cycle of objects may be let go, and it takes a while until Python finds it.
        gc.collect()
    return sum(reference() is not None for reference in references)


def _watched(run: Run, *, with_closure: bool) -> tuple[list[weakref.ref[Tensor]], list[weakref.ref[Tensor]]]:
    """Take the first steps, with a closure where one is taken; return references to their losses and gradients."""
    from torch import enable_grad

    losses: list[weakref.ref[Tensor]] = []
    found: list[weakref.ref[Tensor]] = []

    def closure() -> Tensor:
        with enable_grad():
            loss = run.backward()
        gradients = [parameter.grad for parameter in run.parameters if parameter.grad is not None]
        losses.append(weakref.ref(loss))
        found.extend(map(weakref.ref, gradients))
        return loss

    for _ in range(WATCHED):
        if with_closure:
            run.optimizer.step(closure)  # type: ignore[arg-type]
        else:
            closure()
            run.optimizer.step()
        run.steps += 1
    return losses, found


def _size(value: Any, seen: set[int] | None = None) -> int:
    """Count the entries of the tensors and the items of the containers in a value, each object once."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if hasattr(value, "numel") and hasattr(value, "dtype"):
        return int(value.numel())
    if isinstance(value, Mapping):
        return len(value) + sum(_size(each, seen) for each in list(value.values()))
    if isinstance(value, Collection) and not isinstance(value, (str, bytes)):
        return len(value) + sum(_size(each, seen) for each in value)
    return 0
