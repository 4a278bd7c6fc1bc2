"""The folder in which torch keeps a compiled kernel, and the lock that a killed build leaves there.

torch creates a file ``lock`` while it compiles, and waits without end for one that exists. Here a second file is locked
by the operating system, which frees it when a process ends, however it ends; what is written in it says whether
the process was compiling then.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["build_folder", "building_alone", "stale_lock"]

# In seconds: a lock of others that is older was left by a build that was killed.
LOCK_IS_STALE = 900.0
LOCK, OWN_LOCK = "lock", "optim-deepspeed-fused.lock"


def build_folder(builder: Any) -> Path:
    """The folder for what a builder of DeepSpeed compiles; it is made where it does not exist.

    Raises:
        OSError: it cannot be made.
    """
    from torch.utils.cpp_extension import _get_build_directory

    return Path(_get_build_directory(builder.name, verbose=False))


@contextlib.contextmanager
def building_alone(folder: Path) -> Iterator[None]:
    """Has one process at a time compile into `folder`, and removes torch's lock where a killed one of these left it."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (folder / OWN_LOCK).open("a+", encoding="utf-8") as own:
        fcntl.flock(own, fcntl.LOCK_EX)
        lock = folder / LOCK
        if _was_building(folder):
            lock.unlink(missing_ok=True)
        own.truncate(0)
        if not lock.exists():
            own.write("compiling\n")
            own.flush()
        try:
            yield
        finally:
            own.truncate(0)


def stale_lock(folder: Path) -> Path | None:
    """The lock of torch where nothing will remove it: it is old, and another than `building_alone` left it."""
    lock = folder / LOCK
    try:
        age = time.time() - lock.stat().st_mtime
    except OSError:
        return None
    return lock if age > LOCK_IS_STALE and not _was_building(folder) else None


def _was_building(folder: Path) -> bool:
    try:
        return bool((folder / OWN_LOCK).read_text(encoding="utf-8"))
    except OSError:
        return False
