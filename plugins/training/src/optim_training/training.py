"""Train a job: its parts in one place, and a Trainer of Lightning's that runs them."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import attrs
import lightning.pytorch as pl
import numpy as np
import torch
import yaml
from lightning_utilities.core.rank_zero import rank_zero_only

from optim_core import CheckpointMismatchError, OptimError, Recipe
from optim_core.plugin_tools import write_durably
from optim_frameworks.lightning import RecipeModule
from optim_training.arguments.sources import option_of
from optim_training.checkpoints.durable_io import DurableCheckpointIO
from optim_training.checkpoints.writer import CheckpointWriter
from optim_training.configs.model_config import Demo
from optim_training.datasets.beside_training import build_dataset
from optim_training.demos.showing import Demos
from optim_training.job import Job
from optim_training.loading.facts import Data
from optim_training.loading.loaders import Loader, training_loader, validation_loader
from optim_training.loggers.run_log import RunLog
from optim_training.module import TrainedModule, trains_itself, with_recipe
from optim_training.precision import precision_of
from optim_training.progress import RunProgress
from optim_training.quiet import quiet_lightning
from optim_training.resuming.moments import Moments
from optim_training.resuming.position import Position
from optim_training.run_folder import RunFolder
from optim_training.run_lock import locked
from optim_training.steps import steps_of
from optim_training.stopping.ranks import RankWatch
from optim_training.stopping.signals import StopSignals
from optim_training.strategies.live import strategy_of
from optim_training.strategies.sharding import require_sharding
from optim_training.strategies.stepping import clipped_by_engine
from optim_training.telling import counted, is_first_process, say
from optim_training.validation import ValidationEvery
from optim_training.weights.beginning import begin_with

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
    try:
        return _Training(job, folder, checkpoint).run()
    except CheckpointMismatchError as error:
        if not error.repair:
            raise
        option = option_of("changed")
        repair = f"to go on as it was saved: {option} saved"
        if job.arguments.changed == "error":
            repair += f"; with this config: {option} config"
        raise CheckpointMismatchError(error.reason, repair=repair) from None
    except RuntimeError as error:
        # torch says no more of its own.
        if checkpoint is None or not str(error).startswith("Error(s) in loading state_dict"):
            raise
        _, *differences = (line.strip() for line in str(error).splitlines())
        shown = "\n    ".join([*differences[:4], *(["…"] if len(differences) > 4 else [])])
        raise CheckpointMismatchError(
            f"{checkpoint} has the weights of another model than {job.model.spec.type} makes with this config:\n"
            f"    {shown}\ngo on with the model config of that run, which the checkpoint holds too, or begin a new run "
            f"with what fits: {option_of('pretrained_ckpt_path')}"
        ) from None


class _Training:
    """The live parts of a run."""

    def __init__(self, job: Job, folder: RunFolder, checkpoint: Path | None) -> None:
        self._job = job
        self._folder = folder
        self._checkpoint = checkpoint
        arguments = job.arguments
        self._writer = CheckpointWriter(
            folder.checkpoints,
            every=arguments.checkpoint_every,
            save_top_k=arguments.save_top_k,
            also={"model_config": job.model.plain, "dataset_config": job.dataset.plain},
        )
        self._signals = StopSignals(folder.path, save=self._writer.save)

    def run(self) -> int:
        lock = locked(self._folder.path) if is_first_process() else nullcontext()
        with self._signals.heard(), lock:
            return self._run()

    def _run(self) -> int:
        quiet_lightning()
        # The same weights in every process.
        _seed(self._job.arguments.seed)
        training = self._training_data()
        module = self._module(Data(self._job.dataset.spec.type, training))
        if isinstance(module, RecipeModule):
            module.changed = self._job.arguments.changed
        validation = self._validation_data(training.dataset.dataset)  # type: ignore[attr-defined]
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
        told = _figures(trainer.callback_metrics)
        say(f"the run has ended after {counted(steps_of(trainer), 'step')}{told}: {self._folder.path}")
        return 0

    # -- data ------------------------------------------------------------------------------------------------------

    def _training_data(self) -> Loader:
        arguments, spec = self._job.arguments, self._job.dataset.spec
        dataset = build_dataset(spec)
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
            drop_last=bool(getattr(spec.config, "drop_last", False)),
        )

    def _validation_data(self, training: Any) -> Loader | None:
        config, arguments = self._job.validation, self._job.arguments
        if config is None:
            return None
        dataset = build_dataset(config.spec, training)
        if not len(dataset):
            raise OptimError(f"the validation data are empty: {option_of('val_dataset_config')} names no item")
        return validation_loader(
            dataset,
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
        self._begin_with_weights(model)
        if job.recipe is None and not trains_itself(model):
            raise OptimError(
                f"the model config names no optimizer, and {type(model).__name__} has no configure_optimizers of its "
                "own: training: {optimizer: {type: AdamW, config: {lr: 1e-3}}}"
            )
        recipe = clipped_by_engine(job.arguments.strategy, job.recipe)[0]
        recipe = None if recipe is None else self._with_monitor(recipe)
        if isinstance(model, pl.LightningModule):
            self._refuse_what_a_module_does_itself(model)
            if job.arguments.strategy == "fsdp":
                require_sharding(model)
            return model if recipe is None else with_recipe(model, recipe)
        return TrainedModule(
            model,
            recipe,  # type: ignore[arg-type] # without one this is refused above
            accumulated=job.arguments.accum_batches,
            name=job.model.spec.type,
            is_sharded=job.arguments.strategy == "fsdp",
        )

    def _begin_with_weights(self, model: Any) -> None:
        """Load what the arguments name; of a run that goes on, the checkpoint has the weights."""
        arguments, begins = self._job.arguments, self._checkpoint is None
        told = begin_with(
            model,
            pretrained=arguments.pretrained_ckpt_path if begins else None,
            pretransform=arguments.pretransform_ckpt_path if begins else None,
            remove_weight_norm=arguments.remove_pretransform_weight_norm,
        )
        for line in told:
            say(line)

    def _refuse_what_a_module_does_itself(self, module: pl.LightningModule) -> None:
        """Refuse arguments that would do nothing, as the steps of a LightningModule are its own."""
        arguments, name = self._job.arguments, self._job.model.spec.type
        if not module.automatic_optimization and arguments.accum_batches > 1:
            raise OptimError(f"--accum-batches is {arguments.accum_batches}, and {name} steps its optimizers by hand")
        if self._validates and type(module).validation_step is pl.LightningModule.validation_step:
            raise OptimError(f"--val-every is {arguments.val_every}, and {name} has no validation_step")

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
            **self._hardware(by_hand=by_hand),
            num_nodes=arguments.num_nodes,
            max_steps=arguments.max_steps * optimizers if arguments.max_steps > 0 else -1,
            max_epochs=arguments.max_epochs,
            accumulate_grad_batches=1 if by_hand else arguments.accum_batches,
            gradient_clip_val=self._clips_at(),
            logger=self._logger(),
            plugins=[DurableCheckpointIO()],
            callbacks=self._callbacks(module, training, validation),
            enable_checkpointing=False,
            enable_model_summary=False,
            check_val_every_n_epoch=None if self._validates else 1,
            log_every_n_steps=1,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            default_root_dir=str(self._folder.path),
        )
        rank_zero_only.rank = trainer.global_rank  # type: ignore[attr-defined]
        return trainer

    def _clips_at(self) -> float | None:
        """Return the norm above which the Trainer clips: a recipe clips by itself, but where the strategy steps."""
        arguments, recipe = self._job.arguments, self._job.recipe
        if recipe is None:
            return arguments.gradient_clip_val or None
        return clipped_by_engine(arguments.strategy, recipe)[1]

    def _hardware(self, *, by_hand: bool) -> dict[str, Any]:
        """Return what the Trainer is told of processes, devices and precision."""
        arguments = self._job.arguments
        accelerator = "gpu" if torch.cuda.is_available() else "cpu"
        devices = _devices(arguments.devices)
        # Each optimizer trains a part of the model alone, so that the others have no gradient.
        name = "ddp_find_unused_parameters_true" if by_hand and arguments.strategy in ("auto", "ddp") else None
        strategy = strategy_of(
            name or arguments.strategy if devices * arguments.num_nodes > 1 else arguments.strategy,
            accelerator=accelerator,
            devices=devices,
            num_nodes=arguments.num_nodes,
        )
        precision, told = precision_of(arguments.precision, accelerator=accelerator)
        if told:
            say(told)
        return {"accelerator": accelerator, "devices": devices, "strategy": strategy, "precision": precision}

    def _callbacks(self, module: pl.LightningModule, training: Loader, validation: Loader | None) -> list[pl.Callback]:
        job, arguments = self._job, self._job.arguments
        loaders = [training] if validation is None else [training, validation]
        # The first one tells the loggers where the run goes on, and the second one the others of each step.
        callbacks: list[pl.Callback] = [RunLog(job.plain), Moments(), RunProgress()]
        callbacks.append(Position(*loaders))
        if self._validates:
            # It asks for metrics that a checkpoint has brought back.
            callbacks.append(ValidationEvery(arguments.val_every))
        if job.model.demo is not None:
            callbacks.append(self._demos(job.model.demo, module, loaders[-1]))
        return [*callbacks, self._writer, self._signals, RankWatch()]

    def _demos(self, demo: Demo, module: pl.LightningModule, loader: Loader) -> Demos:
        config = self._job.validation or self._job.dataset
        model: Any = getattr(module, "model", module)
        return Demos(
            demo.spec.create(model),
            model,
            every=demo.every,
            dataset=loader.dataset.dataset,  # type: ignore[attr-defined]
            batch_size=self._job.arguments.batch_size,
            folder=self._folder.media,
            collate=getattr(config.spec.config, "collate", None),
        )

    def _logger(self) -> Any:
        spec = self._job.logger
        # None would be Lightning's own.
        return False if spec is None else spec.create(self._folder.path, self._folder.project, self._folder.run)

    def _write_config(self) -> None:
        if is_first_process():
            text = yaml.safe_dump(self._job.plain, sort_keys=False, allow_unicode=True)
            write_durably(self._folder.config, lambda file: file.write(text.encode()))


def _figures(metrics: Mapping[str, Any]) -> str:
    """Return the last losses and metrics in words, without rates; an empty text where there are none."""
    told = [f"{name} {float(value):.4g}" for name, value in metrics.items() if not name.startswith("train/lr")]
    return f" with {', '.join(told)}" if told else ""


def _devices(wanted: int | str) -> int:
    """Return how many processes train here: as many as torchrun has started, else as many as there are GPUs."""
    if isinstance(wanted, int):
        return wanted
    return int(os.environ.get("LOCAL_WORLD_SIZE", 0)) or torch.cuda.device_count() or 1


def _seed(seed: int) -> None:
    """Seed what draws random numbers in this process."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
