"""The plugin class of ReduceLROnPlateau."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from optim_core.plugin_tools import FloorPerGroup, keyword_arguments, multiplied, rate_or_share
from optim_core.validators import each, in_range, non_negative

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["ReduceLROnPlateau"]


@attrs.frozen(kw_only=True)
class ReduceLROnPlateau:
    """Lower the rate when a metric has stopped improving; ``greedy`` also raises it: call ``step(metric)``.

    torch.optim.lr_scheduler.ReduceLROnPlateau, which transformers calls ``reduce_lr_on_plateau``, with `monitor` for
    training loops that step it themselves. What transformers takes as ``lr_scheduler_kwargs`` are the fields here.
    ``greedy`` also raises the rate while the metric improves.

    Formula:
        after more than patience calls in which the metric is not better than the best:
        rate = max(rate * factor, min_lr)

    Args:
        mode: "min" where a lower metric is better, "max" where a higher one is.
        factor: in (0, 1).
        patience: calls without improvement that are let pass, ≥ 0.
        threshold: by how much a metric must be better than the best, ≥ 0; below 1 for "min" with "rel".
        threshold_mode: whether `threshold` is a share of the best ("rel") or a difference from it ("abs").
        cooldown: calls after a reduction in which nothing is counted, ≥ 0.
        min_lr: the lowest rate, ≥ 0, or one for each group: a mapping from its name to the rate, or a list, where the
            groups are those of `param_groups` or were handed over. A single one is multiplied by the lr multiplier of a
            group that has one. ``"10%"`` is a share of the rate that the group starts from.
        eps: reductions smaller than this are left out, ≥ 0.
        monitor: name of the metric; null leaves it to the training loop.
    """

    mode: Literal["min", "max"] = "min"
    factor: float = attrs.field(default=0.1, validator=in_range(gt=0, lt=1))
    patience: int = attrs.field(default=10, validator=non_negative)
    threshold: float = attrs.field(default=1e-4, validator=non_negative)
    threshold_mode: Literal["rel", "abs"] = "rel"
    cooldown: int = attrs.field(default=0, validator=non_negative)
    min_lr: FloorPerGroup = attrs.field(default=0.0, validator=each(rate_or_share))
    eps: float = attrs.field(default=1e-8, validator=non_negative)
    monitor: str | None = None

    interval: ClassVar[str] = "epoch"

    @threshold.validator
    def _leaves_something_to_beat(self, attribute: attrs.Attribute[Any], value: float) -> None:
        if value >= 1 and (self.mode, self.threshold_mode) == ("min", "rel"):
            raise ValueError("must be < 1 with mode: min and threshold_mode: rel, or no metric is ever better")

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.ReduceLROnPlateau."""
        from torch.optim import lr_scheduler

        arguments = keyword_arguments(self, "monitor", "min_lr")
        min_lr = multiplied(self.min_lr, optimizer, "ReduceLROnPlateau.min_lr")
        return lr_scheduler.ReduceLROnPlateau(optimizer, min_lr=min_lr, **arguments)
