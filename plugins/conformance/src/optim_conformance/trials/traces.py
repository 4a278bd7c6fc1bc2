"""All that a plugin does with a config, on small problems, in a form that can be compared."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from optim_conformance.outcomes import DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.trials.live import built
from optim_conformance.trials.training import Run, begin, difference, equal, model_of, trajectory

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Trace", "far_apart", "group_options", "leaves", "same", "time_to_try", "trace"]

STEPS = 16
FAR = 300
# Seconds of the processor in which the values of all fields are tried: on a machine that is busy with other things the
# same fields are looked at as on one that is not.
PATIENCE = 60.0
CLOSE = 1e-3


@attrs.frozen
class Trace:
    """What was done.

    Args:
        tensors: parameters or gradients.
        words: rates and what was said, as text, in which NaN is equal to itself.
    """

    tensors: list[Tensor]
    words: str


def time_to_try(subject: Subject, keys: Iterable[str]) -> Iterator[str]:
    """Yield the fields of a plugin, as many as there is time for where a build or a step of it takes long.

    Raises:
        DoesNotApply: not all of them were looked at, and so far nothing was wrong.
    """
    built(subject)
    start = time.process_time()
    for number, key in enumerate(keys):
        if time.process_time() - start > PATIENCE:
            raise DoesNotApply(
                f"builds or steps take long: in {PATIENCE:g} seconds {number} fields held, the others are left"
            )
        yield key


def far_apart(one: Trace, other: Trace) -> bool:
    """Tell whether two traces differ by more than a value next to another one can make them."""
    if not one.tensors:
        return one.words != other.words
    return not difference(one.tensors, other.tensors) <= CLOSE


def trace(
    subject: Subject, changes: Mapping[str, Any] | None = None, *, far: bool = False, half: bool = False
) -> Trace:
    """Return what the subject does with its config.

    Args:
        subject: the plugin.
        changes: fields whose values differ from the subject's config.
        far: takes a schedule to where it may raise.
        half: gives an optimizer parameters of bfloat16.
    """
    if subject.kind == "optimizer":
        return Trace(trajectory(_begin(subject, changes, half), STEPS), "")
    if subject.kind == "scheduler":
        from optim_conformance.trials.walking import walk, walk_far

        spec = subject.spec(changes)
        return Trace([], repr(walk_far(spec, FAR) if far else walk(spec)))
    from optim_conformance.trials.clipping import clip_everything

    return Trace(*clip_everything(subject.spec(changes)))


def _begin(subject: Subject, changes: Mapping[str, Any] | None, half: bool) -> Run:
    import torch

    return begin(subject, changes, model=model_of(subject, dtype=torch.bfloat16) if half else None)


def leaves(reference: Trace, subject: Subject, changes: Mapping[str, Any], *, half: bool = False) -> bool:
    """Tell whether an optimizer goes elsewhere with other values; the steps after the first difference are left out.

    Args:
        reference: where it goes with others, and with the same `half`.
        subject: the optimizer.
        changes: fields whose values differ from the subject's config.
        half: as for `trace`.
    """
    run = _begin(subject, changes, half)
    count = len(run.parameters)
    for start in range(0, STEPS * count, count):
        if not equal(reference.tensors[start : start + count], trajectory(run, 1)):
            return True
    return False


def same(one: Trace, other: Trace) -> bool:
    """Tell whether two traces agree in every bit."""
    return one.words == other.words and equal(one.tensors, other.tensors)


def group_options(subject: Subject, changes: Mapping[str, Any] | None = None) -> str:
    """Return the options of an optimizer's groups as text."""
    groups = begin(subject, changes).optimizer.param_groups
    return repr([{key: value for key, value in group.items() if key != "params"} for group in groups])
