"""Whether an optimizer steps at all; where it does not, what it wants for that."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from itertools import combinations

from optim_conformance.outcomes import Differs
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.exceptions import told
from optim_conformance.trials.training import begin, needs_closure, require_finite
from optim_core.plugin_class.declarations import Declaration

__all__: list[str] = []

STEPS = 3
# Property to what an optimizer wants that declares to refuse it.
WANTS = {
    "step_without_closure": "the step is given a closure",
    "ordinary_backward": "gradients come from backward(create_graph=True)",
    "vectors": "all parameters are matrices",
    "dense_gradients": "gradients are sparse",
}


@property_of("optimizer", declarable=False, needs_step=False)
def steps(subject: Subject) -> None:
    """An optimizer that was just built takes three steps to finite values, if need be as its class declares."""
    run = begin(subject)
    try:
        run.go(STEPS)
    except Exception as error:
        names = _missing(subject)
        seen = told(error)
        raise Differs(f"{STEPS} steps", seen, declares=names, repair=_repair(subject, names, seen)) from error
    require_finite(run)


def _missing(subject: Subject) -> tuple[str, ...]:
    """Return the properties that an optimizer, which does not step, has to refuse so that it does; empty where none."""
    missing = [name for name in WANTS if name not in subject.declared]
    ways = (names for count in (1, 2) for names in combinations(missing, count))
    return next((names for names in ways if _raised(subject, names) is None), ())


def _repair(subject: Subject, names: Sequence[str], seen: str) -> str | None:
    """Say under which conditions the optimizer steps after all, and how to declare that; None where nothing is known.

    Args:
        subject: an optimizer that does not step.
        names: what it has to refuse so that it does.
        seen: what it raises.
    """
    if names:
        declared = json.dumps(dict.fromkeys(names, "refuses: why"))
        when = " and ".join(WANTS[name] for name in names)
        return f"it steps when {when}; if that is its nature, declare it: conformance = {declared}"
    if _raised(subject, (), train=True) is None:
        return "it steps after its `train()`: call that at the end of `build`, what is built is trained first"
    missing = [name for name in WANTS if name not in subject.declared]
    with_closure = _raised(subject, missing[:1])
    return None if with_closure in (None, seen) or needs_closure(subject) else f"with a closure: {with_closure}"


def _as_if(subject: Subject, names: Iterable[str]) -> Subject:
    """Return the subject as it were if it declared to refuse some more."""
    other = copy.copy(subject)
    vars(other)["declared"] = {**subject.declared, **{name: Declaration("refuses", "it is tried") for name in names}}
    return other


def _raised(subject: Subject, names: Sequence[str], *, train: bool = False) -> str | None:
    """Return what the first steps raise where these are declared too, perhaps after `train()`; None where nothing."""
    try:
        run = begin(_as_if(subject, names))
        if train:
            run.optimizer.train()  # type: ignore[attr-defined]
        run.go(STEPS)
    except Exception as error:  # noqa: BLE001 - whatever it raises, that is not how it steps
        return told(error)
    return None
