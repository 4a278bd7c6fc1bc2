"""A process that the kit starts: it is told what to do and answers line by line, as long as it lives."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, cast

import attrs

from optim_core.child_process import collect_lines, own_channel, signal_name
from optim_core.testing.addresses import CHILD
from optim_core.testing.forks import end_if_forked, own_process

__all__ = ["Ended", "Process", "Say", "channels", "open_streams"]


@attrs.frozen
class Ended:
    """How a process ended, or was ended.

    Args:
        how: "ends with exit status 3: its last line", "takes more than 60 seconds".
        late: whether it was ended because it took too long.
    """

    how: str
    late: bool = False


class Process:
    """A Python process with this one's path.

    Args:
        module: what it runs; its standard input and output are those of `channels`.
        opening: the first of what it is told.
        folder: where it works; by default where this process does.
    """

    def __init__(self, module: str, opening: Mapping[str, Any], folder: Path | None = None) -> None:
        path = [os.path.abspath(entry) for entry in sys.path]  # noqa: PTH100 - "" is the working directory
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _stop
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONWARNINGS": "", "PYTHONPATH": os.pathsep.join(path), CHILD: "1"},
            cwd=folder,
            # So that what a plugin starts can be ended with it.
            start_new_session=True,
            text=True,
            encoding="utf-8",
        )
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        threading.Thread(target=collect_lines, args=(self._process.stdout, self._lines), daemon=True).start()
        self._asked = 0
        self._told = 0
        self.close = weakref.finalize(self, _stop, self._process, self._errors)
        self.tell({"path": path, **opening})

    def tell(self, request: Mapping[str, Any]) -> None:
        """Sends it a request, which is lost where it has ended."""
        stream = cast("IO[str]", self._process.stdin)
        with contextlib.suppress(BrokenPipeError):
            stream.write(json.dumps(request) + "\n")
            stream.flush()

    def ask(self, request: Mapping[str, Any], seconds: float) -> dict[str, Any] | Ended:
        """What it says to a request, which its answer quotes as ``asked``."""
        self._asked += 1
        # What stands there already belongs to an earlier question.
        self._told = os.fstat(self._errors.fileno()).st_size
        self.tell({"asked": self._asked, **request})
        return self.answer(seconds)

    def answer(self, seconds: float) -> dict[str, Any] | Ended:
        """What it says next; the process is gone where it says nothing more.

        Args:
            seconds: how long it may take.
        """
        line = self._line(time.monotonic() + seconds)
        if line == "":
            self.close()
            return Ended(f"takes more than {seconds:g} seconds", late=True)
        if line is not None:
            return cast("dict[str, Any]", json.loads(line))
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        ended = Ended(_ending(self._process.poll(), self._errors, self._told))
        self.close()
        return ended

    def _line(self, deadline: float) -> str | None:
        """The next line, None where there will be none, "" where there was none in time."""
        ended = False
        while time.monotonic() < deadline:
            with contextlib.suppress(Empty):
                return self._lines.get(timeout=0.5)
            if ended:
                # Something that the plugin started may hold the pipe open.
                return None
            ended = self._process.poll() is not None
        return ""


def _ending(code: int | None, errors: IO[bytes], start: int) -> str:
    """An exit status in words, with the last line of standard error from `start` on."""
    errors.seek(start)
    last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
    because = f": {last[0]}" if last else ""
    if code is None:
        return f"says nothing more{because}"
    return f"ends with exit status {code}{because}" if code >= 0 else f"ends by {signal_name(code)}{because}"


def _stop(process: subprocess.Popen[str], errors: IO[bytes]) -> None:
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    with contextlib.suppress(BrokenPipeError):
        cast("IO[str]", process.stdin).close()
    errors.close()


Say = Callable[[Mapping[str, Any]], None]


def open_streams() -> None:
    """In the process: opens standard input, output and error again where a plugin has closed them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is the one that is taken.
            os.open(os.devnull, os.O_RDWR)


@contextlib.contextmanager
def channels() -> Iterator[tuple[dict[str, Any], Iterator[dict[str, Any]], Say]]:
    """In the process: the opening, the requests that follow, and what answers them.

    What plugins print goes to standard error from here on, and what they read is empty.
    """
    with os.fdopen(os.dup(0), encoding="utf-8") as stream, own_channel() as channel:
        opening = json.loads(stream.readline())
        sys.path[:] = opening["path"]
        own_process()

        def say(message: Mapping[str, Any]) -> None:
            end_if_forked()
            channel.write(json.dumps(message) + "\n")
            channel.flush()

        yield opening, map(json.loads, stream), say
