"""Kit: checks properties of plugins; the processes in which that happens are shared by all plugins of a kit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optim_conformance.addresses import address_of, refuse_in_child, unreachable
from optim_conformance.judging import failed, not_applicable, result_of
from optim_conformance.outcomes import Result
from optim_conformance.processes.fresh_process import Finding, find_out
from optim_conformance.processes.process import Process
from optim_conformance.report import Report
from optim_conformance.subject import Plugin, Subject, subject_of
from optim_conformance.table import Property, properties_of
from optim_core.plugin_tools import Kind
from optim_core.probing.rounds import Ended

__all__ = ["Kit", "check"]

# How often a plugin may end the process that checks it before the kit gives it up; taking too long is once too often.
MOST_ENDS = 3
# Seconds that the worker may take to save one run.
TO_BEGIN = 60.0
# The properties without which most others mean nothing.
BUILDS = "defaults"
STEPS = "steps"
GIVEN_UP = "it ended the process that checks it too often, or took too long: see what failed"


def check(plugin: Plugin, kind: Kind | None = None) -> Report:
    """Check an optimizer, scheduler or clipper against every property of its kind.

    Args:
        plugin: the name of an installed plugin, or a plugin class.
        kind: "optimizer", "scheduler" or "clipper", needed only where a name means several.

    Returns:
        the result of each property; printed it says what failed and what is declared.

    Raises:
        OptimError: there is no such plugin, or it is broken, or the class is no plugin class.

    Example:
        >>> import attrs
        >>> from optim_conformance import check
        >>> @attrs.frozen
        ... class ToOne:
        ...     '''Scales all gradients to a norm of at most 1.'''
        ...     def build(self):
        ...         return self
        ...     def clip(self, parameters):
        ...         from torch.nn.utils import clip_grad_norm_
        ...         return clip_grad_norm_(parameters, 1.0)
        >>> print(check(ToOne))
        clipper ToOne: 23 passed, 4 not applicable
    """
    return Kit([subject_of(plugin, kind)]).reports()[0]


class Kit:
    """The properties of some plugins, each checked when it is asked for.

    Plugins are run in a process of their own, so that one that ends it, or never returns, ends nothing else. Only a
    class that no other process can have, such as one that is defined in a function, is run in this one.

    Args:
        subjects: the plugins. What needs a fresh process is done for all of them in one.

    Example:
        >>> from optim_conformance import Kit, subject_of
        >>> kit = Kit([subject_of("norm"), subject_of("value")])
        >>> [subject.name for subject in kit.subjects]
        ['norm', 'value']
    """

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self.subjects = list(subjects)
        self._worker: Process | None = None
        self._ends: dict[Subject, int] = {}
        self._findings: dict[Subject, Finding] | None = None
        self._known: dict[tuple[Subject, str], Result] = {}

    def reports(self) -> list[Report]:
        """Return a report of each subject.

        Example:
            >>> import attrs
            >>> from optim_conformance import Kit, subject_of
            >>> @attrs.frozen
            ... class Idle:
            ...     def build(self): ...
            >>> [report.name for report in Kit([subject_of(Idle)]).reports()]
            ['Idle']
        """
        return [self.report(subject) for subject in self.subjects]

    def report(self, subject: Subject) -> Report:
        """Check all properties of one subject, and return the results.

        Args:
            subject: one of the kit's.

        Returns:
            the result of each property.

        Example:
            >>> import attrs
            >>> from optim_conformance import Kit, subject_of
            >>> @attrs.frozen
            ... class Idle:
            ...     def build(self): ...
            >>> subject = subject_of(Idle)
            >>> Kit([subject]).report(subject).of("failed")[0].property
            'documented'
        """
        results = tuple(self.result(subject, each) for each in properties_of(subject.kind).values())
        return Report(name=subject.name, kind=subject.kind, provided_by=subject.provided_by, results=results)

    def result(self, subject: Subject, wanted: Property) -> Result:
        """Return what comes of one property of one subject; whatever the plugin raises is in the result.

        Args:
            subject: one of the kit's.
            wanted: one of `properties_of` its kind.

        Example:
            >>> import attrs
            >>> from optim_conformance import Kit, properties_of, subject_of
            >>> @attrs.frozen
            ... class Idle:
            ...     def build(self): ...
            >>> subject = subject_of(Idle)
            >>> Kit([subject]).result(subject, properties_of("clipper")["documented"]).status
            'failed'
        """
        refuse_in_child()
        if (subject, wanted.name) in self._known:
            return self._known[subject, wanted.name]
        made = self._found(subject, wanted)
        if wanted.name in (BUILDS, STEPS):
            self._known[subject, wanted.name] = made
        return made

    def _found(self, subject: Subject, wanted: Property) -> Result:
        if wanted.needs_build and self._lacks(subject, BUILDS):
            return not_applicable(wanted, f"it cannot be built, see `{BUILDS}`")
        if wanted.needs_step and self._lacks(subject, STEPS) and not self._is_wanted_for_a_step(subject, wanted):
            return not_applicable(wanted, f"it takes no step, see `{STEPS}`")
        if self._is_given_up(subject):
            return not_applicable(wanted, GIVEN_UP)
        if wanted.in_child:
            return result_of(subject, wanted, self._finding(subject))
        if unreachable(subject) is not None:
            return result_of(subject, wanted, subject)
        answer = self._ask(subject, {"property": wanted.name}, wanted.seconds)
        if isinstance(answer, Ended):
            return failed(wanted, "a plugin that returns, or raises an exception", f"the process {answer.how}")
        return Result(**answer)

    def _ask(self, subject: Subject, request: dict[str, Any], seconds: float) -> dict[str, Any] | Ended:
        """Ask the worker about a subject; one that ended is replaced for the next question."""
        if self._worker is None:
            plugins = [None if unreachable(each) else address_of(each) for each in self.subjects]
            self._worker = Process("optim_conformance.processes.worker", {"plugins": plugins})
        said = self._worker.ask({"number": self.subjects.index(subject), **request}, seconds)
        if isinstance(said, Ended):
            self._worker = None
            self._ends[subject] = self._ends.get(subject, 0) + (MOST_ENDS if said.late else 1)
            return said
        answer: dict[str, Any] = said["answer"]
        return answer

    def _is_given_up(self, subject: Subject) -> bool:
        return self._ends.get(subject, 0) >= MOST_ENDS

    def _lacks(self, subject: Subject, name: str) -> bool:
        """Tell whether a property of this name is one of the subject's kind, and the subject has not got it."""
        wanted = properties_of(subject.kind).get(name)
        return wanted is not None and self.result(subject, wanted).status != "passed"

    def _finding(self, subject: Subject) -> Finding:
        if self._findings is None:
            self._findings = find_out([each for each in self.subjects if self._is_sound(each)], self._begin)
        return self._findings[subject]

    def _is_wanted_for_a_step(self, subject: Subject, wanted: Property) -> bool:
        """Tell whether the first step of the subject fails for want of a declaration that it has not this property."""
        repair = self.result(subject, properties_of(subject.kind)[STEPS]).repair
        return repair is not None and json.dumps(wanted.name) in repair

    def _is_sound(self, subject: Subject) -> bool:
        """Tell whether it makes sense to use the subject in a fresh process."""
        return not (self._lacks(subject, BUILDS) or self._is_given_up(subject))

    def _begin(self, folder: Path, subject: Subject, number: int) -> str | None:
        """Have the worker save a run; return what went wrong, None where nothing did."""
        if self._is_given_up(subject):
            return GIVEN_UP
        answer = self._ask(subject, {"run": number, "folder": str(folder)}, TO_BEGIN)
        return f"the process {answer.how}" if isinstance(answer, Ended) else answer["unsaved"]
