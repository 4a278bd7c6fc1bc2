"""The plugin class of Adadelta."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import in_range, non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["Adadelta"]


@attrs.frozen(kw_only=True)
class Adadelta:
    """Adadelta: steps in proportion to earlier ones (Zeiler 2012); ``pytorch_optimizer:AdaDelta`` is another's.

    torch.optim.Adadelta. arXiv:1212.5701: in proportion to the root mean square of earlier steps. The paper has no
    learning rate: 1.0, the default, is the paper's method.

    Formula:
        g = g + weight_decay * w
        v = rho * v + (1 - rho) * g ** 2
        d = sqrt(u + eps) / sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d ** 2
        w = w - lr * d

    Args:
        lr: factor on the step, > 0.
        rho: decay of the means of squared gradients and squared steps, in [0, 1].
        eps: added under both roots, > 0; with 0 no step would ever be taken.
        weight_decay: factor of the L2 penalty, ≥ 0.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        capturable: safe to capture in a CUDA graph; slower outside one, and an error on the CPU.
        maximize: ascend instead of descend.
        differentiable: autograd can go through ``step()``.
    """

    lr: float = attrs.field(default=1.0, validator=positive)
    rho: float = attrs.field(default=0.9, validator=in_range(ge=0, le=1))
    eps: float = attrs.field(default=1e-6, validator=positive)
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    capturable: bool = False
    maximize: bool = False
    differentiable: bool = False

    lr_meaning: ClassVar[tuple[str, float, float]] = ("a factor of steps that have a length of their own", 1e-2, 10.0)

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.Adadelta."""
        from torch import optim

        return optim.Adadelta(params, **keyword_arguments(self))
