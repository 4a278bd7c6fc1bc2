"""The plugin class of SAM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.specs import OptimizerSpec
from optim_core.validators import positive
from optim_torch_builtin.around.inner import models_of, needs_of_inner, takes_no_closure

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["SAM"]


@attrs.frozen(kw_only=True)
class SAM:
    """SAM: any optimizer, by the gradient at the worst weights nearby (arXiv:2010.01412); ``BSAM`` is one of its own.

    For flat minima (Foret et al. 2021). Each step takes two gradients, so ``step`` needs a closure, which is called
    twice; what a model counts in a forward pass, such as the statistics of BatchNorm, it counts twice. The weights are
    back, bit for bit, before the other optimizer steps them.

    Formula:
        e = rho * g / norm(g), or rho * w ** 2 * g / norm(abs(w) * g) where adaptive
        g = gradient at w + e
        w = a step of the other optimizer from w, by this g

    Args:
        optimizer: the optimizer around which it is made, {type, config}; rules for parameter groups stand there. None
            that needs a closure itself.
        rho: how far away the worst weights are looked for, > 0; some 10 times as far where `adaptive` is set.
        adaptive: whether distances are measured in multiples of each weight (ASAM, Kwon et al. 2021, arXiv:2102.11600).
    """

    optimizer: OptimizerSpec = attrs.field(validator=takes_no_closure)
    rho: float = attrs.field(default=0.05, validator=positive)
    adaptive: bool = False

    example: ClassVar[Mapping[str, Any]] = {"optimizer": {"type": "AdamW", "config": {"lr": 1e-3}}}

    conformance: ClassVar[Mapping[str, str]] = {
        "step_without_closure": "refuses: it takes two gradients in a step",
    }

    @property
    def needs(self) -> tuple[str, ...]:
        """What it needs of the training loop: a closure, and what the inner optimizer needs."""
        return ("closure", *needs_of_inner(self.optimizer))

    def build(self, params: ParamsT, model: Module | None = None) -> Optimizer:
        """Make the inner optimizer, and SAM around it."""
        from optim_torch_builtin.live.sam import SAM

        inner = self.optimizer.build_for(params, models_of(model))
        return SAM(inner, rho=self.rho, adaptive=self.adaptive)
