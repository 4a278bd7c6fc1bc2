"""Train a job: its parts in one place, and a Trainer of Lightning's that runs them."""

from __future__ import annotations

import os
import random
import warnings
from pathlib import Path
from typing import Any

import attrs
import lightning.pytorch as pl
import numpy as np
import torch
import yaml
from lightning_utilities.core.rank_zero import rank_zero_only

from optim_core import OptimError, Recipe
from optim_training.configs.dataset_config import DatasetConfig
from optim_training.job import Job
from optim_training.loading.facts import Data
from optim_training.loading.loaders import Loader, training_loader, validation_loader
from optim_training.loggers.run_log import RunLog
from optim_training.module import TrainedModule, with_recipe
from optim_training.quiet import quiet_lightning
from optim_training.run_folder import RunFolder
from optim_training.steps import steps_of
from optim_training.telling import counted, is_first_process, say
from optim_training.validation import ValidationEvery

__all__ = ["train"]


def train(job: Job, folder: RunFolder, checkpoint: Path | None = None) -> int:
    """Train what a job says, until it has ended or is stopped; return the exit status of the process.

    Args:
        job: what is trained, all of it checked.
        folder: where the run keeps its files.
        checkpoint: from which it goes on, None for one that begins.

    Raises:
        OptimError: model, data and recipe do not go together, or the run has failed in a way that is known.
    """
    return _Training(job, folder, checkpoint).run()


class _Training:
    """The live parts of a run."""

    def __init__(self, job: Job, folder: RunFolder, checkpoint: Path | None) -> None:
        self._job = job
        self._folder = folder
        self._checkpoint = checkpoint

    def run(self) -> int:
        quiet_lightning()
        # The same weights in every process.
        _seed(self._job.arguments.seed)
        training = self._training_data()
        module = self._module(Data(self._job.dataset.spec.type, training))
        validation = self._validation_data()
        trainer = self._trainer(module, training, validation)
        _seed(self._job.arguments.seed + int(os.environ.get("SLURM_PROCID", trainer.global_rank)))
        self._write_config()
        say(f"run {self._folder.run} in {self._folder.path}")
        trainer.fit(
            module,
            train_dataloaders=training,
            val_dataloaders=validation if self._validates else None,
            ckpt_path=None if self._checkpoint is None else str(self._checkpoint),
            weights_only=True,
        )
        say(f"the run has ended after {counted(steps_of(trainer), 'step')}: {self._folder.path}")
        return 0

    # -- data ------------------------------------------------------------------------------------------------------

    def _training_data(self) -> Loader:
        arguments, spec = self._job.arguments, self._job.dataset.spec
        dataset = _live(self._job.dataset)
        if len(dataset) < arguments.batch_size:
            raise OptimError(
                f"the dataset has {counted(len(dataset), 'item')}, and a batch {arguments.batch_size}: give more, or "
                f"--batch-size {max(len(dataset), 1)}"
            )
        return training_loader(
            dataset,
            batch_size=arguments.batch_size,
            seed=arguments.seed,
            num_workers=arguments.num_workers,
            augment=getattr(spec.config, "augment", None),
            collate=getattr(spec.config, "collate", None),
        )

    def _validation_data(self) -> Loader | None:
        config, arguments = self._job.validation, self._job.arguments
        if config is None:
            return None
        return validation_loader(
            _live(config),
            batch_size=arguments.batch_size,
            seed=arguments.seed,
            num_workers=arguments.num_workers,
            collate=getattr(config.spec.config, "collate", None),
        )

    @property
    def _validates(self) -> bool:
        return self._job.arguments.val_every > 0

    # -- model -----------------------------------------------------------------------------------------------------

    def _module(self, data: Data) -> pl.LightningModule:
        job = self._job
        model = job.model.spec.create(data)
        recipe = None if job.recipe is None else self._with_monitor(job.recipe)
        if isinstance(model, pl.LightningModule):
            return with_recipe(model, recipe)
        if recipe is None:
            raise OptimError(
                "the model config names no optimizer: training: {optimizer: {type: AdamW, config: {lr: 1e-3}}}"
            )
        return TrainedModule(model, recipe, accumulated=job.arguments.accum_batches, name=job.model.spec.type)

    def _with_monitor(self, recipe: Recipe) -> Recipe:
        """Return the recipe with the metric that its schedules wait for, where it names none."""
        monitor = "val/loss" if self._validates else "train/loss"
        schedulers = {
            name: spec.changed(monitor=monitor) if spec.waits_for_metric and spec.monitor is None else spec
            for name, spec in recipe.schedulers.items()
        }
        return attrs.evolve(recipe, schedulers=schedulers)

    # -- the Trainer -----------------------------------------------------------------------------------------------

    def _trainer(self, module: pl.LightningModule, training: Loader, validation: Loader | None) -> pl.Trainer:
        arguments = self._job.arguments
        by_hand = not module.automatic_optimization
        optimizers = len(self._job.recipe.optimizers) if by_hand and self._job.recipe is not None else 1
        trainer = pl.Trainer(
            accelerator="auto",
            devices=arguments.devices if arguments.devices != "auto" or torch.cuda.is_available() else 1,
            num_nodes=arguments.num_nodes,
            precision="32-true",
            max_steps=arguments.max_steps * optimizers if arguments.max_steps > 0 else -1,
            max_epochs=arguments.max_epochs,
            accumulate_grad_batches=1 if by_hand else arguments.accum_batches,
            logger=self._logger(),
            callbacks=self._callbacks(),
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            check_val_every_n_epoch=None if self._validates else 1,
            log_every_n_steps=1,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            default_root_dir=str(self._folder.path),
        )
        rank_zero_only.rank = trainer.global_rank  # type: ignore[attr-defined]
        training.order.share(trainer.global_rank, trainer.world_size)
        if validation is not None:
            validation.order.share(trainer.global_rank, trainer.world_size)
        return trainer

    def _callbacks(self) -> list[pl.Callback]:
        # The first one tells the others, and the loggers, where the run goes on.
        callbacks: list[pl.Callback] = [RunLog(self._job.plain)]
        if self._validates:
            callbacks.append(ValidationEvery(self._job.arguments.val_every))
        return callbacks

    def _logger(self) -> Any:
        spec = self._job.logger
        # None would be Lightning's own.
        return False if spec is None else spec.create(self._folder.path, self._folder.project, self._folder.run)

    def _write_config(self) -> None:
        if is_first_process():
            self._folder.path.mkdir(parents=True, exist_ok=True)
            text = yaml.safe_dump(self._job.plain, sort_keys=False, allow_unicode=True)
            self._folder.config.write_text(text, encoding="utf-8")


def _seed(seed: int) -> None:
    """Seed what draws random numbers in this process."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _live(config: DatasetConfig) -> Any:
    with warnings.catch_warnings():
        return config.spec.create()
