"""How many optimizer steps a run has taken: what checkpoints, demos and rows of metrics are numbered by."""

from __future__ import annotations

from typing import Any

__all__ = ["steps_of"]


def steps_of(trainer: Any) -> int:
    """Return how many optimizer steps were taken; with several optimizers, how many times all of them stepped.

    A LightningModule that counts by itself says so in an attribute ``steps_taken``, a number. Lightning counts a step
    of each optimizer.

    Args:
        trainer: a Trainer of Lightning's, while it trains.

    Example:
        >>> from types import SimpleNamespace
        >>> from optim_training.steps import steps_of
        >>> two = ["generator", "discriminator"]
        >>> steps_of(SimpleNamespace(global_step=12, optimizers=two, lightning_module=None))
        6
    """
    own = getattr(trainer.lightning_module, "steps_taken", None)
    if isinstance(own, int):
        return own
    return int(trainer.global_step) // max(1, len(trainer.optimizers))
