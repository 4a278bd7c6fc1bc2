"""The plugin class of NAdam."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import each, fraction, non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["NAdam"]


@attrs.frozen(kw_only=True)
class NAdam:
    """NAdam: Adam with Nesterov's look-ahead (Dozat 2016, openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ).

    torch.optim.NAdam.

    Formula:
        g = g + weight_decay * w
        mu(t) = beta1 * (1 - 0.96 ** (t * momentum_decay) / 2)
        M(t) = mu(1) * mu(2) * ... * mu(t)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g ** 2
        n = mu(t + 1) * m / (1 - M(t + 1)) + (1 - mu(t)) * g / (1 - M(t))
        w = w - lr * n / (sqrt(v / (1 - beta2 ** t)) + eps)

    Args:
        lr: learning rate, > 0.
        betas: decay of the means of the gradient and of its square, each in [0, 1).
        eps: added to the denominator, > 0.
        weight_decay: factor of the L2 penalty, ≥ 0.
        momentum_decay: how fast the momentum warms up to ``betas[0]``, ≥ 0.
        decoupled_weight_decay: shrink the weights by ``lr * weight_decay`` instead, as AdamW does.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        maximize: ascend instead of descend.
        capturable: safe to capture in a CUDA graph; slower outside one, and an error on the CPU.
        differentiable: autograd can go through ``step()``.
    """

    lr: float = attrs.field(default=2e-3, validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    eps: float = attrs.field(default=1e-8, validator=positive)
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    momentum_decay: float = attrs.field(default=4e-3, validator=non_negative)
    decoupled_weight_decay: bool = False
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    maximize: bool = False
    capturable: bool = False
    differentiable: bool = False

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.NAdam."""
        from torch import optim

        return optim.NAdam(params, **keyword_arguments(self))
