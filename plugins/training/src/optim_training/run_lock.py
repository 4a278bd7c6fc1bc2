"""A run is trained by one process, and those that it has started."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from optim_core import OptimError
from optim_training.telling import say

__all__ = ["locked"]

# One that was killed, or has been told to stop, may take so long to end.
PATIENCE = 60.0
_PAUSE = 0.5
_NAME = "run.lock"


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Keep other processes from training a run within the ``with``; the system ends that when this process ends.

    Where files cannot be locked, nothing is kept.

    Args:
        run: the folder of the run.

    Raises:
        OptimError: another process is training it, and does not end.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.run_lock import locked
        >>> with locked(Path("runs/digits/first")):
        ...     pass
    """
    with ExitStack() as stack:
        # What cannot be written to is told when the run writes its first file.
        with suppress(OSError):
            run.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context((run / _NAME).open("wb"))
            _lock(run, file.fileno())
        yield


def _lock(run: Path, descriptor: int) -> None:
    """Wait for the lock. It is this process's alone: the workers that load data, copies of it, do not hold it."""
    try:
        import fcntl
    except ImportError:
        return
    until = time.monotonic() + PATIENCE
    is_told = False
    while True:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                return
        if time.monotonic() > until:
            raise OptimError(f"the run in {run} is being trained by another process: wait until that has ended")
        if not is_told:
            say(f"waiting for another process, which is training the run in {run}")
        is_told = True
        time.sleep(_PAUSE)
