"""What TrainingArguments say that a recipe says too, and what a recipe needs that Trainer does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from optim_core import OptimError
from optim_core.plugin_tools import shown

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from optim_core import Recipe
    from optim_core.specs import SchedulerSpec

__all__ = ["metric_in", "refuse_arguments", "refuse_needs", "refuse_strangers"]

# Where a recipe has what an argument of Trainer's says.
PLACES = {
    "learning_rate": "optimizer.config.lr",
    "weight_decay": "optimizer.config.weight_decay",
    "adam_beta1": "optimizer.config.betas",
    "adam_beta2": "optimizer.config.betas",
    "adam_epsilon": "optimizer.config.eps",
    "optim": "optimizer.type",
    "optim_args": "optimizer.config",
    "optim_target_modules": "optimizer.param_groups",
    "lr_scheduler_type": "scheduler.type",
    "lr_scheduler_kwargs": "scheduler.config",
    "warmup_steps": "scheduler.config.num_warmup_steps",
    "warmup_ratio": 'scheduler.config.num_warmup_steps, as "5%"',
    "max_grad_norm": "gradient_clipping: {max_norm: …}",
}
PREFIX = "eval_"


def refuse_arguments(args: TrainingArguments) -> None:
    """Raise OptimError where an argument was set that the recipe has a place for, as it would do nothing.

    An argument counts as set where it is not the default of the class of the arguments. One that was set to just that
    value cannot be told from one that was not set.
    """
    found = [name for name, default in _defaults(args) if getattr(args, name) != default]
    if found:
        lines = "\n    ".join(f"{name}={_plain(getattr(args, name))} belongs to {PLACES[name]}" for name in found)
        raise OptimError(
            f"the recipe decides on optimizer, schedule and clipping, and {_kind(args)} does too:\n    {lines}\n"
            "write it into the recipe, and leave it out of the arguments"
        )


def _defaults(args: TrainingArguments) -> Iterator[tuple[str, Any]]:
    for field in fields(args):
        if field.name in PLACES:
            yield field.name, field.default_factory() if field.default_factory is not MISSING else field.default


def _plain(value: Any) -> str:
    # As it is written in Python, where the name of the argument stands before it.
    value = getattr(value, "value", value)
    return repr(value) if isinstance(value, dict | str) else shown(value)


def _kind(args: TrainingArguments) -> str:
    return type(args).__name__


def refuse_strangers(trainer: Any) -> None:
    """Raise OptimError where Trainer was given an optimizer or a schedule beside the recipe, or hands them to another.

    Args:
        trainer: as its constructor left it.
    """
    if trainer.optimizer is not None or trainer.lr_scheduler is not None:
        raise OptimError(
            "optimizers=… and recipe=… each bring an optimizer and a schedule; leave optimizers= out, or take Trainer "
            "without RecipeTrainer"
        )
    if trainer.optimizer_cls_and_kwargs is not None:
        raise OptimError(
            "optimizer_cls_and_kwargs=… and recipe=… each bring an optimizer; leave optimizer_cls_and_kwargs= out, "
            "or take Trainer without RecipeTrainer"
        )
    if trainer.is_deepspeed_enabled:
        raise OptimError(
            "DeepSpeed steps the optimizer, unscales and clips within backward(), where the clipping of a recipe and a "
            "step that is left out cannot be seen; train with DDP or FSDP2, or without RecipeTrainer"
        )
    if trainer.is_fsdp_xla_enabled or (trainer.is_fsdp_enabled and _fsdp_version(trainer) == 1):
        raise OptimError(
            "FSDP1 divides weights without regard to their names and shapes, which groups, clipping and Muon go by; "
            'take FSDP2, fsdp_config={"version": 2}'
        )


def _fsdp_version(trainer: Any) -> int:
    return int(getattr(trainer.accelerator.state.fsdp_plugin, "fsdp_version", 1))


def refuse_needs(recipe: Recipe, trainer: Any) -> None:
    """Raise OptimError where the recipe needs what Trainer does not do.

    Args:
        recipe: one that the trainer is to train with.
        trainer: has the arguments, and the accelerator.
    """
    if len(recipe.optimizers) > 1:
        raise OptimError(
            f"the recipe has several optimizers, {', '.join(recipe.optimizers)}, and Trainer steps one, for one model "
            "and one loss; write the loop with run[name].step(loss)"
        )
    of = recipe.optimizer.type
    if "closure" in recipe.needs:
        raise OptimError(
            f"{of} computes the loss several times in a step, and Trainer computes it once, before the step; take "
            "another optimizer, or write the loop with run.step(function)"
        )
    if "create_graph" in recipe.needs:
        _refuse_graph(of, trainer)
    if "modes" in recipe.needs and trainer.is_fsdp_enabled:
        raise OptimError(f"{of} has other weights in evaluation, which are not saved where FSDP divides the model")
    if recipe.scheduler is not None and "metric" in recipe.needs:
        _refuse_metric(recipe.scheduler, trainer.args)


def _refuse_graph(of: str, trainer: Any) -> None:
    several = trainer.args.world_size > 1 or trainer.args.n_gpu > 1
    scaler = trainer.accelerator.scaler is not None
    if several or scaler:
        what = "adds gradients over several processes or devices" if several else "scales the loss (fp16)"
        raise OptimError(
            f"{of} differentiates the gradients once more, and Trainer {what}, after which they have no graph; "
            "train it on one device in float32 or bf16"
        )


def _refuse_metric(schedule: SchedulerSpec, args: TrainingArguments) -> None:
    if schedule.interval != "epoch":
        raise OptimError(
            f"{schedule.type} waits for a metric after each step, and Trainer has one after each evaluation: write "
            "interval: epoch beside its type, which is then each evaluation"
        )
    if args.eval_strategy == "no":
        raise OptimError(
            f'{schedule.type} waits for a metric, and nothing is evaluated: set eval_strategy to "steps" or "epoch"'
        )
    if schedule.monitor is None and args.metric_for_best_model is None:
        raise OptimError(
            f"{schedule.type} waits for a metric, and none is named: write monitor: eval_loss into its config, or set "
            'metric_for_best_model="loss"'
        )
    metric, mode = schedule.monitor or args.metric_for_best_model, getattr(schedule.config, "mode", None)
    best = args.metric_for_best_model
    if best is None or _full(str(metric)) != _full(best) or mode not in ("min", "max"):
        return
    if args.greater_is_better is not None and args.greater_is_better != (mode == "max"):
        raise OptimError(
            f"{schedule.type} has mode: {mode}, and greater_is_better is {args.greater_is_better} for the same metric, "
            f"{metric}: set greater_is_better={mode == 'max'}, or the other mode"
        )


def metric_in(metrics: Mapping[str, float], schedule: SchedulerSpec, args: TrainingArguments) -> float:
    """Return the metric that a schedule waits for; its name may lack the ``eval_`` that Trainer puts before it.

    Raises:
        OptimError: the evaluation did not give it.
    """
    name = str(schedule.monitor or args.metric_for_best_model)
    for key in (name, _full(name)):
        if key in metrics:
            return metrics[key]
    raise OptimError(
        f"{schedule.type} waits for the metric `{name}`, and the evaluation gave {', '.join(metrics) or 'none'}; "
        "compute_metrics returns what else there should be"
    )


def _full(name: str) -> str:
    return name if name.startswith(PREFIX) else PREFIX + name
