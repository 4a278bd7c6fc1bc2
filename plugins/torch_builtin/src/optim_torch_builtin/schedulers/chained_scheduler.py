"""The plugin class of ChainedScheduler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import Combined, one_interval
from optim_core.specs import SchedulerSpec
from optim_core.validators import FieldError, ItemsError

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["ChainedScheduler"]


def only_the_first_sets_the_rate(
    _instance: Any, _attribute: attrs.Attribute[Any], schedulers: list[SchedulerSpec]
) -> None:
    """Validate schedules that each go on from the rate that the one before left.

    Raises:
        ItemsError: one after the first sets the rate, whatever it was.
    """
    setting = [
        index
        for index, spec in enumerate(schedulers)
        if index and (spec.has_closed_form or getattr(spec.config, "sets_the_rate", False))
    ]
    if setting:
        raise ItemsError(
            {
                index: FieldError(
                    f"{schedulers[index].type} sets the rate, so that what stands before it would be lost",
                    "put it first, or take `sequential` for one schedule after another",
                )
                for index in setting
            }
        )


@attrs.frozen(kw_only=True)
class ChainedScheduler(Combined):
    """Several schedules at once, each on the rate that the last one left (torch); ``sequential`` is one by one.

    torch.optim.lr_scheduler.ChainedScheduler. Only schedules that multiply the rate so far combine. LambdaLR,
    CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR and closed forms such as ``cosine`` set it, which would undo what
    stands before them: they may come first and nowhere else. Whether ``step()``
    is called after steps or epochs is the same for all of them, and may be set for the whole.

    Formula:
        rate = base * f1(step) * f2(step) * ..., where each schedule multiplies by f

    Args:
        schedulers: at least one schedule, {type, config} each; none that waits for a metric.
    """

    schedulers: list[SchedulerSpec] = attrs.field(validator=[one_interval, only_the_first_sets_the_rate])

    example: ClassVar[Mapping[str, Any]] = {
        "schedulers": [
            {"type": "ConstantLR", "config": {"factor": 0.1, "total_iters": 5}},
            {"type": "ExponentialLR", "config": {"gamma": 0.95}},
        ]
    }

    def parts(self) -> list[SchedulerSpec]:
        """Return the schedules."""
        return self.schedulers

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.ChainedScheduler."""
        from torch.optim import lr_scheduler

        # Whether their lengths go with the run was looked at with those of the whole.
        schedulers = [spec.create_scheduler(optimizer, horizon=horizon, any_length=True) for spec in self.schedulers]
        return lr_scheduler.ChainedScheduler(schedulers, optimizer=optimizer)
