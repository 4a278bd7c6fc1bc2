"""The plugin class of RMSprop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import fraction, non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["RMSprop"]


@attrs.frozen(kw_only=True)
class RMSprop:
    """RMSprop: steps divided by the root of a running mean of squared gradients (Hinton 2012, lecture 6e).

    torch.optim.RMSprop, www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf. `eps` is added after the
    root; TensorFlow's adds it before.

    Formula:
        g = g + weight_decay * w
        v = alpha * v + (1 - alpha) * g ** 2
        a = alpha * a + (1 - alpha) * g if centered else 0
        b = momentum * b + g / (sqrt(v - a ** 2) + eps)
        w = w - lr * b

    Args:
        lr: learning rate, > 0.
        alpha: decay of the mean square, in [0, 1).
        eps: added to the denominator, > 0.
        weight_decay: factor of the L2 penalty, ≥ 0.
        momentum: factor on the buffer of earlier steps, in [0, 1).
        centered: subtract the squared mean, which makes the mean square a variance (Graves 2013, arXiv:1308.0850).
        capturable: safe to capture in a CUDA graph; slower outside one, and an error on the CPU.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        maximize: ascend instead of descend.
        differentiable: autograd can go through ``step()``.
    """

    lr: float = attrs.field(default=1e-2, validator=positive)
    alpha: float = attrs.field(default=0.99, validator=fraction)
    eps: float = attrs.field(default=1e-8, validator=positive)
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    momentum: float = attrs.field(default=0.0, validator=fraction)
    centered: bool = False
    capturable: bool = False
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    maximize: bool = False
    differentiable: bool = False

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.RMSprop."""
        from torch import optim

        return optim.RMSprop(params, **keyword_arguments(self))
