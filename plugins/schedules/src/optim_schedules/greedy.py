"""The plugin class of greedy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import attrs

from optim_core import Horizon
from optim_core.plugin_tools import FloorPerGroup, PerGroup, keyword_arguments, multiplied, rate_or_share
from optim_core.validators import each, in_range, non_negative, positive
from optim_schedules.curves.floors import absolute

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["Greedy"]


@attrs.frozen(kw_only=True)
class Greedy:
    """Raise the rate while a metric improves, else lower it; ``ReduceLROnPlateau`` only lowers: ``step(metric)``.

    GreedyLR, arXiv:2512.14527. transformers' ``greedy``. After more than `patience` improvements in a row the rate is
    divided by `factor`, after more than `patience` calls without one it is multiplied by it. ``reduce_lr_on_plateau``
    only ever lowers it.

    huggingface.co/docs/transformers/main_classes/optimizer_schedules

    Formula:
        after more than patience improvements in a row: rate = min(rate / factor, max_lr)
        after more than patience calls without one: rate = max(rate * factor, min_lr)

    Args:
        mode: "min" where a lower metric is better, "max" where a higher one is.
        factor: in (0, 1).
        patience: calls of one kind that are let pass before the rate changes, ≥ 0.
        threshold: by how much a metric must be better than the best, ≥ 0.
        threshold_mode: whether `threshold` is a share of the best ("rel") or a difference from it ("abs").
        cooldown: calls after a reduction in which nothing is counted, ≥ 0.
        warmup: calls after a raise in which nothing is counted, ≥ 0.
        min_lr: the lowest rate, ≥ 0, or one for each group: a mapping from its name to the rate, or a list, where the
            groups are those of `param_groups` or were handed over. A single one is multiplied by the lr multiplier of a
            group that has one. ``"10%"`` is a share of the group's base rate. A base rate below it is not lowered.
        max_lr: the highest rate, > 0, at least `min_lr`, likewise.
        eps: changes smaller than this are left out, ≥ 0.
        verbose: print a line for each change.
        smooth: compare the mean of the last `window_size` metrics, not the last metric.
        window_size: > 0.
        reset_start: reductions at the lowest rate after which the schedule starts again from the base rate, ≥ 0.
        monitor: name of the metric; null leaves it to the training loop.
    """

    mode: Literal["min", "max"] = "min"
    factor: float = attrs.field(default=0.95, validator=in_range(gt=0, lt=1))
    patience: int = attrs.field(default=10, validator=non_negative)
    threshold: float = attrs.field(default=1e-6, validator=non_negative)
    threshold_mode: Literal["rel", "abs"] = "abs"
    cooldown: int = attrs.field(default=0, validator=non_negative)
    warmup: int = attrs.field(default=0, validator=non_negative)
    min_lr: FloorPerGroup = attrs.field(default=1e-3, validator=each(rate_or_share))
    max_lr: PerGroup = attrs.field(default=1.0, validator=each(positive))
    eps: float = attrs.field(default=1e-8, validator=non_negative)
    verbose: bool = False
    smooth: bool = False
    window_size: int = attrs.field(default=50, validator=positive)
    reset_start: int = attrs.field(default=500, validator=non_negative)
    monitor: str | None = None

    interval: ClassVar[str] = "epoch"
    lengths: ClassVar[Mapping[str, str]] = {"warmup": "warmup"}
    example: ClassVar[Mapping[str, Any]] = {"patience": 5, "min_lr": 1e-5, "max_lr": 1e-3, "monitor": "val_loss"}

    conformance: ClassVar[Mapping[str, str]] = {
        "fields.reset_start": "differs: it acts after hundreds of reductions at the lowest rate",
        "fields.verbose": "differs: it prints, and does nothing else",
    }

    @max_lr.validator
    def _not_below_the_lowest(self, attribute: attrs.Attribute[Any], value: PerGroup) -> None:
        lowest = self.min_lr
        if isinstance(value, dict) and isinstance(lowest, dict):
            pairs = [(absolute(lowest.get(name)), high) for name, high in value.items()]
        else:
            # What a share is depends on the rate of a group.
            lows, highs = [absolute(low) for low in _each(lowest)], _each(value)
            pairs = [(max(lows, default=0.0), min(highs, default=0.0))]
        if any(high < low for low, high in pairs):
            raise ValueError(f"must be ≥ min_lr, which is {self.min_lr!r}, is {value!r}")

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.ReduceLROnPlateau that also raises the rate."""
        from optim_schedules.live.greedy_lr import GreedyLR

        return GreedyLR(
            optimizer,
            min_lr=multiplied(self.min_lr, optimizer, "greedy.min_lr"),
            max_lr=multiplied(self.max_lr, optimizer, "greedy.max_lr"),
            make=partial(self.build, horizon=horizon),
            **keyword_arguments(self, "min_lr", "max_lr", "monitor"),
        )


def _each(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
