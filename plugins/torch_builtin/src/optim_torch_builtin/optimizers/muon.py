"""The plugin class of Muon as torch has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs

from optim_core.plugin_tools import keyword_arguments
from optim_core.validators import fraction, in_range, non_negative, positive
from optim_torch_builtin.newer import by_installed_torch

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["TorchMuon"]


@attrs.frozen(kw_only=True)
@by_installed_torch("Muon", choices={"adjust_lr_fn": {"spectral_unclamped": "2.14"}})
class TorchMuon:
    """torch.optim.Muon, for matrices only (Jordan 2024, kellerjordan.github.io); ``Muon`` has AdamW for the rest.

    Momentum made orthogonal: kellerjordan.github.io/posts/muon. Every parameter must be 2-D: embeddings, output heads,
    biases and norms belong to another optimizer. The name `Muon` is left to optim-muon, which splits a model by itself.

    Formula:
        b = momentum * b + (1 - momentum) * g
        X = (1 - momentum) * g + momentum * b if nesterov else b
        X = X / norm(X)
        ns_steps times: A = X X^T, X = c0 * X + (c1 * A + c2 * A A) X
        w = w - lr * weight_decay * w
        w = w - lr * sqrt(max(1, rows / columns)) * X

    Args:
        lr: learning rate, > 0.
        weight_decay: shrinks the weights by ``lr * weight_decay`` a step, ≥ 0.
        momentum: decay of the mean of the gradient, in [0, 1).
        nesterov: look ahead by one step.
        ns_coefficients: the three coefficients of the Newton-Schulz iteration.
        eps: least norm that a matrix is divided by, > 0.
        ns_steps: Newton-Schulz iterations, from 1 to 99.
        adjust_lr_fn: how `lr` depends on a matrix of A rows and B columns: "original" or null multiplies it by
            ``sqrt(max(1, A / B))``, "match_rms_adamw" by ``0.2 * sqrt(max(A, B))``, so that an `lr` and a
            `weight_decay` of AdamW fit.
            "spectral_unclamped" multiplies it by ``sqrt(A / B)``.
    """

    lr: float = attrs.field(default=1e-3, validator=positive)
    weight_decay: float = attrs.field(default=0.1, validator=non_negative)
    momentum: float = attrs.field(default=0.95, validator=fraction)
    nesterov: bool = True
    ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315)
    eps: float = attrs.field(default=1e-7, validator=positive)
    ns_steps: int = attrs.field(default=5, validator=in_range(ge=1, lt=100))
    adjust_lr_fn: Literal["original", "match_rms_adamw", "spectral_unclamped"] | None = None

    conformance: ClassVar[Mapping[str, str]] = {
        "vectors": "refuses: it is for matrices",
        "many_dimensions": "refuses: it is for matrices",
    }

    def build(self, params: ParamsT) -> Optimizer:
        """Make a torch.optim.Muon."""
        from torch import optim

        return optim.Muon(params, **keyword_arguments(self))
