"""How many optimizer steps a run has taken: what checkpoints, demos and rows of metrics are numbered by."""

from __future__ import annotations

from typing import Any

__all__ = ["optimizers_of", "steps_of"]


def optimizers_of(trainer: Any) -> int:
    """Return how many optimizers a step steps: Lightning counts each of them where a module steps by hand."""
    module = trainer.lightning_module
    return 1 if getattr(module, "automatic_optimization", False) else max(len(trainer.optimizers), 1)


def steps_of(trainer: Any) -> int:
    """Return how many steps a run has taken, those before it was resumed included; one of several optimizers is one.

    Args:
        trainer: a Trainer of Lightning's, while it trains.

    Example:
        >>> from types import SimpleNamespace
        >>> from optim_training.steps import steps_of
        >>> module = SimpleNamespace(automatic_optimization=False)
        >>> steps_of(SimpleNamespace(global_step=12, optimizers=["one", "other"], lightning_module=module))
        6
    """
    return int(trainer.global_step) // optimizers_of(trainer)
