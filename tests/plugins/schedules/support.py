"""Small optimizers, and the rates that a schedule gives them."""

import warnings

import torch
from torch import nn

from optim_core import Horizon, registry

LR = 0.1


def spec_of(name, **values):
    return registry.build({"type": name, "config": values}, kind="scheduler")


def optimizer_of(*multipliers, lr=LR):
    """SGD with a group for each multiplier, in which optim-core has noted it; without one, a single group."""
    groups = [
        {"params": [nn.Parameter(torch.zeros(1))], "lr": lr * multiplier, "lr_multiplier": multiplier}
        for multiplier in multipliers
    ]
    return torch.optim.SGD(groups or [nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)


def options(optimizer):
    """What a schedule may change of each group: its rate and its momentum."""
    return [(group["lr"], group["momentum"]) for group in optimizer.param_groups]


def stepped(optimizer, scheduler, steps):
    """The options of each group now, and after each of `steps` steps."""
    seen = [options(optimizer)]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        seen.append(options(optimizer))
    return seen


def created(spec, optimizer, horizon):
    """A scheduler whose warmup may be longer than the run, as elsewhere."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* must be shorter than the .*")
        return spec.create_scheduler(optimizer, horizon=horizon, any_length=True)


def rates(spec, steps, *, optimizer=None, total_steps=None, lr=LR, **lengths):
    """The rate of the first group at the steps 0 to `steps`."""
    optimizer = optimizer or optimizer_of(lr=lr)
    scheduler = created(spec, optimizer, Horizon(total_steps=total_steps, **lengths))
    return [groups[0][0] for groups in stepped(optimizer, scheduler, steps)]


def group(lr=1.0, **options):
    """A parameter group that is not yet in an optimizer."""
    return {"params": [nn.Parameter(torch.zeros(1))], "lr": lr, **options}
