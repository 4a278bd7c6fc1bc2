"""The plugin class of Adam."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from optim_core.validators import each, fraction, non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible, fused_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["Adam"]


@attrs.frozen(kw_only=True)
class Adam:
    """Adam: steps scaled by means of the gradient and its square (arXiv:1412.6980); ``AdamW`` decays beside them.

    torch.optim.Adam. Kingma and Ba 2014. Its `weight_decay` is an L2 penalty that goes through both means; AdamW's
    shrinks the weights directly, by ``lr * weight_decay`` a step.

    Formula:
        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g ** 2
        w = w - lr * (m / (1 - beta1 ** t)) / (sqrt(v / (1 - beta2 ** t)) + eps)

    Args:
        lr: learning rate, > 0.
        betas: decay of the means of the gradient and of its square, each in [0, 1).
        eps: added to the denominator, > 0.
        weight_decay: factor of the L2 penalty, ≥ 0.
        amsgrad: divide by the largest mean square so far (Reddi et al. 2018, openreview.net/forum?id=ryQu7f-RZ).
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        maximize: ascend instead of descend.
        capturable: safe to capture in a CUDA graph; slower outside one, and an error on the CPU.
        differentiable: autograd can go through ``step()``.
        fused: one kernel for the whole step; "auto" takes it where torch has it for every parameter, null never. It
            takes no sparse gradients, and excludes `foreach` and `differentiable`.
        decoupled_weight_decay: decay as AdamW does.
    """

    lr: float = attrs.field(default=1e-3, validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    eps: float = attrs.field(default=1e-8, validator=positive)
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    amsgrad: bool = False
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    maximize: bool = False
    capturable: bool = False
    differentiable: bool = False
    fused: bool | Literal["auto"] | None = attrs.field(default=None, validator=fused_is_possible)
    decoupled_weight_decay: bool = False

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.Adam."""
        from torch import optim

        from optim_torch_builtin.fused import fused_arguments

        return optim.Adam(**fused_arguments(self, params, "adamw" if self.decoupled_weight_decay else "adam"))
