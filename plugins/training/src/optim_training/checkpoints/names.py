"""The names of checkpoints, which say the epoch and the step, and in which order those of a folder were written."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["checkpoint_name", "checkpoints_in", "step_of"]

_NAME = re.compile(r"epoch=(\d+)-step=(\d+)\.ckpt")
# What is being written, or removed, begins with a dot.
_ENDING = ".ckpt"


def checkpoint_name(epoch: int, step: int) -> str:
    """Return the name of a checkpoint, as Lightning writes it.

    Example:
        >>> from optim_training.checkpoints.names import checkpoint_name
        >>> checkpoint_name(epoch=0, step=10000)
        'epoch=0-step=10000.ckpt'
    """
    return f"epoch={epoch}-step={step}{_ENDING}"


def step_of(path: Path) -> int | None:
    """Return the step in the name of a checkpoint, None where the name says none.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.checkpoints.names import step_of
        >>> step_of(Path("epoch=0-step=10000.ckpt")), step_of(Path("last.ckpt"))
        (10000, None)
    """
    found = _NAME.fullmatch(path.name)
    return None if found is None else int(found[2])


def checkpoints_in(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder, the newest first: by their steps, and those that say none last.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.checkpoints.names import checkpoints_in
        >>> for step in (9, 10):
        ...     Path(f"epoch=0-step={step}.ckpt").touch()
        >>> [path.name for path in checkpoints_in(Path())]
        ['epoch=0-step=10.ckpt', 'epoch=0-step=9.ckpt']
    """
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.name.endswith(_ENDING) and not path.name.startswith(".")]
    return sorted(found, key=lambda path: (_number(path), _written(path), path.name), reverse=True)


def _number(path: Path) -> int:
    step = step_of(path)
    return -1 if step is None else step


def _written(path: Path) -> float:
    return path.lstat().st_mtime
