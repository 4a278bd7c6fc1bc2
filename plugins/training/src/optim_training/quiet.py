"""What Lightning says that is nothing to whoever trains with `optim train`."""

from __future__ import annotations

import logging
import warnings

__all__ = ["quiet_lightning"]

# The loggers of what Lightning tells of the hardware and itself; warnings come through.
_LOGGERS = ("lightning.pytorch.utilities.rank_zero", "lightning.fabric.utilities.rank_zero", "lightning.pytorch")
_KNOWN = (
    # Lightning's own use of torch.
    ".*isinstance.treespec, LeafSpec.*",
    # How many processes load data is an argument of the run, and so is whether it validates.
    ".*does not have many workers.*",
    ".*You defined a `validation_step` but have no.*",
    # A run goes on where it was left, by what its own checkpoints say of the position.
    ".*resuming from a checkpoint that ended before the epoch ended.*",
    # The strategy is given the norm that a recipe clips by, and a recipe that it cannot step is refused.
    ".*DeepSpeed handles gradient clipping internally.*",
    ".*overridden the `LightningModule.backward` hook but.*DeepSpeed.*",
    ".*all_gather_into_tensor. is deprecated.*",
    # What a run prints and logs is what the loggers of a run are for.
    ".*Checkpoint directory .* exists and is not empty.*",
)


def quiet_lightning() -> None:
    """Have Lightning say what is a warning, and no more, for the rest of the process."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in _KNOWN:
        warnings.filterwarnings("ignore", message=message)
