"""Models as they are trained here: a few steps, by a loop of a few lines."""

from types import SimpleNamespace

import torch

from optim_core import registry


def made(name, config, **facts):
    """Return the live model of a config, for data that say these facts."""
    return registry.build({"type": name, "config": config}, "model").create(SimpleNamespace(**facts))


def trained(model, batch, steps=30, lr=1e-2):
    """Return the first and the last loss of so many steps on one batch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        loss = model.loss(batch)
        loss = next(iter(loss.values())) if isinstance(loss, dict) else loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[0], losses[-1]


def without_gradient(model, loss):
    """Return the names of the parameters that a loss gives no gradient."""
    loss.backward()
    return [name for name, parameter in model.named_parameters() if parameter.grad is None]
