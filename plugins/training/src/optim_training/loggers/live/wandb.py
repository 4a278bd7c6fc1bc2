"""The logger that writes to Weights & Biases."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import wandb
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.loggers import WandbLogger

from optim_core import OptimError
from optim_training.loggers.live.media import kind_of, table_of

__all__ = ["RunWandbLogger"]

_OFFLINE = ("offline", "dryrun", "disabled")


class RunWandbLogger(WandbLogger):
    """Lightning's logger, for a run in its folder.

    Args:
        folder: of the run.
        project: the name of the project.
        run: the id of the run.
        config: what else is wanted.

    Raises:
        OptimError: there is no login, and the run is not to be kept here.
    """

    def __init__(self, folder: Path, project: str, run: str, config: Any) -> None:
        mode = os.environ.get("WANDB_MODE", "")
        offline = mode in _OFFLINE if config.offline is None else config.offline
        if not offline and not os.environ.get("WANDB_API_KEY") and not wandb.api.api_key:
            raise OptimError(
                "the logger wandb has no login: `wandb login`, or WANDB_MODE=offline, which keeps the run in its folder"
            )
        # Elsewhere wandb would write into a folder of the system.
        folder.mkdir(parents=True, exist_ok=True)
        given = {"entity": config.entity, "group": config.group, "tags": list(config.tags)}
        more: dict[str, Any] = {key: value for key, value in given.items() if value}
        if offline:
            more["mode"] = "disabled" if mode == "disabled" else "offline"
        super().__init__(name=run, project=project, id=run, save_dir=folder, **more)
        # It has no effect and is warned of, whatever its value.
        self._wandb_init.pop("anonymous", None)

    @rank_zero_only
    def log_media(self, files: list[Path], step: int) -> None:
        """Log what a demo has shown."""
        media: dict[str, Any] = {}
        for file in files:
            tag = f"demo/{file.stem.rpartition('_')[0] or file.stem}"
            kind = kind_of(file)
            if kind == "image":
                media[f"{tag}/image"] = wandb.Image(str(file))
            elif kind == "audio":
                media[f"{tag}/audio"] = wandb.Audio(str(file))
            elif file.suffix.lower() == ".csv":
                columns, rows = table_of(file)
                media[f"{tag}/table"] = wandb.Table(columns=[*columns], data=rows)
            elif kind == "text":
                text = file.read_text(encoding="utf-8", errors="replace")
                media[f"{tag}/text"] = wandb.Table(columns=["text"], data=[[text]])
        if media:
            self.log_metrics(media, step)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the run, so that all of it is written."""
        super().finalize(status)
        if self._experiment is not None:
            self._experiment.finish(0 if status == "success" else 1)
