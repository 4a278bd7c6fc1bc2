"""The plugin class of Adagrad."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

from optim_core.validators import non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible, fused_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["Adagrad"]


@attrs.frozen(kw_only=True)
class Adagrad:
    """Adagrad: steps divided by the root of the sum of squared gradients (Duchi et al. 2011).

    torch.optim.Adagrad, jmlr.org/papers/v12/duchi11a.html. The sum only grows, so steps shrink for good; RMSprop takes
    a running mean instead.

    Formula:
        g = g + weight_decay * w
        s = s + g ** 2, from initial_accumulator_value on
        w = w - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    Args:
        lr: learning rate, > 0.
        lr_decay: step t, counted from 0, uses ``lr / (1 + t * lr_decay)``, ≥ 0.
        weight_decay: factor of the L2 penalty, ≥ 0.
        initial_accumulator_value: the sum of squares at the start, ≥ 0.
        eps: added to the denominator, > 0.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        maximize: ascend instead of descend.
        differentiable: autograd can go through ``step()``.
        fused: one kernel for the whole step; "auto" takes it where torch has it for every parameter, null never. It
            takes no sparse gradients, and excludes `foreach` and `differentiable`.
    """

    lr: float = attrs.field(default=1e-2, validator=positive)
    lr_decay: float = attrs.field(default=0.0, validator=non_negative)
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    initial_accumulator_value: float = attrs.field(default=0.0, validator=non_negative)
    eps: float = attrs.field(default=1e-10, validator=positive)
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    maximize: bool = False
    differentiable: bool = False
    fused: bool | Literal["auto"] | None = attrs.field(default=None, validator=fused_is_possible)

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.Adagrad."""
        from torch import optim

        from optim_torch_builtin.fused import fused_arguments

        return optim.Adagrad(**fused_arguments(self, params, "adagrad"))
