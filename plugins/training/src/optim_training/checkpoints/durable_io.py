"""Checkpoints that are whole or not there, on any file system, whenever a process or the machine ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lightning.pytorch.plugins.io import TorchCheckpointIO

from optim_core import CheckpointMismatchError
from optim_core.plugin_tools import read_checkpoint_file, refuse_other_than_plain, write_checkpoint_file

__all__ = ["DurableCheckpointIO"]


class DurableCheckpointIO(TorchCheckpointIO):
    """What writes and reads the checkpoint files of a Trainer: ``Trainer(plugins=[DurableCheckpointIO()])``.

    Promises: a file is written beside its place, flushed to the disk, and takes its place in one move; it holds plain
    data alone, which ``torch.load(weights_only=True)`` reads, and a checksum, which is looked at when it is loaded.

    Strategies that write folders do not ask it.

    Raises:
        CheckpointError: the file cannot be written, what stood there is as it was; or it cannot be read, or is cut off.
        OptimError: a checkpoint holds something that is no plain data; nothing is written.

    Example:
        >>> from optim_training.checkpoints.durable_io import DurableCheckpointIO
        >>> files = DurableCheckpointIO()
        >>> files.save_checkpoint({"step": 3}, "runs/step=3.ckpt")
        >>> files.load_checkpoint("runs/step=3.ckpt")
        {'step': 3}
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write a checkpoint; `storage_options` are for other ways to write it, and have to be None."""
        if storage_options is not None:
            raise TypeError("a file is written here, and takes no storage_options")
        refuse_other_than_plain(checkpoint)
        write_checkpoint_file(Path(path), checkpoint)

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read a checkpoint, its tensors into the memory of the CPU; Lightning puts them where they belong."""
        if weights_only is False:
            loaded: dict[str, Any] = super().load_checkpoint(path, weights_only=False)
            return loaded
        return read_checkpoint(Path(path))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return what is in a checkpoint file of Lightning's.

    Raises:
        CheckpointError: there is no such file, or it cannot be read, or is cut off or damaged.
        CheckpointMismatchError: it holds something else than plain data, or no model.
    """
    try:
        document = read_checkpoint_file(path)
    except CheckpointMismatchError as error:
        raise CheckpointMismatchError(f"{path} does not load as plain data: {error.__cause__}") from error
    if not isinstance(document, dict):
        raise CheckpointMismatchError(f"{path} is no checkpoint: it holds a {type(document).__name__}")
    return document
