"""A child process that tells what happens to it, line by line, while plugins in it print and end it as they like.

The child lives no longer than the process that started it, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, cast

__all__ = ["Child", "own_channel", "signal_name", "what_is_told"]

# How often, in seconds, its status is asked for: what a plugin started may hold the pipe open after the child's end.
LOOK = 0.5
# Whether all that a process has started can be ended with it, which Windows cannot.
_HAS_GROUPS = hasattr(os, "killpg") and hasattr(os, "getpgrp") and hasattr(signal, "SIGKILL")


class Child:
    """A Python process with this one's path, which runs a module and talks in lines of JSON.

    Args:
        module: what it runs; it hears by `what_is_told` and answers on its `own_channel`.
        opening: the first of what it is told, beside its ``path``.
        environment: variables that it has beside this process's.
        folder: where it works; by default where this process does.
        errors: where its standard error goes; by default nowhere.
    """

    def __init__(
        self,
        module: str,
        opening: Mapping[str, Any],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        errors: IO[bytes] | None = None,
    ) -> None:
        path = _search_path()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if errors is None else errors,
            env={**os.environ, **(environment or {}), "PYTHONPATH": os.pathsep.join(path)},
            cwd=folder,
            # What a plugin starts can be ended with the child that way.
            start_new_session=True,
            text=True,
            encoding="utf-8",
        )
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        threading.Thread(target=_collect_lines, args=(self._process.stdout, self._lines), daemon=True).start()
        self.close = weakref.finalize(self, _stop, self._process)
        self.tell({"path": path, **opening})

    def tell(self, request: Mapping[str, Any]) -> None:
        """Send it a request, which is lost where it has ended."""
        stream = cast("IO[str]", self._process.stdin)
        with contextlib.suppress(BrokenPipeError):
            stream.write(json.dumps(request) + "\n")
            stream.flush()

    def answer(self, seconds: float) -> dict[str, Any] | None:
        """Return what it says next, None where it has ended and says nothing more.

        Args:
            seconds: how long that may take.

        Raises:
            TimeoutError: it took longer.
        """
        ended = False
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(Empty):
                line = self._lines.get(timeout=max(0.0, min(LOOK, deadline - time.monotonic())))
                return None if line is None else cast("dict[str, Any]", json.loads(line))
            if ended:
                return None
            ended = self._process.poll() is not None
        raise TimeoutError(f"no answer within {seconds:g} seconds")

    def exit_status(self, seconds: float) -> int | None:
        """Return its exit status, None where it does not end within so many seconds."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


def _search_path() -> list[str]:
    """Return this process's path, from wherever one looks. Python passes over what is no text."""
    return [os.path.abspath(entry) for entry in sys.path if isinstance(entry, str)]  # noqa: PTH100 - "" is the folder


def _collect_lines(stream: IO[str], lines: SimpleQueue[str | None]) -> None:
    """Put whole lines into a queue, and None at their end: a child that is killed may leave half of one."""
    with stream:
        for line in stream:
            if line.endswith("\n"):
                lines.put(line)
    lines.put(None)


def _stop(process: subprocess.Popen[str]) -> None:
    if _HAS_GROUPS:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    else:
        process.terminate()
    process.wait()
    with contextlib.suppress(BrokenPipeError):
        cast("IO[str]", process.stdin).close()


def signal_name(exit_status: int) -> str:
    """Return the signal that ended a child: ``SIGSEGV``, or ``signal 99`` where it has no name.

    Args:
        exit_status: < 0.
    """
    try:
        return signal.Signals(-exit_status).name
    except ValueError:
        return f"signal {-exit_status}"


# -- in the child ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def own_channel() -> Iterator[IO[str]]:
    """Yield what was standard output. What plugins print goes to standard error from here on, also from C."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel:
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        yield channel


def what_is_told() -> Iterator[dict[str, Any]]:
    """Yield what comes by standard input; to be called before `own_channel`. Where that ends, this process ends."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_hear, args=(os.dup(0), lines), daemon=True, name="optim-core hears").start()
    return map(json.loads, iter(lines.get, None))


def _hear(descriptor: int, lines: SimpleQueue[bytes]) -> None:
    left = b""
    # A plugin may have closed standard input, and then nothing more is heard.
    with contextlib.suppress(OSError):
        while chunk := os.read(descriptor, 1 << 16):
            *whole, left = (left + chunk).split(b"\n")
            for line in whole:
                lines.put(line)
        _end_all()


def _end_all() -> None:
    """End this process, and with it what plugins have started."""
    if _HAS_GROUPS and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
