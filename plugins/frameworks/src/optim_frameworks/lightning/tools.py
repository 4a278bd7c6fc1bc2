"""Callbacks of Lightning that change rates, schedules or lengths, and what they would get wrong beside a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core import OptimError
from optim_frameworks.lightning.copies import is_of

__all__ = ["RATE", "refuse_later_groups", "refuse_tools", "train_later_groups", "waits_for_groups"]

# The attribute of a RecipeModule that is the rate of its recipe.
RATE = "recipe_lr"


def refuse_tools(trainer: Any, run: Any) -> None:
    """Raise OptimError where a callback of the Trainer would change something that the recipe does not learn of.

    Args:
        trainer: of the run that begins.
        run: what the recipe has created.
    """
    for callback in trainer.callbacks:
        if is_of(callback, "LearningRateFinder"):
            _refuse_rate_finder(callback)
        elif is_of(callback, "BatchSizeFinder"):
            _refuse_batch_finder(callback, run)
        elif is_of(callback, "StochasticWeightAveraging"):
            _refuse_one_rate(callback, run)
        elif is_of(callback, "BackboneFinetuning"):
            _refuse_two_rates(run)


def waits_for_groups(run: Any, saved: Mapping[str, Any], trainer: Any) -> dict[str, int]:
    """Return how many groups each optimizer has that is to get more, as it had when the run was saved.

    A finetuning callback adds them when ``fit`` starts; the run is compared with what was saved before its first step,
    and not earlier.
    """
    if not any(is_of(callback, "BaseFinetuning") for callback in trainer.callbacks):
        return {}
    parts = saved["optimizers"]
    return {
        name: len(optimizer.param_groups)
        for name, optimizer in run.optimizers.items()
        if name in parts and len(parts[name]["start"]) > len(optimizer.param_groups)
    }


def refuse_later_groups(run: Any, groups: Mapping[str, int], trainer: Any) -> None:
    """Refuse parameters that are trained from now on where each process would train its own.

    DistributedDataParallel exchanges the gradients of what was trained when it was made, and of nothing else.

    Args:
        run: that is on.
        groups: how many groups each optimizer had when the run was created.
        trainer: of the run.

    Raises:
        OptimError: an optimizer has more, in several processes.
    """
    if trainer.world_size == 1 or not is_of(trainer.strategy, "DDPStrategy"):
        return
    for name, optimizer in run.optimizers.items():
        if len(optimizer.param_groups) > groups[name]:
            raise OptimError(
                "DistributedDataParallel exchanges no gradients of parameters that were frozen when training began, so "
                "that each process would train a model of its own: train them from the start, with a small "
                "lr_multiplier in param_groups, or finetune in one process"
            )


def train_later_groups(run: Any, later: Mapping[str, int], module: Any, trainer: Any) -> None:
    """Train again what a finetuning callback trained when the run was saved.

    The callback freezes everything before a run that continues too, and gives the optimizer its groups, in which
    nothing would have a gradient.

    Args:
        run: that goes on.
        later: what `waits_for_groups` returned.
        module: the module.
        trainer: of the run.
    """
    added = {
        id(parameter)
        for name, known in later.items()
        for group in run.optimizers[name].param_groups[known:]
        for parameter in group["params"]
    }
    if added:
        callback = next(callback for callback in trainer.callbacks if is_of(callback, "BaseFinetuning"))
        for part in module.modules():
            if any(id(parameter) in added for parameter in part.parameters(recurse=False)):
                callback.make_trainable(part)


def _refuse_rate_finder(callback: Any) -> None:
    line = f'Tuner(trainer).lr_find(model, attr_name="{RATE}") before trainer.fit(model)'
    if not callback._early_exit:
        raise OptimError(
            "LearningRateFinder gives every parameter group the rate that it finds while the run is on, of which "
            f"multipliers and the schedule learn nothing: take it away, and call {line}"
        )
    if callback._update_attr and callback._attr_name != RATE:
        name = f"self.{callback._attr_name}" if callback._attr_name else "self.lr or self.learning_rate"
        raise OptimError(
            f"lr_find would set {name}, and the recipe has the rate, which would stay: {line}; or give it "
            "update_attr=False, and look at its suggestion()"
        )


def _refuse_batch_finder(callback: Any, run: Any) -> None:
    if run.schedulers and not callback._early_exit:
        raise OptimError(
            "BatchSizeFinder changes the number of steps of a run that is on, for which the schedule is made: take it "
            "away, and call Tuner(trainer).scale_batch_size(model) before trainer.fit(model)"
        )


def _refuse_one_rate(callback: Any, run: Any) -> None:
    if isinstance(callback._swa_lrs, list):
        return
    for optimizer in run.optimizers.values():
        factors = [float(group.get("lr_multiplier", 1.0)) for group in optimizer.param_groups]
        if any(factor != 1.0 for factor in factors):
            rate = callback._swa_lrs
            raise OptimError(
                f"StochasticWeightAveraging(swa_lrs={rate}) gives every parameter group the same rate, and the recipe "
                f"multiplies theirs: swa_lrs={[rate * factor for factor in factors]}"
            )


def _refuse_two_rates(run: Any) -> None:
    for name, scheduler in run.schedulers.items():
        if run[name].interval == "step":
            raise OptimError(
                "BackboneFinetuning sets the rate of the backbone at the start of each epoch, which "
                f"{type(scheduler).__name__} sets anew at each step: take the schedule away, let it go by epochs, "
                "interval: epoch, or unfreeze the backbone by a BaseFinetuning of your own"
            )
