"""The plugin class of Lookahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.specs import OptimizerSpec
from optim_core.validators import in_range
from optim_torch_builtin.around.inner import models_of, needs_of_inner

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["Lookahead"]


@attrs.frozen(kw_only=True)
class Lookahead:
    """Lookahead: slow weights that follow any optimizer's (arXiv:1907.08610); ``Ranger`` is this around RAdam alone.

    Zhang et al. 2019. After every `k` steps of the other optimizer the slow weights go towards its weights by `alpha`,
    and its weights become the slow ones. Its momentum is kept. The slow weights begin as the weights are before the
    first step.

    Formula:
        w = a step of the other optimizer
        every k steps: slow = slow + alpha * (w - slow), w = slow

    Args:
        optimizer: the optimizer around which it is made, {type, config}; rules for parameter groups stand there.
        k: steps of the inner optimizer between two pulls, ≥ 1.
        alpha: how far the slow weights go, in (0, 1].
    """

    optimizer: OptimizerSpec
    k: int = attrs.field(default=5, validator=in_range(ge=1))
    alpha: float = attrs.field(default=0.5, validator=in_range(gt=0, le=1))

    example: ClassVar[Mapping[str, Any]] = {"optimizer": {"type": "AdamW", "config": {"lr": 1e-3}}}

    @property
    def needs(self) -> tuple[str, ...]:
        """What it needs of the training loop: what the inner optimizer needs."""
        return needs_of_inner(self.optimizer)

    def build(self, params: ParamsT, model: Module | None = None) -> Optimizer:
        """Make the inner optimizer, and Lookahead around it."""
        from optim_torch_builtin.live.lookahead import Lookahead

        return Lookahead(self.optimizer.build_for(params, models_of(model)), k=self.k, alpha=self.alpha)
