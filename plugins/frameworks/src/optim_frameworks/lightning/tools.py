"""Callbacks of Lightning that change rates, schedules or lengths, and what they would get wrong beside a recipe."""

from __future__ import annotations

from typing import Any

from optim_core import OptimError
from optim_frameworks.lightning.copies import is_of

__all__ = ["RATE", "refuse_tools"]

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
