"""The plugin class of SparseAdam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import each, fraction, positive

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["SparseAdam"]


@attrs.frozen(kw_only=True)
class SparseAdam:
    """SparseAdam: Adam that moves only the entries present in a sparse gradient (Kingma and Ba, arXiv:1412.6980).

    torch.optim.SparseAdam, for ``nn.Embedding(sparse=True)``: dense parameters, sparse gradients. A dense gradient is
    an error at the first step.

    Formula:
        where the gradient has an entry:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g ** 2
        w = w - lr * sqrt(1 - beta2 ** t) / (1 - beta1 ** t) * m / (sqrt(v) + eps)

    Args:
        lr: learning rate, > 0.
        betas: decay of the means of the gradient and of its square, each in [0, 1).
        eps: added to the denominator, > 0.
        maximize: ascend instead of descend.
    """

    lr: float = attrs.field(default=1e-3, validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    eps: float = attrs.field(default=1e-8, validator=positive)
    maximize: bool = False

    conformance: ClassVar[Mapping[str, str]] = {
        "dense_gradients": "refuses: it is for sparse gradients",
    }

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.SparseAdam."""
        from torch import optim

        return optim.SparseAdam(params, **keyword_arguments(self))
