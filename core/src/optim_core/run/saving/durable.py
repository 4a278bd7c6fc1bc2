"""Write a file so that, whenever the process or the machine ends, the old one or the new one is there, whole."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import Any

from optim_core.errors import CheckpointError

__all__ = ["write_durably"]

# A file that is being written is called `.NAME.0123456789abcdef.saving`, in the folder where it will stand.
_END = ".saving"
_DIGITS = 16
# Most file systems allow names of 255 bytes.
_LONGEST_NAME = 220
# Where files cannot be locked, a file that nobody has written to for so long has no writer any more.
_SECONDS_OF_A_DAY = 86_400
_TRIES = 10
_BINARY = getattr(os, "O_BINARY", 0)

_REPAIRS = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room on the disk",
    errno.EFBIG: "raise the limit of the size of files (ulimit -f)",
    errno.EISDIR: "name a file in it",
    errno.EACCES: "give this process the right to write there, or choose another path",
    errno.EPERM: "give this process the right to write there, or choose another path",
    errno.EROFS: "choose a path on a file system that can be written to",
    errno.ENOTDIR: "choose a path whose folders are folders",
    errno.EEXIST: "choose a path whose folders are folders",
    errno.ENAMETOOLONG: "choose a shorter path",
}


def write_durably(path: Path, write: Callable[[Any], object]) -> None:
    """Replace the file at `path` by what `write` writes, or leave it as it was.

    The new file is written in the folder of the old one, flushed to the disk, and then takes its place in one move,
    which is flushed too. Folders that are missing are made. A symbolic link stays, and what it leads to is replaced;
    the new file has the rights of the old one. What killed processes left of earlier attempts is removed.

    Args:
        path: where the file shall stand.
        write: writes all of it to the file that it is given.

    Raises:
        CheckpointError: the file cannot be written; what stood there is as it was, and nothing else is left.

    Example:
        >>> from pathlib import Path
        >>> from optim_core.plugin_tools import write_durably
        >>> write_durably(Path("notes.txt"), lambda file: file.write(b"whole"))
        >>> Path("notes.txt").read_text()
        'whole'
    """
    try:
        target = _target(path)
        _make_folder(target.parent)
        _remove_leftovers(target)
        with _file_beside(target) as (temporary, descriptor):
            _write_all(descriptor, write)
            _flush(descriptor)
            if sys.platform == "win32":
                # Windows moves no file that is open.
                os.close(descriptor)
            temporary.replace(target)
    except OSError as error:
        raise CheckpointError(_told(path, error), errno=error.errno) from error
    try:
        _flush_folder(target.parent)
    except OSError as error:
        message = f"{path} is written, but the disk does not confirm it: {error.strerror}; save it again"
        raise CheckpointError(message, errno=error.errno) from error


def _told(path: Path, error: OSError) -> str:
    reason = error.strerror or str(error)
    repair = _REPAIRS.get(error.errno or 0, "look at that path, or choose another one")
    kept = ""
    with suppress(OSError):
        kept = "; the file that stood there is as it was" if path.is_file() else ""
    return f"{path} cannot be written: {reason}; {repair}{kept}"


def _target(path: Path) -> Path:
    """Return the file that shall be replaced, which is where `path` leads if it is a symbolic link."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if target.is_dir():
        raise OSError(errno.EISDIR, "it is a folder")
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is no regular file")
    if target.exists() and not os.access(target, os.W_OK):
        raise OSError(errno.EACCES, "the file there may not be changed")
    return target


def _make_folder(folder: Path) -> None:
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in reversed(missing):
        _flush_folder(place.parent)


@contextmanager
def _file_beside(target: Path) -> Iterator[tuple[Path, int]]:
    """Give a new file in the folder of `target`, locked as long as it is open; it is gone afterwards, unless moved."""
    temporary, descriptor = _create(target)
    try:
        _take_rights(descriptor, target)
        yield temporary, descriptor
    finally:
        if sys.platform == "win32":
            with suppress(OSError):
                os.close(descriptor)
        # The lock is held until the file has its place, or is gone: nobody else takes it for a leftover.
        with suppress(FileNotFoundError):
            temporary.unlink()
        if sys.platform != "win32":
            os.close(descriptor)


def _create(target: Path) -> tuple[Path, int]:
    for _ in range(_TRIES):
        temporary = target.parent / f"{_beginning(target)}{secrets.token_hex(_DIGITS // 2)}{_END}"
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
        # Another process that saves may have found the file before it was locked, and have removed it.
        if _lock(descriptor) is not False and os.fstat(descriptor).st_nlink:
            return temporary, descriptor
        os.close(descriptor)
    raise OSError(errno.EBUSY, "other processes remove the file while it is made")


def _take_rights(descriptor: int, target: Path) -> None:
    """Give an open file the owner, where that is allowed, and the mode of `target`, where there is one."""
    if not hasattr(os, "fchown"):
        return
    with suppress(FileNotFoundError):
        old = target.stat()
        with suppress(PermissionError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _beginning(target: Path) -> str:
    name = target.name
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f".{name}."


def _lock(descriptor: int) -> bool | None:
    """Lock an open file and return True; return False where a process has it, None where files cannot be locked."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_leftovers(target: Path) -> None:
    """Remove the files that killed processes left when they wrote `target`.

    A process that lives holds a lock on the file that it writes, and the system takes the lock away when the process
    ends, however it ends.
    """
    beginning = _beginning(target)
    length = len(beginning) + _DIGITS + len(_END)
    with os.scandir(target.parent) as entries:
        names = [entry.name for entry in entries if len(entry.name) == length]
    for name in names:
        if name.startswith(beginning) and name.endswith(_END):
            # What another user left, or another process has just removed, is not this one's to tidy.
            with suppress(FileNotFoundError, PermissionError):
                _remove_if_abandoned(target.parent / name)


def _remove_if_abandoned(leftover: Path) -> None:
    descriptor = os.open(leftover, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        locked = _lock(descriptor)
        if locked is None:
            locked = time.time() - os.fstat(descriptor).st_mtime > _SECONDS_OF_A_DAY
        if locked:
            leftover.unlink()
    finally:
        os.close(descriptor)


class _WholeWrites(RawIOBase):
    """Writes all that it is given, where the system takes a part at a time; keeps the error that stopped it.

    torch.save does not look at how much was written, and hides the error behind one of its own.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self.error = error
            raise
        return size


def _write_all(descriptor: int, write: Callable[[Any], object]) -> None:
    file = _WholeWrites(descriptor)
    try:
        write(file)
    finally:
        if file.error is not None:
            raise file.error


def _flush(descriptor: int) -> None:
    """Return when the disk has an open file, not only the system's memory."""
    # On macOS fsync leaves the data in the disk's own memory, which this empties where the file system can.
    with suppress(ImportError, OSError):
        import fcntl

        full = getattr(fcntl, "F_FULLFSYNC", None)
        if full is not None:
            fcntl.fcntl(descriptor, full)
            return
    os.fsync(descriptor)


def _flush_folder(folder: Path) -> None:
    """Return when the disk has the names in a folder; Windows opens no folder, and keeps its names by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems of networks cannot, and keep names safe by themselves.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
