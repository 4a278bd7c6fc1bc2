"""What a fresh process finds out about plugins; one process does all of them, unless one ends it or changes it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, cast

import attrs

from optim_core.child_process import collect_lines, signal_name
from optim_core.loading import said
from optim_core.testing.of_states import NEXT, prepared, saved
from optim_core.testing.subject import Subject

__all__ = ["Finding", "continued", "find_out"]

# Seconds that one plugin may take; some compile a kernel when they are built for the first time.
TIMEOUT = 300.0


@attrs.define
class Finding:
    """What was found out about one plugin.

    Args:
        subject: the plugin.
        unreachable: why a fresh process cannot have it, None where it can.
        heavy: what its module tries to import and must not, or why it cannot be imported at all; None where neither.
        changed: the parts of the process's state that using it changes.
        printed: what is printed when it is imported and used.
        wanted: what the run does next in this process: tensors, or rates as text.
        found: what it does next in the fresh one.
        unused: what went wrong when the fresh process used it, or how that ended; None where nothing did.
        error: what went wrong when the fresh process continued the run, None where nothing did.
        unsaved: what went wrong when the run was saved, None where nothing did.
    """

    subject: Subject
    unreachable: str | None = None
    heavy: str | None = None
    changed: list[str] = attrs.Factory(list)
    printed: str = ""
    wanted: Any = None
    found: Any = None
    unused: str | None = None
    error: str | None = None
    unsaved: str | None = None


def find_out(subjects: list[Subject]) -> dict[Subject, Finding]:
    """Uses each plugin in a fresh process, and has it continue there what it began here."""
    findings = [Finding(subject, unreachable=_unreachable(subject)) for subject in subjects]
    with tempfile.TemporaryDirectory(prefix="optim-conformance-") as folder:
        for number, finding in enumerate(findings):
            _begin(finding, Path(folder, f"{number}.pt"))
        left = {number for number, finding in enumerate(findings) if finding.unreachable is None}
        while left:
            _run(findings, left, Path(folder))
    return {finding.subject: finding for finding in findings}


def _unreachable(subject: Subject) -> str | None:
    """Why another process cannot have the class."""
    if subject.installed:
        return None
    if "<locals>" in subject.cls.__qualname__:
        return "its class is defined in a function"
    if _file(subject) is None:
        return "the module of its class has no file"
    return None


def _file(subject: Subject) -> str | None:
    return getattr(sys.modules.get(subject.cls.__module__), "__file__", None)


def _begin(finding: Finding, file: Path) -> None:
    """Saves a run, and notes what comes next in it."""
    if finding.subject.kind == "clipper":
        return
    try:
        content, finding.wanted = _saved_and_next(finding.subject)
        file.write_bytes(content)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything
        finding.unsaved = said(error)


def _saved_and_next(subject: Subject) -> tuple[bytes, Any]:
    from optim_core.testing.training import trajectory

    if subject.kind == "optimizer":
        run = prepared(subject)
        return saved(run), trajectory(run, NEXT)
    from optim_core.testing.of_scheduler_states import save_schedule
    from optim_core.testing.walking import begin_walk, take

    spec = subject.spec()
    scheduler = begin_walk(spec)
    take(spec, scheduler, 25)
    return save_schedule(scheduler), repr(take(spec, scheduler, NEXT, start=25))


def continued(subject: Subject, file: Path) -> Any:
    """What the run in `file` does next: tensors, or rates as text."""
    from optim_core.testing.of_states import resume
    from optim_core.testing.training import trajectory

    if subject.kind == "optimizer":
        return trajectory(resume(subject, file), NEXT)
    from optim_core.testing.of_scheduler_states import load_schedule
    from optim_core.testing.walking import take

    spec = subject.spec()
    return repr(take(spec, load_schedule(spec, file), NEXT, start=25))


# -- the child -------------------------------------------------------------------------------------------------------


def _run(findings: list[Finding], left: set[int], folder: Path) -> None:
    """Has one child go through the plugins `left`, and takes out those that are done, the one that ended it too."""
    begun: int | None = None
    with _child(findings, left, folder) as lines:
        for message in lines:
            if isinstance(message, str):
                guilty = begun if begun is not None else min(left)
                findings[guilty].unused = f"the process {message}"
                left.discard(guilty)
                return
            begun = message["number"]
            if message["through"]:
                _note(findings[begun], message, folder / f"{begun}.after.pt")
                left.discard(begun)
                begun = None


def _note(finding: Finding, message: dict[str, Any], file: Path) -> None:
    for name in ("heavy", "changed", "printed", "unused", "error"):
        setattr(finding, name, message[name])
    if file.exists():
        import torch

        finding.found = torch.load(io.BytesIO(file.read_bytes()), weights_only=True)


@contextlib.contextmanager
def _child(findings: list[Finding], left: set[int], folder: Path) -> Iterator[Iterator[Any]]:
    """A child process, and what it says: mappings, and as the last, if it ended early, a text that says how."""
    request = {
        "path": sys.path,
        "folder": str(folder),
        "plugins": [{"number": number, **_address(findings[number].subject)} for number in sorted(left)],
    }
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "optim_core.testing.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            text=True,
            encoding="utf-8",
        )
        try:
            with contextlib.suppress(BrokenPipeError), cast("IO[str]", child.stdin) as stream:
                json.dump(request, stream)
            yield _messages(child, errors)
        finally:
            child.kill()
            child.wait()


def _address(subject: Subject) -> dict[str, Any]:
    return {
        "kind": subject.kind,
        "name": subject.address if subject.installed else None,
        "module": subject.cls.__module__,
        "qualname": subject.cls.__qualname__,
        "file": _file(subject),
    }


def _messages(child: subprocess.Popen[str], errors: IO[bytes]) -> Iterator[Any]:
    lines: SimpleQueue[str | None] = SimpleQueue()
    threading.Thread(target=collect_lines, args=(child.stdout, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=TIMEOUT)
        except Empty:
            yield f"takes more than {TIMEOUT:g} seconds"
            return
        if line is None:
            code = child.wait()
            if code != 0:
                errors.seek(0)
                last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
                yield f"{_ended(code)}{': ' if last else ''}{''.join(last)}"
            return
        yield json.loads(line)


def _ended(code: int) -> str:
    if code > 0:
        return f"ends with exit status {code}"
    return f"ends by {signal_name(code)}"
