"""Checkpoints that are folders, as FSDP2 and DeepSpeed write them: sealed when they are whole, and looked through."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from optim_core import CheckpointError
from optim_core.plugin_tools import write_durably

__all__ = ["check_folder", "flush", "remove", "seal"]

# It is written last, and names every other file with its size and checksum.
CONTENTS = "contents.json"
_AT_ONCE = 2**22


def seal(folder: Path, also: Mapping[str, Any]) -> None:
    """Flush all files of a folder to the disk, and write down what they are.

    Args:
        folder: all of whose files are written.
        also: what else is to be read there, as JSON can hold it.

    Raises:
        CheckpointError: the disk does not take it.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.checkpoints.folders import check_folder, seal
        >>> folder = Path("step=3.ckpt")
        >>> folder.mkdir()
        >>> _ = (folder / "meta.pt").write_bytes(b"whole")
        >>> seal(folder, {"model_config": {}})
        >>> check_folder(folder)
        {'model_config': {}}
    """
    contents = {}
    for file in _files(folder):
        flush(file)
        contents[file.relative_to(folder).as_posix()] = [file.stat().st_size, _checksum(file)]
    for path, folders, _ in os.walk(folder):
        for name in folders:
            flush(Path(path, name))
    text = json.dumps({"also": dict(also), "files": contents}, indent=1)
    write_durably(folder / CONTENTS, lambda to: to.write(text.encode()))


def check_folder(folder: Path) -> dict[str, Any]:
    """Look through a folder, and return what `seal` was told to write down.

    Raises:
        CheckpointError: a file of it is missing, cut off or damaged.
    """
    try:
        contents = json.loads((folder / CONTENTS).read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{folder} is not whole: {CONTENTS} is missing; load an older one") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder} is damaged: {CONTENTS}: {error}; load an older one") from error
    for name, (size, checksum) in contents["files"].items():
        file = folder / name
        if not file.is_file():
            raise CheckpointError(f"{folder} is not whole: {name} is missing; load an older one")
        if file.stat().st_size != size:
            raise CheckpointError(
                f"{folder} is damaged: {name} has {file.stat().st_size} bytes, and had {size}; load an older one"
            )
        if _checksum(file) != checksum:
            raise CheckpointError(f"{folder} is damaged: the checksum of {name} is wrong; load an older one")
    also: dict[str, Any] = contents["also"]
    return also


def remove(path: Path) -> None:
    """Remove a checkpoint, file or folder; a folder is out of sight before its files go, however this ends."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    hidden = path.with_name(f".{path.name.lstrip('.')}.removed")
    if hidden != path:
        shutil.rmtree(hidden, ignore_errors=True)
        path.replace(hidden)
    shutil.rmtree(hidden)


def flush(path: Path) -> None:
    """Return when the disk has a file, or the names in a folder; Windows opens no folder, and keeps its names."""
    if sys.platform == "win32" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != CONTENTS)


def _checksum(file: Path) -> int:
    checksum = 0
    with file.open("rb") as opened:
        while part := opened.read(_AT_ONCE):
            checksum = zlib.crc32(part, checksum)
    return checksum
