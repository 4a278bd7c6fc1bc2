"""The plugin class of LambdaLR."""

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

__all__ = ["LambdaLR"]


@attrs.frozen(kw_only=True)
class LambdaLR:
    """Set the rate to its start times a function of the step; ``MultiplicativeLR`` multiplies the last rate.

    torch.optim.lr_scheduler.LambdaLR, which takes functions only; a config file has expressions. The step is the number
    of calls of ``step()``.

    Formula:
        rate = base * lr_lambda(step)

    Args:
        lr_lambda: the factor on the start rate, finite and ≥ 0: an arithmetic expression in `epoch` or `step`, which
            both count the calls of ``step()`` from 0, or a function of that number. Or one for each group: a mapping
            from its name to the factor, or a list, where the groups are those of `param_groups` or were handed over.
    """

    lr_lambda: LRLambda = attrs.field(validator=expressions_evaluate(first=0))

    # The schedule sets the rate itself, and does not go on from the rate that another schedule left.
    sets_the_rate: ClassVar[bool] = True
    interval: ClassVar[str] = "epoch"
    example: ClassVar[Mapping[str, Any]] = {"lr_lambda": "0.95 ** epoch"}

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.LambdaLR."""
        from torch.optim import lr_scheduler

        each = for_each_group(self.lr_lambda, optimizer, "LambdaLR.lr_lambda")
        return lr_scheduler.LambdaLR(optimizer, lr_lambda=lr_lambdas(each))
