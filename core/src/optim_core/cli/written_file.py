"""Files that commands write."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from optim_core import OptimError

__all__ = ["write_file"]


def write_file(content: bytes, file: str) -> None:
    """Writes a file, which holds what it held before until it holds all of the new content.

    Raises:
        OptimError: it cannot be written.
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
