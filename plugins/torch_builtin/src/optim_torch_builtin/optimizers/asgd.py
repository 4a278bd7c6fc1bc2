"""The plugin class of ASGD."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import non_negative, positive
from optim_torch_builtin.arguments import foreach_is_possible

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["ASGD"]


@attrs.frozen(kw_only=True)
class ASGD:
    """Averaged ``SGD``: gradient descent that also keeps the mean of the weights (Polyak and Juditsky 1992).

    torch.optim.ASGD, doi.org/10.1137/0330046. The mean is in the optimizer's state as "ax"; the parameters are the last
    iterate. A changed `lr` takes effect one step late.

    Formula:
        g = g + weight_decay * w
        n = lr / (1 + lambd * lr * (t - 1)) ** alpha
        w = w - lambd * n * w - n * g
        ax = ax + (w - ax) / max(1, t - 1 - t0)

    Args:
        lr: learning rate at the start, > 0.
        lambd: step t uses ``lr / (1 + lambd * lr * t) ** alpha``, and weights shrink by `lambd` times that, ≥ 0.
        alpha: power in that decay, ≥ 0.
        t0: step after which weights are averaged, ≥ 0.
        weight_decay: factor of the L2 penalty, ≥ 0.
        foreach: update all parameters with a few kernels; null lets torch choose. Not with `differentiable`.
        maximize: ascend instead of descend.
        differentiable: autograd can go through ``step()``.
        capturable: safe to capture in a CUDA graph; slower outside one, and an error on the CPU.
    """

    lr: float = attrs.field(default=1e-2, validator=positive)
    lambd: float = attrs.field(default=1e-4, validator=non_negative)
    alpha: float = attrs.field(default=0.75, validator=non_negative)
    t0: float = attrs.field(default=1e6, validator=non_negative)
    weight_decay: float = attrs.field(default=0.0, validator=non_negative)
    foreach: bool | None = attrs.field(default=None, validator=foreach_is_possible)
    maximize: bool = False
    differentiable: bool = False
    capturable: bool = False

    conformance: ClassVar[Mapping[str, str]] = {
        "fields.t0": "differs: what is averaged from then on is in the state only",
        "zero_gradients": "differs: weights shrink by `lambd` without a gradient too",
        "lr_followed": "differs: a changed rate takes effect one step late",
    }

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.ASGD."""
        from torch import optim

        return optim.ASGD(params, **keyword_arguments(self))
