"""The plugin class of MultiplicativeLR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import for_each_group
from optim_torch_builtin.expressions import LRLambda, expressions_evaluate, lr_lambdas

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["MultiplicativeLR"]


@attrs.frozen(kw_only=True)
class MultiplicativeLR:
    """Multiply the last rate at each ``step()`` by a function of the step; ``LambdaLR`` multiplies the first one.

    torch.optim.lr_scheduler.MultiplicativeLR, which takes functions only; a config file has expressions. The step is
    the number of calls of ``step()``.

    Formula:
        rate = base * lr_lambda(1) * lr_lambda(2) * ... * lr_lambda(step)

    Args:
        lr_lambda: the factor on the rate so far, finite and ≥ 0: an arithmetic expression in `epoch` or `step`, which
            both count the calls of ``step()`` from 0, or a function of that number. Or one for each group: a mapping
            from its name to the factor, or a list, where the groups are those of `param_groups` or were handed over.
    """

    lr_lambda: LRLambda = attrs.field(validator=expressions_evaluate(first=1))

    interval: ClassVar[str] = "epoch"
    example: ClassVar[Mapping[str, Any]] = {"lr_lambda": "0.95"}

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.MultiplicativeLR."""
        from torch.optim import lr_scheduler

        each = for_each_group(self.lr_lambda, optimizer, "MultiplicativeLR.lr_lambda")
        return lr_scheduler.MultiplicativeLR(optimizer, lr_lambda=lr_lambdas(each))
