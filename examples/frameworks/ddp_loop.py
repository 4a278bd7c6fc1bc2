"""A recipe in a plain loop of torch.distributed: the same lines in each process."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.parallel import DistributedDataParallel

from optim_core import Optimization, Recipe


def train(
    model: torch.nn.Module, loader: Any, loss_of: Callable[[Any, Any], torch.Tensor], recipe: Recipe, *, epochs: int
) -> Optimization:
    """Train a model, after `init_process_group`; `loader` gives this process its share."""
    parallel = DistributedDataParallel(model)
    run = recipe.create(parallel, total_steps=epochs * len(loader), steps_per_epoch=len(loader))
    for _ in range(epochs):
        for batch in loader:
            run.step(lambda: loss_of(parallel, batch))  # noqa: B023 - it is called at once
        run.end_epoch()
    return run
