"""A small model to optimize, and the rates that a schedule gives."""

import pytest
import torch
from torch import nn


class Network(nn.Module):
    """A backbone and a head that is trained faster."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(4, 4)
        self.scoring_head = nn.Linear(4, 2)
        self.output_head = nn.Linear(4, 1)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Network()


@pytest.fixture
def optimizer(model):
    """An AdamW with a rate of 1e-4, as the documents have it."""
    return torch.optim.AdamW(model.parameters(), lr=1e-4)


@pytest.fixture
def rates():
    """Gives the rate of the first group at each of some steps, in rising order, counted from 0."""

    def collect(scheduler, steps):
        group = scheduler.optimizer.param_groups[0]
        # torch warns where a scheduler goes first.
        scheduler.optimizer.step()
        found = []
        for step in range(max(steps) + 1):
            if step in steps:
                found.append(group["lr"])
            scheduler.step()
        return found

    return collect


@pytest.fixture
def train(model):
    """Takes one step down a loss, after `clip`, which is given the model's parameters."""

    def step(optimizer, clip=None):
        optimizer.zero_grad()
        hidden = model.backbone(torch.ones(3, 4))
        (model.scoring_head(hidden).sum() + model.output_head(hidden).sum()).backward()
        if clip is not None:
            clip(model.parameters())
        optimizer.step()

    return step
