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

# In seconds: a lock of others that is older was left by a build that was killed.
LOCK_IS_STALE = 900.0
# Also in seconds: processes that start together wait for each other while they load what is compiled.
WAITED_SILENTLY = 2.0
LOCK, OWN_LOCK = "lock", "optim-deepspeed-fused.lock"


def build_folder(builder: Any) -> Path:
    """The folder for what a builder of DeepSpeed compiles; it is made where it does not exist.

    Raises:
        OSError: it cannot be made.
    """
    from torch.utils.cpp_extension import _get_build_directory

    return Path(_get_build_directory(builder.name, verbose=False))


def is_compiled(folder: Path, name: str) -> bool:
    """Whether `folder` has a kernel that torch takes as it is.

    Not one that another environment or compiler made, or that is older than torch or DeepSpeed: that is compiled anew.
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
    """Has one process at a time compile into `folder`, and removes torch's lock where a killed one of these left it.

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
    """Takes the lock of the operating system, waiting for it; False where the file system has none."""
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
        # Some network file systems.
        return False
    return True


def _wait_for(lock: Path) -> None:
    """Waits while somebody else compiles, as torch would without end.

    Raises:
        TimeoutError: the lock is stale.
    """
    if not lock.exists():
        return
    minutes = LOCK_IS_STALE / 60
    logger.warning("waiting for whoever compiles and has %s, until it is %g minutes old", lock, minutes)
    began = time.monotonic()
    while (age := _age(lock)) is not None:
        # Its age by another machine's clock may be wrong.
        if max(age, time.monotonic() - began) > LOCK_IS_STALE:
            raise TimeoutError(left_behind(lock))
        time.sleep(0.1)


def left_behind(lock: Path) -> str:
    """What is wrong with a stale lock, and the repair."""
    return f"{lock} is left from a build that was killed, and would be waited for without end: rm {lock}"


def stale_lock(folder: Path) -> Path | None:
    """The lock of torch where nothing will remove it: it is old, and another than `building_alone` left it."""
    lock = folder / LOCK
    age = _age(lock)
    return lock if age is not None and age > LOCK_IS_STALE and not _was_building(folder) else None


def _age(lock: Path) -> float | None:
    """In seconds; None where there is none."""
    try:
        return time.time() - lock.stat().st_mtime
    except OSError:
        return None


def _was_building(folder: Path) -> bool:
    try:
        return bool((folder / OWN_LOCK).read_text(encoding="utf-8"))
    except OSError:
        return False
