"""Standard output led to standard error while a plugin's code runs."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

__all__ = ["output_diverted"]


class _Stdout:
    """Standard output, led to standard error while at least one thread runs a plugin's code.

    contextlib.redirect_stdout cannot do it: of two threads the second would put back what the first had put there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._own: TextIO | None = None

    @contextlib.contextmanager
    def diverted(self) -> Iterator[None]:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._own, sys.stdout = sys.stdout, sys.stderr
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    sys.stdout, self._own = self._own, None


_STDOUT = _Stdout()


def output_diverted() -> contextlib.AbstractContextManager[None]:
    """Lead what is printed in the block to standard error, for plugins that import or start what prints.

    Example:
        >>> from optim_core.plugin_tools import output_diverted
        >>> with output_diverted():
        ...     print("this is read on standard error")
    """
    return _STDOUT.diverted()
