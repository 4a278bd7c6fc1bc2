"""A recipe in an Engine of ignite."""

from collections.abc import Callable
from typing import Any

from ignite.engine import Engine, Events
from torch import Tensor, nn

from optim_core import Optimization, Recipe


def train(
    model: nn.Module, loader: Any, recipe: Recipe, *, epochs: int, validate: Callable[[], dict[str, float]]
) -> Optimization:
    """Train a model on batches of inputs and targets."""
    run = recipe.create(model, total_steps=epochs * len(loader), steps_per_epoch=len(loader))

    def update(_engine: Engine, batch: tuple[Tensor, Tensor]) -> Any:
        inputs, targets = batch
        return run.step(lambda: nn.functional.mse_loss(model(inputs), targets)).loss

    trainer = Engine(update)

    @trainer.on(Events.EPOCH_COMPLETED)
    def end_epoch() -> None:
        run.eval()
        metrics = validate()
        run.train()
        run.end_epoch(metrics)

    trainer.run(loader, max_epochs=epochs)
    return run
