"""A run that can be left at any step and resumed, with all that is compared afterwards."""

from __future__ import annotations

import random
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import lightning as L  # noqa: N812 - as its documents write it
import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Callback

from optim_frameworks.lightning import RecipeModule
from optim_training.checkpoints.durable_io import DurableCheckpointIO
from optim_training.checkpoints.writer import CheckpointWriter
from optim_training.loading.loaders import training_loader, validation_loader
from optim_training.loggers.csv import Csv
from optim_training.loggers.run_log import RunLog
from optim_training.resuming.moments import Moments
from optim_training.resuming.position import Position
from optim_training.stopping.ranks import RankWatch
from optim_training.stopping.signals import StopSignals


class Numbers:
    """Items that know their number, and draw from every generator."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[int, torch.Tensor]:
        noise = torch.rand(()).item() + random.random() + np.random.rand()
        return index, torch.tensor([index / self.size, noise])


def moved(item: tuple[int, torch.Tensor], generator: torch.Generator) -> tuple[int, torch.Tensor]:
    return item[0], item[1] + torch.rand(2, generator=generator)


class Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(2, 8), torch.nn.Dropout(0.3), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 1)
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.layers(inputs).squeeze(-1)


class Steps:
    """The steps of all modules here; they note each item that they see."""

    def __init__(self, recipe: Any) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.network = Network()
        self.recipe = recipe
        self.seen: list[list[int]] = []

    def training_step(self, batch: Any) -> torch.Tensor:
        loss = self.loss(batch)
        self.log("loss", loss)
        self.log("mean_loss", loss, on_step=False, on_epoch=True)
        return loss

    def loss(self, batch: Any) -> torch.Tensor:
        numbers, inputs = batch
        self.seen.append(numbers.tolist())
        noise = random.random() + np.random.rand()
        return (self.network(inputs) - inputs.sum(1) * noise).square().mean()

    def validation_step(self, batch: Any) -> None:
        _, inputs = batch
        self.log("val_loss", (self.network(inputs) - torch.rand(len(inputs))).square().mean())


class Model(Steps, RecipeModule, L.LightningModule):
    """Trained as a recipe says."""


class Estimating(Steps, L.LightningModule):
    """A stranger's module, which asks the Trainer for the length of the run."""

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(self.parameters(), lr=0.05)
        total = int(self.trainer.estimated_stepping_batches)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / (total + 1))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_train_start(self) -> None:
        torch.rand(7)

    def on_train_epoch_start(self) -> None:
        torch.rand(3)

    def on_train_epoch_end(self) -> None:
        self.log("noise", torch.rand(()))


class Plateau(Estimating):
    """A stranger's module with a plateau, by epochs or steps."""

    interval = "epoch"

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.05, momentum=0.9)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.7)
        config = {"scheduler": scheduler, "interval": self.interval, "monitor": "val_loss"}
        return {"optimizer": optimizer, "lr_scheduler": config}


class PlateauBySteps(Plateau):
    interval = "step"

    def configure_optimizers(self) -> Any:
        made = super().configure_optimizers()
        return {**made, "lr_scheduler": {**made["lr_scheduler"], "monitor": "loss"}}


class Two(Model):
    """Two optimizers, stepped by hand."""

    def __init__(self, recipe: Any) -> None:
        super().__init__(recipe)
        self.automatic_optimization = False
        self.other = Network()
        self.optimized = {"one": self.network, "two": self.other}

    def training_step(self, batch: Any) -> None:
        done = self.run["one"].step(self.loss(batch))
        self.log("loss", done.loss)
        self.run["two"].step((self.other(batch[1]) - self.network(batch[1]).detach()).square().mean())


class LeftError(Exception):
    """The run was left."""


class LeaveAfter(Callback):
    """Leaves the run a while after a checkpoint: some batches later, so that there are rows to be dropped."""

    def __init__(self, batch: int) -> None:
        self.batch = batch

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if trainer.fit_loop.epoch_loop.total_batch_idx + 1 == self.batch:
            raise LeftError


LIGHTNINGS_OWN = [
    pytest.mark.filterwarnings(r"ignore:.*isinstance\(treespec, LeafSpec\):FutureWarning"),
]

RECIPES = {
    "Constant": {"optimizer": {"type": "SGD", "config": {"lr": 0.01}}},
    "Model": {
        "optimizer": {"type": "AdamW", "config": {"lr": 0.05}},
        "scheduler": {"type": "cosine", "interval": "step"},
        "gradient_clipping": {"type": "norm", "max_norm": 1.0},
    },
    "Two": {
        "optimizer_configs": {
            name: {
                "optimizer": {"type": "AdamW", "config": {"lr": 0.02}},
                "scheduler": {"type": "ExponentialLR", "config": {"gamma": 0.9}, "interval": "step"},
            }
            for name in ("one", "two")
        }
    },
    "RecipePlateau": {
        "optimizer": {"type": "SGD", "config": {"lr": 0.05, "momentum": 0.9}},
        "scheduler": {
            "type": "ReduceLROnPlateau",
            "config": {"patience": 0, "factor": 0.7, "monitor": "val_loss"},
            "interval": "epoch",
        },
    },
}


def train(
    folder: Path,
    *,
    model: str = "Model",
    checkpoint: Path | None = None,
    leave_after: int | None = None,
    every: int = 1,
    save_top_k: int = -1,
    size: int = 23,
    num_workers: int = 0,
    batch_size: int = 4,
    callbacks: Any = (),
    stops: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Train, from a checkpoint or anew, and return what the run has come to."""
    random.seed(5), np.random.seed(5), torch.manual_seed(5)
    training = training_loader(Numbers(size), batch_size=batch_size, seed=42, num_workers=num_workers, augment=moved)
    validation = validation_loader(Numbers(6), batch_size=4, seed=42)
    module = globals().get(model, Model)(RECIPES.get(model))
    random.seed(5), np.random.seed(5), torch.manual_seed(5)
    writer = CheckpointWriter(
        folder / "checkpoints", every=every, save_top_k=save_top_k, also={"model_config": {"model_type": model}}
    )
    leaving = [] if leave_after is None else [LeaveAfter(leave_after)]
    signals = StopSignals(folder, save=writer.save)
    stopping = [signals, RankWatch()] if stops else []
    trainer = L.Trainer(
        accelerator="cpu",
        logger=Csv().build(folder, "project", "run"),
        callbacks=[
            RunLog({"seed": 42}),
            Moments(),
            Position(training, validation),
            writer,
            *stopping,
            *callbacks,
            *leaving,
        ],
        plugins=[DurableCheckpointIO()],
        log_every_n_steps=1,
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        **options,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*workers.*|.*eval mode.*|.*not resumable.*|.*torchmetrics.*")
        try:
            with signals.heard() if stops else nullcontext():
                trainer.fit(module, training, validation, ckpt_path=checkpoint)
            was_left = False
        except LeftError:
            was_left = True
    return {
        "seen": module.seen,
        "weights": module.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in trainer.optimizers],
        "schedules": [config.scheduler.state_dict() for config in trainer.lr_scheduler_configs],
        "step": trainer.global_step,
        "rows": (folder / "metrics.csv").read_text().splitlines(),
        "random": [random.random(), np.random.rand(), torch.rand(()).item()] if module.seen else None,
        "left": was_left,
    }
