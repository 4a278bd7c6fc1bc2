"""What a fresh process finds out about plugins; one process does all of them, unless one ends it or changes it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import attrs

from optim_conformance.addresses import address_of, unreachable
from optim_conformance.processes.process import Ended, Process
from optim_conformance.subject import Subject

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
    """Uses each plugin in a fresh process, and has it continue there what it began elsewhere.

    Args:
        subjects: the plugins.
        begin: saves a run of one of them as the files of its number; what went wrong, None where nothing did.
    """
    findings = [Finding(subject, unreachable=unreachable(subject)) for subject in subjects]
    left = {number for number, finding in enumerate(findings) if finding.unreachable is None}
    with tempfile.TemporaryDirectory(prefix="optim-conformance-") as folder:
        for number in sorted(left):
            if findings[number].subject.kind != "clipper":
                findings[number].unsaved = begin(Path(folder), findings[number].subject, number)
        while left:
            _run(findings, left, Path(folder))
    return {finding.subject: finding for finding in findings}


def _run(findings: list[Finding], left: set[int], folder: Path) -> None:
    """Has one child go through the plugins `left`, and takes out those that are done, the one that ended it too."""
    begun: int | None = None
    with tempfile.TemporaryDirectory(prefix="optim-conformance-") as works_in:
        plugins = [{"number": number, **address_of(findings[number].subject)} for number in sorted(left)]
        child = Process(
            "optim_conformance.processes.child", {"folder": str(folder), "plugins": plugins}, Path(works_in)
        )
        try:
            while left:
                message = child.answer(TIMEOUT)
                if isinstance(message, Ended):
                    # After one that changed the process the child ends by itself.
                    if begun is not None or message.how != "ends with exit status 0":
                        guilty = begun if begun is not None else min(left)
                        findings[guilty].unused = f"the process {message.how}"
                        left.discard(guilty)
                    return
                begun = message["number"]
                if message["through"]:
                    _note(findings[begun], message)
                    left.discard(begun)
                    begun = None
        finally:
            child.close()


def _note(finding: Finding, message: dict[str, object]) -> None:
    for name in ("heavy", "changed", "printed", "unused", "error", "otherwise"):
        setattr(finding, name, message[name])
