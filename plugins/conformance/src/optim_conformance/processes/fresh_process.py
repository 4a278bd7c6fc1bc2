"""What a fresh process finds out about plugins; one process does all of them, unless one ends it or changes it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from optim_conformance.addresses import address_of, unreachable
from optim_conformance.processes.process import Process
from optim_conformance.subject import Subject
from optim_core.probing.rounds import in_rounds

__all__ = ["Begin", "Finding", "find_out"]

# Seconds that one plugin may take to be imported, or used.
TIMEOUT = 120.0

Begin = Callable[[Path, Subject, int], str | None]


@attrs.define
class Finding:
    """What was found out about one plugin.

    Args:
        subject: the plugin.
        unreachable: why a fresh process cannot have it, None where it can.
        heavy: what its module tries to import and must not, or why it cannot be imported at all; None where neither.
        changed: the parts of the process's state that importing or using it changes.
        printed: what is printed when it is imported and used.
        otherwise: what was expected of the run that it continues and what was seen, None where they are the same.
        unused: what went wrong when the fresh process used it, or how that ended; None where nothing did.
        error: what went wrong when the fresh process continued the run, None where nothing did.
        unsaved: what went wrong when the run was saved, None where nothing did.
    """

    subject: Subject
    unreachable: str | None = None
    heavy: str | None = None
    changed: list[str] = attrs.Factory(list)
    printed: str = ""
    otherwise: tuple[str, str] | None = None
    unused: str | None = None
    error: str | None = None
    unsaved: str | None = None


def find_out(subjects: list[Subject], begin: Begin) -> dict[Subject, Finding]:
    """Use each plugin in a fresh process, and have it continue there what it began elsewhere.

    Args:
        subjects: the plugins.
        begin: saves a run of one of them as the files of its number; what went wrong, None where nothing did.
    """
    findings = [Finding(subject, unreachable=unreachable(subject)) for subject in subjects]
    left = [number for number, finding in enumerate(findings) if finding.unreachable is None]
    with tempfile.TemporaryDirectory(prefix="optim-conformance-") as folder:
        for number in left:
            if findings[number].subject.kind in ("optimizer", "scheduler"):
                findings[number].unsaved = begin(Path(folder), findings[number].subject, number)
        for heard in in_rounds(left, lambda now: _begin_child(findings, now, Path(folder)), lambda _: TIMEOUT):
            if heard.ended is None:
                _note(findings[heard.number], heard.message)
            else:
                findings[heard.number].unused = f"the process {heard.ended.how}"
    return {finding.subject: finding for finding in findings}


def _begin_child(findings: list[Finding], numbers: list[int], folder: Path) -> Process:
    """Start a child that goes through the plugins of these numbers, in a folder of its own."""
    plugins = [{"number": number, **address_of(findings[number].subject)} for number in numbers]
    works_in = Path(tempfile.mkdtemp(dir=folder))
    return Process("optim_conformance.processes.child", {"folder": str(folder), "plugins": plugins}, works_in)


def _note(finding: Finding, message: Mapping[str, Any]) -> None:
    for name in ("heavy", "changed", "printed", "unused", "error", "otherwise"):
        setattr(finding, name, message[name])
