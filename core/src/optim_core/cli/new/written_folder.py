"""A folder that is written as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from optim_core import OptimError

__all__ = ["write_folder"]


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Makes a folder with these files; whatever happens, a part of them is never there.

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
            # Fails where somebody put something into it meanwhile.
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
