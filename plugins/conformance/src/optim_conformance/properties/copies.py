"""Copies of an optimizer; they come last, for torch changes the class itself where one fails halfway."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import attrs

from optim_conformance.outcomes import Differs
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.continuing import prepared
from optim_conformance.trials.training import Run, difference, equal, trajectory, values

__all__: list[str] = []


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
