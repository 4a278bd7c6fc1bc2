"""A recipe in the loop of timm's train.py, with its average of the weights."""

from collections.abc import Callable
from typing import Any

import torch
from timm.utils import ModelEmaV3

from optim_core import Optimization, Recipe


def train(
    model: Any,
    loader: Any,
    loss_of: Callable[[Any, Any], torch.Tensor],
    recipe: Recipe,
    *,
    epochs: int,
    validate: Callable[[], dict[str, float]],
    scaler: torch.amp.GradScaler | None = None,
) -> tuple[Optimization, ModelEmaV3]:
    """Train a model; the run does what create_optimizer_v2, create_scheduler_v2 and NativeScaler are for."""
    run = recipe.create(model, total_steps=epochs * len(loader), steps_per_epoch=len(loader))
    average = ModelEmaV3(model, decay=0.9)
    for _ in range(epochs):
        model.train()
        for inputs, targets in loader:
            run.step(lambda: loss_of(model(inputs), targets), scaler=scaler)  # noqa: B023 - it is called at once
            average.update(model)
        # Some optimizers have other weights for validation.
        run.eval()
        metrics = validate()
        run.train()
        run.end_epoch(metrics)
    return run, average
