"""The plugin class of Adamax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import each, fraction, non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["Adamax"]


@attrs.frozen(kw_only=True)
class Adamax:
    """Adamax: Adam with a decayed largest gradient (arXiv:1412.6980); ``pytorch_optimizer:AdaMax`` is another's.

    torch.optim.Adamax. Kingma and Ba; the largest gradient stands in place of the mean square.

    Formula:
        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, abs(g) + eps)
        w = w - lr / (1 - beta1 ** t) * m / u

    Args:
        lr: learning rate, > 0.
        betas: decay of the mean of the gradient and of the largest absolute gradient, each in [0, 1).
        eps: added to the absolute gradient, > 0.
        weight_decay: factor of the L2 penalty, ≥ 0.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        maximize: ascend instead of descend.
        differentiable: autograd can go through ``step()``.
        capturable: safe to capture in a CUDA graph; slower outside one, and an error on the CPU.
    """

    lr: float = attrs.field(default=2e-3, validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    eps: float = attrs.field(default=1e-8, validator=positive)
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    maximize: bool = False
    differentiable: bool = False
    capturable: bool = False

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.Adamax."""
        from torch import optim

        return optim.Adamax(params, **keyword_arguments(self))
