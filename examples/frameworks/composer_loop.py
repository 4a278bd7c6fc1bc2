"""A recipe in the Trainer of composer."""

from typing import Any

from composer import Callback, Logger, State, Trainer

from optim_core import OptimError, Optimization, Recipe


class RecipeCallback(Callback):
    """What composer does not do for an optimizer and a schedule that it is given."""

    def __init__(self, run: Optimization) -> None:
        self.run = run

    def after_train_batch(self, state: State, logger: Logger) -> None:
        """Clip, between the gradients of the whole batch and the step."""
        self.run.clip()


def train(model: Any, loader: Any, recipe: Recipe, *, epochs: int) -> Optimization:
    """Train a ComposerModel."""
    if recipe.needs:
        needs = ", ".join(sorted(recipe.needs))
        raise OptimError(f"composer's Trainer does not give an optimizer or schedule what it needs: {needs}")
    run = recipe.create(model, total_steps=epochs * len(loader), steps_per_epoch=len(loader))
    schedule = recipe.schedule_of("default")
    trainer = Trainer(
        model=model,
        train_dataloader=loader,
        max_duration=f"{epochs}ep",
        optimizers=run.optimizer,
        schedulers=run.scheduler,
        # Without it composer moves the schedule once an epoch.
        step_schedulers_every_batch=schedule is not None and schedule.interval == "step",
        callbacks=[RecipeCallback(run)],
    )
    trainer.fit()
    trainer.close()
    return run
