"""The plugin class of CyclicLR."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from optim_core.plugin_tools import PerGroup, for_each_group, keyword_arguments, multiplied
from optim_core.validators import each, fraction, non_negative, positive
from optim_torch_builtin.arguments import not_above

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["CyclicLR"]


@attrs.frozen(kw_only=True)
class CyclicLR:
    """Up and down between two bounds, again and again (Smith 2015, arXiv:1506.01186); ``OneCycleLR`` does so once.

    torch.optim.lr_scheduler.CyclicLR. The optimizer's own rate is replaced by `base_lr`. A number given for all groups
    as `base_lr` or `max_lr` is multiplied by the lr multiplier of a group that has one. One for each group is a mapping
    from its name to the value, or a list, where the groups are those of `param_groups` or were handed over.

    Formula:
        p = share of this cycle's rise or fall that is over
        x = p in the rise, 1 - p in the fall
        rate = base_lr + (max_lr - base_lr) * x * s
        s = 1 (triangular), 1 / 2 ** (cycle - 1) (triangular2), gamma ** step (exp_range)

    Args:
        base_lr: lower bound, ≥ 0 and ≤ `max_lr`, or one for each group.
        max_lr: upper bound, > 0, or one for each group.
        step_size_up: calls of ``step()`` from `base_lr` to `max_lr`, ≥ 1.
        step_size_down: calls of ``step()`` back, ≥ 0; null is `step_size_up`.
        mode: "triangular"; "triangular2" halves the height after each cycle; "exp_range" multiplies it by
            ``gamma ** t``.
        gamma: for "exp_range", > 0.
        scale_fn: a function of the cycle or of t, from Python only; it replaces `mode`.
        scale_mode: whether `scale_fn` is given the cycle, counted from 1, or the number of calls of ``step()``.
        cycle_momentum: move momentum, or the first beta, the opposite way; the optimizer must have one of them.
        base_momentum: momentum where the rate is highest, in [0, 1), or one for each group.
        max_momentum: momentum where the rate is lowest, in [0, 1), or one for each group.
    """

    base_lr: PerGroup = attrs.field(validator=attrs.validators.and_(each(non_negative), not_above("max_lr")))
    max_lr: PerGroup = attrs.field(validator=each(positive))
    step_size_up: int = attrs.field(default=2000, validator=positive)
    step_size_down: int | None = attrs.field(default=None, validator=attrs.validators.optional(non_negative))
    mode: Literal["triangular", "triangular2", "exp_range"] = "triangular"
    gamma: float = attrs.field(default=1.0, validator=positive)
    scale_fn: Callable[[float], float] | None = None
    scale_mode: Literal["cycle", "iterations"] = "cycle"
    cycle_momentum: bool = True
    base_momentum: PerGroup = attrs.field(
        default=0.8, validator=attrs.validators.and_(each(fraction), not_above("max_momentum"))
    )
    max_momentum: PerGroup = attrs.field(default=0.9, validator=each(fraction))

    # The schedule sets the rate itself, and does not go on from the rate that another schedule left.
    sets_the_rate: ClassVar[bool] = True
    interval: ClassVar[str] = "step"
    example: ClassVar[Mapping[str, Any]] = {"base_lr": 1e-4, "max_lr": 1e-2, "step_size_up": 500}

    conformance: ClassVar[Mapping[str, str]] = {
        "fields.scale_mode": "differs: it is for a `scale_fn`, which a config file cannot hold",
    }

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.CyclicLR."""
        from torch.optim import lr_scheduler

        return lr_scheduler.CyclicLR(
            optimizer,
            base_lr=multiplied(self.base_lr, optimizer, "CyclicLR.base_lr"),
            max_lr=multiplied(self.max_lr, optimizer, "CyclicLR.max_lr"),
            base_momentum=for_each_group(self.base_momentum, optimizer, "CyclicLR.base_momentum"),
            max_momentum=for_each_group(self.max_momentum, optimizer, "CyclicLR.max_momentum"),
            **keyword_arguments(self, "base_lr", "max_lr", "base_momentum", "max_momentum"),
        )
