"""The plugin class of AdamW."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from optim_core.validators import each, fraction, non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible, fused_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["AdamW"]


@attrs.frozen(kw_only=True)
class AdamW:
    """AdamW: Adam with decay outside of its means (arXiv:1711.05101); in ``Adam`` it is an L2 penalty.

    torch.optim.AdamW. Loshchilov and Hutter 2017. A step first multiplies the weights by ``1 - lr * weight_decay``; the
    paper has no `lr` in that product. transformers and most papers start from weight decay 0 or 0.1, torch from 0.01.

    Formula:
        w = w - lr * weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g ** 2
        w = w - lr * (m / (1 - beta1 ** t)) / (sqrt(v / (1 - beta2 ** t)) + eps)

    Args:
        lr: learning rate, > 0.
        betas: decay of the means of the gradient and of its square, each in [0, 1).
        eps: added to the denominator, > 0.
        weight_decay: shrinks the weights by ``lr * weight_decay`` a step, ≥ 0.
        amsgrad: divide by the largest mean square so far (Reddi et al. 2018, openreview.net/forum?id=ryQu7f-RZ).
        maximize: ascend instead of descend.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        capturable: safe to capture in a CUDA graph; slower outside one, and an error on the CPU.
        differentiable: autograd can go through ``step()``.
        fused: one kernel for the whole step; "auto" takes it where torch has it for every parameter, null never. It
            takes no sparse gradients, and excludes `foreach` and `differentiable`.
    """

    lr: float = attrs.field(default=1e-3, validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    eps: float = attrs.field(default=1e-8, validator=positive)
    weight_decay: float = attrs.field(default=1e-2, validator=non_negative)
    amsgrad: bool = False
    maximize: bool = False
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    capturable: bool = False
    differentiable: bool = False
    fused: bool | Literal["auto"] | None = attrs.field(default=None, validator=fused_is_possible)

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.AdamW."""
        from torch import optim

        from optim_torch_builtin.fused import fused_arguments

        return optim.AdamW(**fused_arguments(self, params, "adamw"))
