"""wandb: metrics, the config and media at Weights & Biases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from optim_training.loggers.libraries import lacking

__all__ = ["WandB"]


@attrs.frozen(kw_only=True)
class WandB:
    """A run at Weights & Biases, of the same project, name and id; its files are in the run's folder.

    Without the network it is kept there, with ``WANDB_MODE=offline`` or ``offline: true``; ``wandb sync`` hands it in.
    A run that is resumed goes on under its id; steps that it takes once more are there twice.

    Args:
        offline: keep the run in its folder; null is what WANDB_MODE says.
        entity: the user or team whose project it is; null is that of the login.
        group: of runs that belong together.
        tags: of the run.
    """

    conformance: ClassVar[Mapping[str, str]] = {"silent": "differs: wandb says where it keeps the run"}

    offline: bool | None = None
    entity: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()

    def check(self) -> list[str]:
        """Say what is not installed."""
        return lacking("wandb", "wandb")

    def build(self, folder: Path, project: str, run: str) -> Any:
        """Make the logger."""
        from optim_training.loggers.live.wandb import RunWandbLogger

        return RunWandbLogger(folder, project, run, self)
