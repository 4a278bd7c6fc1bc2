"""A model as it is while something else looks at it, which leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from optim_training.loading.seeds import unchanged_generators

__all__ = ["undisturbed"]


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Have a model evaluate, without gradients; put all of it back afterwards, and the random generators too.

    What is put back: the mode of each module, the values of parameters and buffers, whether a parameter is trained and
    its gradient, whether gradients are computed, and the random generators of torch on all devices, of numpy and of
    Python. A copy of the weights is kept on the CPU meanwhile.

    Args:
        model: what is looked at.

    Example:
        >>> import torch
        >>> from optim_training.demos.undisturbed import undisturbed
        >>> model = torch.nn.Dropout()
        >>> with undisturbed(model):
        ...     model.training, torch.is_grad_enabled()
        (False, False)
        >>> model.training, torch.is_grad_enabled()
        (True, True)
    """
    modes = [(module, module.training) for module in model.modules()]
    parameters = [(parameter, parameter.requires_grad, parameter.grad) for parameter in model.parameters()]
    values = [(value, value.data, value.detach().cpu().clone()) for value in _values(model)]
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    try:
        with unchanged_generators(), torch.no_grad():
            model.eval()
            yield
    finally:
        if devices:
            torch.cuda.set_rng_state_all(devices)
        with torch.no_grad():
            # All of them: neither a batch norm nor what writes to `.data` counts up a tensor's version.
            for value, storage, before in values:
                value.data = storage
                value.copy_(before)
        for parameter, is_trained, gradient in parameters:
            parameter.requires_grad_(is_trained)
            parameter.grad = gradient
        for module, is_training in modes:
            module.training = is_training


def _values(model: nn.Module) -> Iterator[Tensor]:
    yield from model.parameters()
    yield from model.buffers()
