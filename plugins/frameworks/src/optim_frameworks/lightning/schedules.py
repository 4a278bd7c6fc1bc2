"""A schedule of a recipe as Lightning is told of it, and when it moves."""

from __future__ import annotations

from typing import Any

from optim_core import Recipe
from optim_core.recipe import SINGLE

__all__ = ["scheduler_config"]


def scheduler_config(recipe: Recipe, name: str, run: Any, trainer: Any, *, by_hand: bool) -> dict[str, Any]:
    """Return what Lightning is told of an optimizer's schedule: when it is stepped, for which metric, and its name.

    Args:
        recipe: of the run.
        name: of the optimizer, which has a schedule.
        run: the live objects.
        trainer: of the run.
        by_hand: whether the module steps the schedule, so that Lightning needs less, and warns of more.
    """
    schedule: Any = recipe.schedule_of(name)
    title = type(run.optimizers[name]).__name__ if name == SINGLE else name
    told = {"scheduler": run.schedulers[name], "interval": schedule.interval, "frequency": 1, "name": f"lr-{title}"}
    if by_hand:
        return told
    waits = schedule.waits_for_metric
    if waits and schedule.interval == "epoch":
        # A metric of validation is not there after an epoch without one; a metric of training sets it to 1 when logged.
        told["frequency"] = trainer.check_val_every_n_epoch or 1
    return {**told, "monitor": schedule.monitor, "strict": True, "reduce_on_plateau": waits}
