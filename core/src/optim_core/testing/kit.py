"""Kit: checks properties of plugins; child processes are shared by all plugins of a kit."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from optim_core.loading import said
from optim_core.names import visible
from optim_core.testing.global_state import restored
from optim_core.testing.outcomes import Differs, DoesNotApply, Result
from optim_core.testing.report import Report
from optim_core.testing.subject import Plugin, Subject, subject_of
from optim_core.testing.table import Property, properties_of

__all__ = ["Kit", "check"]

LONGEST = 600


def check(plugin: Plugin, kind: Any = None) -> Report:
    """Checks an optimizer, scheduler or clipper against every property of its kind.

    Args:
        plugin: the name of an installed plugin, or a plugin class.
        kind: "optimizer", "scheduler" or "clipper", needed only where a name means several.

    Raises:
        OptimError: there is no such plugin, or it is broken, or the class is no plugin class.
    """
    return Kit([subject_of(plugin, kind)]).reports()[0]


@attrs.define
class _Failure:
    """What a check raised."""

    expected: str
    seen: str
    raised: bool


class Kit:
    """The properties of some plugins, each checked when it is asked for.

    Args:
        subjects: the plugins. What needs a fresh process is done for all of them in one.
    """

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self.subjects = list(subjects)
        self._findings: dict[Subject, Any] | None = None
        self._unbuilt: dict[Subject, bool] = {}

    def reports(self) -> list[Report]:
        """A report of each subject."""
        return [self.report(subject) for subject in self.subjects]

    def report(self, subject: Subject) -> Report:
        """The results of all properties of one subject."""
        results = tuple(self.result(subject, each) for each in properties_of(subject.kind).values())
        return Report(name=subject.name, kind=subject.kind, provided_by=subject.provided_by, results=results)

    def result(self, subject: Subject, wanted: Property) -> Result:
        """What comes of one property of one subject; whatever the plugin raises is in the result."""
        outcome: _Failure | None = None
        try:
            if wanted.needs_build and self._cannot_be_built(subject):
                raise DoesNotApply("it cannot be built, see `defaults`")
            with _at_rest():
                wanted.check(self._finding(subject) if wanted.in_child else subject)
        except DoesNotApply as error:
            if wanted.name not in subject.declared:
                return Result(
                    property=wanted.name, sentence=wanted.sentence, status="not applicable", reason=str(error)
                )
        except Differs as error:
            outcome = _Failure(error.expected, error.seen, raised=False)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            outcome = _Failure("no exception", said(error), raised=True)
        return _judged(subject, wanted, outcome)

    def _cannot_be_built(self, subject: Subject) -> bool:
        if subject not in self._unbuilt:
            outcome = self.result(subject, properties_of(subject.kind)["defaults"])
            self._unbuilt[subject] = outcome.status == "failed"
        return self._unbuilt[subject]

    def _finding(self, subject: Subject) -> Any:
        if self._findings is None:
            from optim_core.testing.fresh_process import find_out

            self._findings = find_out([each for each in self.subjects if not self._cannot_be_built(each)])
        return self._findings[subject]


def _judged(subject: Subject, wanted: Property, outcome: _Failure | None) -> Result:
    """The result of a property that was checked, in the light of what the plugin declares."""
    declaration = subject.declared.get(wanted.name) if wanted.declarable else None
    made = Result(property=wanted.name, sentence=wanted.sentence, status="passed")
    if declaration is None and outcome is None:
        return made
    if declaration is not None and outcome is not None and outcome.raised == (declaration.manner == "refuses"):
        return attrs.evolve(made, status="declared", reason=str(declaration))
    if declaration is None and outcome is not None:
        return attrs.evolve(made, status="failed", expected=_short(outcome.expected), seen=_short(outcome.seen))
    refuses = declaration is not None and declaration.manner == "refuses"
    expected = "an exception" if refuses else "a difference without an exception"
    seen = "the property holds: take the declaration away" if outcome is None else outcome.seen
    return attrs.evolve(made, status="failed", expected=f"{expected}, as declared", seen=_short(seen))


def _short(text: str) -> str:
    text = visible(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


@contextlib.contextmanager
def _at_rest() -> Iterator[None]:
    """Around a check: global state stays as it is, warnings are silent, and so is what is printed.

    Whether a plugin prints, or changes global state, are properties of their own.
    """
    import torch

    with restored(), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The problems are tiny: threads would only wait for each other.
        torch.set_num_threads(1)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
