"""The plugin class of SGD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from optim_core.validators import FieldError, fraction, non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible, fused_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["SGD"]


@attrs.frozen(kw_only=True)
class SGD:
    """Stochastic gradient descent, with momentum where asked for; ``ASGD`` also keeps the mean of the weights.

    torch.optim.SGD, proceedings.mlr.press/v28/sutskever13.html. Its momentum buffer holds gradients, not steps: a
    change of `lr` acts on what it holds already, unlike in Sutskever et al. and elsewhere.

    Formula:
        g = g + weight_decay * w
        b = g at first, then momentum * b + (1 - dampening) * g
        w = w - lr * (g + momentum * b if nesterov else b)

    Args:
        lr: learning rate, > 0.
        momentum: factor on the momentum buffer before a gradient is added to it, in [0, 1); 0 is plain gradient
            descent.
        dampening: each gradient enters the buffer times ``1 - dampening``, ≥ 0.
        weight_decay: factor of the L2 penalty, ≥ 0.
        nesterov: look ahead by one step; needs `momentum` > 0 and `dampening` 0.
        maximize: ascend instead of descend.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        differentiable: autograd can go through ``step()``.
        fused: one kernel for the whole step; "auto" takes it where torch has it for every parameter, null never. It
            takes no sparse gradients, and excludes `foreach` and `differentiable`.
    """

    lr: float = attrs.field(default=1e-3, validator=positive)
    momentum: float = attrs.field(default=0.0, validator=fraction)
    dampening: float = attrs.field(default=0.0, validator=non_negative)
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    nesterov: bool = attrs.field(default=False)
    maximize: bool = False
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    differentiable: bool = False
    fused: bool | Literal["auto"] | None = attrs.field(default=None, validator=fused_is_possible)

    @nesterov.validator
    def _has_momentum(self, attribute: attrs.Attribute[Any], value: bool) -> None:
        if value and self.momentum <= 0:
            raise FieldError(f"needs momentum > 0, which is {self.momentum!r}", "set momentum, or nesterov: false")
        if value and self.dampening != 0:
            raise FieldError(f"needs dampening 0, which is {self.dampening!r}", "leave one of the two out")

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.SGD.

        Raises:
            ParamGroupError: `fused` is true, and this torch's kernel would not move a parameter.
        """
        from torch import optim

        from optim_torch_builtin.fused import fused_arguments, refuse_idle_sgd

        optimizer = optim.SGD(**fused_arguments(self, params, "sgd"))
        refuse_idle_sgd(optimizer)
        return optimizer
