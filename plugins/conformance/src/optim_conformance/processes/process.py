"""A process that the kit starts: it is told what to do and answers line by line, as long as it lives."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from optim_conformance.addresses import CHILD
from optim_conformance.forks import end_if_forked, own_process
from optim_core.probing.child_process import Child, own_channel, signal_name, what_is_told
from optim_core.probing.rounds import Ended

__all__ = ["Process", "Say", "channels", "open_streams"]

# Seconds in which a process that has fallen silent may end, so that its exit status can be told.
GRACE = 10.0


class Process:
    """A process of the kit's own.

    Args:
        module: what it runs; its standard input and output are those of `channels`.
        opening: the first of what it is told.
        folder: where it works; by default where this process does.
    """

    def __init__(self, module: str, opening: Mapping[str, Any], folder: Path | None = None) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        environment = {"PYTHONWARNINGS": "", CHILD: "1"}
        self._child = Child(module, opening, environment=environment, folder=folder, errors=self._errors)
        self._asked = 0
        self._told = 0
        self.close = weakref.finalize(self, _close, self._child, self._errors)

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any] | Ended:
        """Send the process a request, whose number its answer quotes as ``asked``, and return that answer."""
        self._asked += 1
        # What standard error holds already belongs to an earlier question.
        self._told = os.fstat(self._errors.fileno()).st_size
        self._child.tell({"asked": self._asked, **request})
        return self.answer(seconds)

    def answer(self, seconds: float) -> dict[str, Any] | Ended:
        """Return what the process says next; it is gone where it says nothing more.

        Args:
            seconds: how long it may take.
        """
        try:
            message = self._child.answer(seconds)
        except TimeoutError:
            self.close()
            return Ended(f"takes more than {seconds:g} seconds", late=True)
        if message is not None:
            return message
        ended = Ended(_ending(self._child.exit_status(GRACE), self._errors, self._told))
        self.close()
        return ended


def _close(child: Child, errors: IO[bytes]) -> None:
    child.close()
    errors.close()


def _ending(code: int | None, errors: IO[bytes], start: int) -> str:
    """Put an exit status into words, with the last line of standard error from `start` on."""
    errors.seek(start)
    last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
    because = f": {last[0]}" if last else ""
    if code is None:
        return f"says nothing more{because}"
    return f"ends with exit status {code}{because}" if code >= 0 else f"ends by {signal_name(code)}{because}"


Say = Callable[[Mapping[str, Any]], None]


def open_streams() -> None:
    """Open standard input, output and error of this process again where a plugin has closed them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # `os.open` takes the lowest free number, which is the closed one: lower ones were looked at before.
            os.open(os.devnull, os.O_RDWR)


@contextlib.contextmanager
def channels() -> Iterator[tuple[dict[str, Any], Iterator[dict[str, Any]], Say]]:
    """Yield, in the process that was started, the opening, the requests that follow, and what answers them.

    What plugins print goes to standard error from here on, and what they read is empty.
    """
    requests = what_is_told()
    with own_channel() as channel:
        opening = next(requests)
        sys.path[:] = opening["path"]
        own_process()

        def say(message: Mapping[str, Any]) -> None:
            end_if_forked()
            channel.write(json.dumps(message) + "\n")
            channel.flush()

        yield opening, requests, say
