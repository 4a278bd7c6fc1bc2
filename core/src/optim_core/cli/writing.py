"""Files that commands write."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from optim_core import OptimError

__all__ = ["write_file", "write_folder"]


def write_file(content: bytes, file: str) -> None:
    """Write a file, which holds what it held before until it holds all of the new content.

    Args:
        content: the whole of it.
        file: its name; where that is a link, what it leads to is replaced.

    Raises:
        OptimError: it cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from optim_core.cli import write_file
        >>> write_file(b"type: AdamW", "train.yaml")
        >>> Path("train.yaml").read_text()
        'type: AdamW'
    """
    # Where the name is a link, what it leads to is replaced, as by any other way to write.
    target = Path(os.path.realpath(file))
    half = target.with_name(f".{target.name}.{os.urandom(8).hex()}.tmp")
    try:
        if target.exists() and not target.is_file():
            raise OptimError(f"{file}: cannot be written: is not a regular file")
        _replace(target, half, content)
    except OSError as error:
        raise OptimError(f"{file}: cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            half.unlink(missing_ok=True)


def _replace(target: Path, half: Path, content: bytes) -> None:
    with half.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if target.exists():
        shutil.copymode(target, half)
    half.replace(target)


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Make a folder with these files; whatever happens, a part of them is never there.

    Args:
        folder: what is not there yet, or an empty folder. The one above it must be there.
        files: path in the folder, with ``/``, to content.

    Raises:
        OptimError: there is something already, it is the current folder, or it cannot be written.
    """
    target = folder.absolute()
    _refuse_occupied(folder, target)
    half = target.with_name(f".{target.name}.{os.urandom(8).hex()}.tmp")
    try:
        for name, content in files.items():
            file = half / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8", newline="\n")
        if target.is_dir():
            # This fails where somebody put something into the folder meanwhile.
            target.rmdir()
        half.rename(target)
    except OSError as error:
        raise OptimError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _refuse_occupied(folder: Path, target: Path) -> None:
    if not target.parent.is_dir():
        raise OptimError(f"{folder}: there is no folder {target.parent} to write it into; make that first")
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise OptimError(f"{folder}: is there already and is no folder; choose another with --directory")
    if target.is_dir() and target.samefile(Path.cwd()):
        raise OptimError(
            f"{folder}: is the folder that this runs in, and would be replaced as a whole; run this in the one above"
        )
    try:
        occupied = target.is_dir() and any(target.iterdir())
    except OSError as error:
        raise OptimError(f"{folder}: cannot be looked into: {error.strerror}") from None
    if occupied:
        raise OptimError(f"{folder}: is there already and not empty; choose another with --directory")
