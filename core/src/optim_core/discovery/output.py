"""Standard output led to standard error while a plugin's code runs."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO

__all__ = ["output_diverted"]


class _Diverted(threading.local):
    """How many blocks this thread is in."""

    depth = 0


_here = _Diverted()


class _Stdout:
    """Stands for standard output: standard error for a thread that is in a block, and for any other what it was.

    contextlib.redirect_stdout would take the output of all threads, and of two the second would put back what the first
    had put there. One that saw this object, and puts it back later, puts back what the output was.

    Args:
        stream: what standard output was.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr if _here.depth else self.stream, name)


class _Blocks:
    """Counts the blocks of all threads, so that the last one puts standard output back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0

    def __enter__(self) -> None:
        with self._lock:
            self._open += 1
            if sys.stdout is not None and not isinstance(sys.stdout, _Stdout):
                sys.stdout = _Stdout(sys.stdout)
        _here.depth += 1

    def __exit__(self, *_: object) -> None:
        _here.depth -= 1
        with self._lock:
            self._open -= 1
            if self._open == 0 and isinstance(sys.stdout, _Stdout):
                sys.stdout = sys.stdout.stream


_BLOCKS = _Blocks()


@contextlib.contextmanager
def output_diverted() -> Iterator[None]:
    """Lead what this thread prints in the block to standard error, for plugins that import or start what prints.

    Other threads print where they did. What is written from C is not led anywhere.

    Returns:
        the block's context; nothing is bound by `as`.

    Example:
        >>> from optim_core.plugin_tools import output_diverted
        >>> with output_diverted():
        ...     print("this is read on standard error")
    """
    with _BLOCKS:
        yield
