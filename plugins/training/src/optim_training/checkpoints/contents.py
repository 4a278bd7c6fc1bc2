"""What a checkpoint says, whether it is a file or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optim_core import CheckpointMismatchError, MissingCheckpointError
from optim_training.checkpoints.durable_io import read_checkpoint
from optim_training.checkpoints.folders import check_folder
from optim_training.job import Saved

__all__ = ["check", "configs_in"]

# What Lightning needs to go on with a run.
_NEEDED = ("state_dict", "optimizer_states", "loops")


def configs_in(path: Path) -> Saved:
    """Return the configs of the run that wrote a checkpoint.

    Raises:
        CheckpointError: there is no such checkpoint, or it is cut off or damaged.
        CheckpointMismatchError: it holds something else than plain data.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.checkpoints.contents import configs_in
        >>> from optim_training.checkpoints.durable_io import DurableCheckpointIO
        >>> DurableCheckpointIO().save_checkpoint({"model_config": {"model_type": "dense"}}, "step=3.ckpt")
        >>> configs_in(Path("step=3.ckpt")).model_config
        {'model_type': 'dense'}
    """
    said = _said(path)
    return Saved(str(path), said.get("model_config"), said.get("dataset_config"))


def check(path: Path) -> None:
    """Look through a checkpoint from which a run shall go on: all of it is read.

    Raises:
        CheckpointError: it is missing, empty, cut off or damaged.
        CheckpointMismatchError: it is no checkpoint that a run can go on from.
    """
    said = _said(path)
    missing = [] if path.is_dir() else [name for name in _NEEDED if name not in said]
    if missing:
        raise CheckpointMismatchError(
            f"{path} is no checkpoint that a run can go on from: it has no {', '.join(missing)}"
        )


def _said(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise MissingCheckpointError(f"there is no checkpoint at {path}")
    return check_folder(path) if path.is_dir() else read_checkpoint(path)
