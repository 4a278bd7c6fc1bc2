"""The folder in which torch keeps a compiled kernel, and the lock that a killed build leaves there.

torch creates a file ``lock`` while it compiles, and waits without end for one that exists. Here a second file is locked
by the operating system, which frees it when a process ends, however it ends; what is written in it says whether
the process was compiling then.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

__all__ = ["build_folder", "building_alone", "is_compiled", "left_behind", "stale_lock"]

logger = logging.getLogger("optim_deepspeed_fused")

# A lock of somebody else's that is older than so many seconds was left by a build that was killed.
LOCK_IS_STALE = 900.0
# So many seconds are waited without a word: processes that start together wait for each other to load the kernel.
WAITED_SILENTLY = 2.0
LOCK, OWN_LOCK = "lock", "optim-deepspeed-fused.lock"


def build_folder(builder: Any) -> Path:
    """Return the folder for what a builder of DeepSpeed compiles; it is made where it does not exist.

    Raises:
        OSError: the folder cannot be made.
    """
    from torch.utils.cpp_extension import _get_build_directory

    return Path(_get_build_directory(builder.name, verbose=False))


def is_compiled(folder: Path, name: str) -> bool:
    """Return whether `folder` has a kernel that torch takes as it is.

    A kernel that another environment or compiler made, or that is older than torch or DeepSpeed, is compiled anew.
    """
    import deepspeed
    import torch
    from torch.utils.cpp_extension import get_cxx_compiler

    plan = folder / "build.ninja"
    try:
        made = (folder / f"{name}.so").stat().st_mtime
        lines = plan.read_text(encoding="utf-8").splitlines()
        newest = max(Path(file).stat().st_mtime for file in (plan, torch.__file__, deepspeed.__file__))
    except OSError:
        return False
    headers = f"-isystem {Path(torch.__file__).parent / 'include'} "
    same_torch = any(headers in line for line in lines)
    return newest <= made and same_torch and f"cxx = {get_cxx_compiler()}" in lines


@contextlib.contextmanager
def building_alone(folder: Path) -> Iterator[None]:
    """Let one process at a time compile into `folder`, and remove torch's lock where a killed one of these left it.

    Raises:
        TimeoutError: torch's lock is there, nobody removes it, and it is stale.
    """
    with (folder / OWN_LOCK).open("a+", encoding="utf-8") as own:
        if not _locked(own, folder):
            yield
            return
        lock = folder / LOCK
        if _was_building(folder):
            lock.unlink(missing_ok=True)
        own.truncate(0)
        _wait_for(lock)
        own.write("compiling\n")
        own.flush()
        try:
            yield
        finally:
            own.truncate(0)


def _locked(own: IO[str], folder: Path) -> bool:
    """Take the lock of the operating system, and wait for it; return False where the file system has no locks."""
    if sys.platform == "win32":
        return False
    import fcntl

    silent_until = time.monotonic() + WAITED_SILENTLY
    try:
        while time.monotonic() < silent_until:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            time.sleep(0.05)
        logger.warning("waiting for the process that compiles in %s", folder)
        fcntl.flock(own, fcntl.LOCK_EX)
    except OSError:
        # Some network file systems have no locks.
        return False
    return True


def _wait_for(lock: Path) -> None:
    """Wait while somebody else compiles, but not without end, as torch would.

    Raises:
        TimeoutError: the lock is stale.
    """
    if not lock.exists():
        return
    minutes = LOCK_IS_STALE / 60
    logger.warning("waiting for whoever compiles and has %s, until it is %g minutes old", lock, minutes)
    began = time.monotonic()
    while (age := _age(lock)) is not None:
        # The file's age may be wrong, where another machine's clock gave its time.
        if max(age, time.monotonic() - began) > LOCK_IS_STALE:
            raise TimeoutError(left_behind(lock))
        time.sleep(0.1)


def left_behind(lock: Path) -> str:
    """Return what is wrong with a stale lock, and the repair."""
    return f"{lock} is left from a build that was killed, and would be waited for without end: rm {lock}"


def stale_lock(folder: Path) -> Path | None:
    """Return torch's lock where nothing will remove it: it is old, and was not left by `building_alone`; else None."""
    lock = folder / LOCK
    age = _age(lock)
    return lock if age is not None and age > LOCK_IS_STALE and not _was_building(folder) else None


def _age(lock: Path) -> float | None:
    """Return the age of a lock in seconds; None where there is no lock."""
    try:
        return time.time() - lock.stat().st_mtime
    except OSError:
        return None


def _was_building(folder: Path) -> bool:
    try:
        return bool((folder / OWN_LOCK).read_text(encoding="utf-8"))
    except OSError:
        return False
