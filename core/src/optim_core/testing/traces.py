"""All that a plugin does with a config, on small problems, in a form that can be compared."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from optim_core.testing.live import built
from optim_core.testing.outcomes import DoesNotApply
from optim_core.testing.subject import Subject
from optim_core.testing.training import begin, equal, trajectory

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Trace", "group_options", "require_quick_build", "same", "trace"]

STEPS = 16
FAR = 300
# Seconds that one build may take, where hundreds are to be made.
SLOW = 0.5


@attrs.frozen
class Trace:
    """What was done.

    Args:
        tensors: parameters or gradients.
        words: rates and what was said, as text, in which NaN is equal to itself.
    """

    tensors: list[Tensor]
    words: str


def require_quick_build(subject: Subject) -> None:
    """Ends a check that builds the plugin hundreds of times.

    Raises:
        DoesNotApply: a build takes long, for a reason that is not its first time.
    """
    built(subject)
    start = time.perf_counter()
    built(subject)
    if time.perf_counter() - start > SLOW:
        raise DoesNotApply(f"a build takes more than {SLOW} seconds: too long to try all values of all fields")


def trace(subject: Subject, changes: Mapping[str, Any] | None = None, *, far: bool = False) -> Trace:
    """What the subject does with its config, some fields changed; `far` takes a schedule to where it may raise."""
    if subject.kind == "optimizer":
        return Trace(trajectory(begin(subject, changes), STEPS), "")
    if subject.kind == "scheduler":
        from optim_core.testing.walking import walk, walk_far

        spec = subject.spec(changes)
        return Trace([], repr(walk_far(spec, FAR) if far else walk(spec)))
    from optim_core.testing.clipping import clip_everything

    return Trace(*clip_everything(subject.spec(changes)))


def same(one: Trace, other: Trace) -> bool:
    """Whether two traces agree in every bit."""
    return one.words == other.words and equal(one.tensors, other.tensors)


def group_options(subject: Subject, changes: Mapping[str, Any] | None = None) -> str:
    """The options of an optimizer's groups as text."""
    groups = begin(subject, changes).optimizer.param_groups
    return repr([{key: value for key, value in group.items() if key != "params"} for group in groups])
