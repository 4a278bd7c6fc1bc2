"""What a recipe and a Trainer cannot do together, told before anything is trained."""

from __future__ import annotations

from typing import Any

from optim_core import OptimError, Recipe
from optim_core.plugin_tools import listing
from optim_frameworks.lightning.clipping import refuse_clipping, refuse_self_unscaling, scaler_of

__all__ = ["refuse_live", "refuse_what_does_not_go_together"]


def refuse_what_does_not_go_together(recipe: Recipe, trainer: Any, module: Any) -> None:
    """Raise OptimError where a run would be another than the recipe asks for, before its objects are made."""
    if module.automatic_optimization:
        _refuse_several(recipe, module)
        _refuse_without_monitor(recipe)
    if recipe.clippings:
        refuse_clipping(trainer, "the recipe's gradient_clipping")
    for name, spec in recipe.optimizers.items():
        _refuse_needs(spec.type, recipe.needs_of(name), trainer)


def refuse_live(recipe: Recipe, trainer: Any, optimizers: Any) -> None:
    """Raise OptimError where the live optimizers do not go with the Trainer."""
    for name, optimizer in optimizers.items():
        if recipe.clipping_of(name) is not None:
            refuse_self_unscaling(trainer, optimizer)


def _refuse_several(recipe: Recipe, module: Any) -> None:
    if len(recipe.optimizers) > 1:
        first = next(iter(recipe.optimizers))
        raise OptimError(
            f"the recipe has several optimizers, {listing(recipe.optimizers)}, which Lightning steps by hand alone: "
            f"set self.automatic_optimization = False in the __init__ of {type(module).__name__}, and step each in "
            f'training_step, self.run["{first}"].step(loss)'
        )


def _refuse_without_monitor(recipe: Recipe) -> None:
    for name in recipe.optimizers:
        schedule = recipe.schedule_of(name)
        if schedule is not None and schedule.waits_for_metric and schedule.monitor is None:
            raise OptimError(
                f"{schedule.type} waits for a metric, and Lightning has to know which: name one that the module logs, "
                "monitor: val_loss, in the config of the scheduler"
            )


def _refuse_needs(optimizer: str, needs: frozenset[str], trainer: Any) -> None:
    if "closure" in needs and trainer.accumulate_grad_batches != 1:
        raise OptimError(
            f"{optimizer} computes the loss several times in a step, each time of one batch, so that "
            f"Trainer(accumulate_grad_batches={trainer.accumulate_grad_batches}) would add the same gradients again "
            "and again: leave it out, and make the batches larger"
        )
    if scaler_of(trainer) is not None and not needs.isdisjoint({"closure", "create_graph"}):
        does = "computes the loss several times in a step" if "closure" in needs else "differentiates gradients again"
        raise OptimError(
            f"{optimizer} {does}, which a GradScaler cannot follow, as Trainer(precision={trainer.precision!r}) has "
            'one: train it in "bf16-mixed" or 32'
        )
