"""A child process that tells what happens to it, line by line, while plugins in it print and end it as they like."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from queue import SimpleQueue
from typing import IO

__all__ = ["collect_lines", "own_channel", "signal_name"]


def collect_lines(stream: IO[str], lines: SimpleQueue[str | None]) -> None:
    """Puts the lines of a child into a queue, and None at their end.

    Args:
        stream: the child's standard output. Whole lines only: a child that is killed may leave half of one.
        lines: what is read, by another thread.
    """
    with stream:
        for line in stream:
            if line.endswith("\n"):
                lines.put(line)
    lines.put(None)


def signal_name(exit_status: int) -> str:
    """The signal that ended a child: ``SIGSEGV``, or ``signal 99`` where it has no name.

    Args:
        exit_status: < 0.
    """
    try:
        return signal.Signals(-exit_status).name
    except ValueError:
        return f"signal {-exit_status}"


@contextlib.contextmanager
def own_channel() -> Iterator[IO[str]]:
    """In the child: what was standard output. What plugins print goes to standard error from here on, also from C."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel:
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        yield channel
