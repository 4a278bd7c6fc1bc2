"""A recipe in the loop of torchtune's full_finetune_single_device: gradients are summed up, and divided by tokens."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torchtune import training
from torchtune.modules.loss import CEWithChunkedOutputLoss

from optim_core import Optimization, Recipe


def train(
    model: Any, batches: Iterable[Mapping[str, torch.Tensor]], recipe: Recipe, *, steps: int, accumulate: int
) -> Optimization:
    """Train a model of torchtune for so many steps, each of so many batches."""
    run = recipe.create(model, total_steps=steps)
    loss_of = CEWithChunkedOutputLoss()
    model.set_num_output_chunks(loss_of.num_output_chunks)
    tokens = torch.tensor(0)
    for number, batch in enumerate(batches, 1):
        count = (batch["labels"] != loss_of.ignore_index).sum()
        tokens = tokens + count
        (loss_of(model(batch["tokens"]), batch["labels"]) * count).backward()
        if number % accumulate == 0:
            training.scale_grads(model, 1 / tokens)
            # In the place of clip_grad_norm_, optimizer.step, zero_grad and lr_scheduler.step.
            run.step()
            tokens = torch.tensor(0)
    return run
