"""The plugin class of RAdam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import each, fraction, non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["RAdam"]


@attrs.frozen(kw_only=True)
class RAdam:
    """RAdam: Adam that holds back at first (arXiv:1908.03265); ``pytorch_optimizer:RAdam`` is another's.

    torch.optim.RAdam. Liu et al. 2019: it holds back while its second moment is uncertain. It stands in for a warm-up:
    the first steps are those of SGD with momentum.

    Formula:
        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g ** 2
        R = 2 / (1 - beta2) - 1
        r = R - 2 * t * beta2 ** t / (1 - beta2 ** t)
        c = sqrt((r - 4) * (r - 2) * R / ((R - 4) * (R - 2) * r))
        s = c * sqrt(1 - beta2 ** t) / (sqrt(v) + eps) if r > 5 else 1
        w = w - lr * s * m / (1 - beta1 ** t)

    Args:
        lr: learning rate, > 0.
        betas: decay of the means of the gradient and of its square, each in [0, 1).
        eps: added to the denominator, > 0.
        weight_decay: factor of the L2 penalty, ≥ 0.
        decoupled_weight_decay: shrink the weights by ``lr * weight_decay`` instead, as AdamW does.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        maximize: ascend instead of descend.
        capturable: safe to capture in a CUDA graph; slower outside one, and an error on the CPU.
        differentiable: autograd can go through ``step()``.
    """

    lr: float = attrs.field(default=1e-3, validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    eps: float = attrs.field(default=1e-8, validator=positive)
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    decoupled_weight_decay: bool = False
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    maximize: bool = False
    capturable: bool = False
    differentiable: bool = False

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.RAdam."""
        from torch import optim

        return optim.RAdam(params, **keyword_arguments(self))
