"""The file of a checkpoint: what torch.save writes, with a checksum of every byte of it at the end."""

from __future__ import annotations

import re
import zlib
from io import RawIOBase
from pathlib import Path
from typing import IO, Any

from optim_core.errors import CheckpointError, CheckpointMismatchError, MissingCheckpointError
from optim_core.run.saving.durable import write_durably
from optim_core.text.prose import said

__all__ = ["read_checkpoint_file", "write_checkpoint_file"]

# Readers of zip files, torch.load among them, pass over what stands behind the file.
_SEAL = "optim-core crc32 {:08x}\n"
_SEALED = re.compile(rb"optim-core crc32 ([0-9a-f]{8})\n")
_LENGTH = len(_SEAL.format(0))
_AT_ONCE = 2**22


def write_checkpoint_file(path: Path, document: Any) -> None:
    """Write a document as a file that is whole or not there.

    Args:
        path: of the file; folders that are missing are made.
        document: plain data and tensors.

    Raises:
        CheckpointError: the file cannot be written; what stood there is as it was.

    Example:
        >>> from pathlib import Path
        >>> from optim_core.plugin_tools import read_checkpoint_file, write_checkpoint_file
        >>> write_checkpoint_file(Path("run.ckpt"), {"step": 3})
        >>> read_checkpoint_file(Path("run.ckpt"))
        {'step': 3}
    """
    import torch

    def write(file: Any) -> None:
        sealed: Any = _Summed(file)
        torch.save(document, sealed)
        file.write(_SEAL.format(sealed.checksum).encode())

    write_durably(path, write)


def read_checkpoint_file(path: Path) -> Any:
    """Return the document that is in a file, with its tensors on the CPU.

    Raises:
        MissingCheckpointError: there is no file.
        CheckpointError: it cannot be read, or is cut off or damaged.
        CheckpointMismatchError: it holds something else than plain data.

    Example:
        >>> from pathlib import Path
        >>> from optim_core.plugin_tools import read_checkpoint_file, write_checkpoint_file
        >>> write_checkpoint_file(Path("run.ckpt"), {"step": 3})
        >>> read_checkpoint_file(Path("run.ckpt"))
        {'step': 3}
    """
    try:
        with path.open("rb") as file:
            _refuse_damaged(path, file)
            file.seek(0)
            return _document(path, file)
    except FileNotFoundError as error:
        raise MissingCheckpointError(f"there is no checkpoint at {path}", errno=error.errno) from error
    except CheckpointError:
        raise
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}; look at that path, or name another one"
        raise CheckpointError(message, errno=error.errno) from error


class _Summed(RawIOBase):
    """Passes on what is written, and keeps its checksum."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.checksum = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.checksum = zlib.crc32(data, self.checksum)
        return int(self._file.write(data))


def _refuse_damaged(path: Path, file: IO[bytes]) -> None:
    """Raise CheckpointError unless the file is whole; torch.load takes a flipped bit for a weight."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LENGTH))
    seal = _SEALED.fullmatch(file.read())
    file.seek(0)
    if seal is None:
        _refuse_damaged_zip(path, file)
    elif int(seal[1], 16) != _checksum(file, size - _LENGTH):
        raise CheckpointError(f"{path} is damaged: its checksum is wrong; load an older one")


def _checksum(file: IO[bytes], size: int) -> int:
    checksum = 0
    while size:
        part = file.read(min(size, _AT_ONCE))
        if not part:
            break
        size -= len(part)
        checksum = zlib.crc32(part, checksum)
    return checksum


def _refuse_damaged_zip(path: Path, file: IO[bytes]) -> None:
    """Raise CheckpointError unless a file without a seal is one of torch.save's, and its parts are whole."""
    from zipfile import ZipFile

    try:
        damaged = ZipFile(file).testzip()
    except OSError:
        raise
    except Exception as error:
        reason = said(error).partition(": ")[2] or said(error)
        raise CheckpointError(f"{path} is cut off or no checkpoint: {reason}; load an older one") from error
    if damaged is not None:
        raise CheckpointError(f"{path} is damaged: the checksum of {damaged} is wrong; load an older one")


def _document(path: Path, file: IO[bytes]) -> Any:
    import torch

    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:
        reason = said(error).partition(". ")[0]
        raise CheckpointMismatchError(f"{path} is no checkpoint that save_checkpoint wrote: {reason}") from error
