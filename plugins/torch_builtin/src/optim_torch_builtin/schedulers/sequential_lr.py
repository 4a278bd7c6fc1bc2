"""The plugin class of SequentialLR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core.plugin_tools import Combined, one_interval
from optim_core.specs import SchedulerSpec
from optim_core.validators import FieldError, ItemsError
from optim_torch_builtin.arguments import increasing

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core import Horizon

__all__ = ["SequentialLR"]


@attrs.frozen(kw_only=True)
class SequentialLR(Combined):
    """One schedule after another, at milestones in calls (torch); ``sequential`` has lengths such as ``60%``.

    torch.optim.lr_scheduler.SequentialLR. Each schedule starts from the optimizer's rate, not from where the one
    before it ended. Whether ``step()`` is called after steps or epochs is the same for all of
    them, and may be set for the whole.

    Formula:
        rate = rate of schedule i at its own step: step - milestones[i - 1],
        where i is the number of milestones ≤ step

    Args:
        schedulers: at least one schedule, {type, config} each; none that waits for a metric, and none that combines
            schedules itself, which torch starts one step early or cannot start at all.
        milestones: the call of ``step()`` at which each schedule but the first takes over, each > 0 and above the one
            before.
    """

    schedulers: list[SchedulerSpec] = attrs.field(validator=one_interval)
    milestones: list[int] = attrs.field(validator=increasing)

    lengths: ClassVar[Mapping[str, str]] = {"milestones": "point"}
    example: ClassVar[Mapping[str, Any]] = {
        "schedulers": [
            {"type": "LinearLR", "config": {"start_factor": 0.1, "total_iters": 5}},
            {"type": "CosineAnnealingLR", "config": {"T_max": 95}},
        ],
        "milestones": [5],
    }

    @schedulers.validator
    def _can_be_started_later(self, attribute: attrs.Attribute[Any], value: list[SchedulerSpec]) -> None:
        wrong: dict[int, ValueError] = {
            index: FieldError(
                f"{spec.type} combines schedules itself, which torch cannot start in a sequence",
                "list single schedules, or put the sequence into a ChainedScheduler",
            )
            for index, spec in enumerate(value)
            if hasattr(spec.config, "schedulers")
        }
        if wrong:
            raise ItemsError(wrong)

    @milestones.validator
    def _one_between_each_two(self, attribute: attrs.Attribute[Any], value: list[int]) -> None:
        wanted = len(self.schedulers) - 1
        if wanted >= 0 and len(value) != wanted:
            raise FieldError(
                f"must be one fewer than the schedulers, {wanted}, has {len(value)}",
                "each says when the schedule after the first, second, … takes over",
            )

    def parts(self) -> list[SchedulerSpec]:
        """Return the schedules."""
        return self.schedulers

    def build(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        """Make a torch.optim.lr_scheduler.SequentialLR."""
        from torch.optim import lr_scheduler

        # Whether their lengths go with the run was looked at with those of the whole.
        schedulers = [spec.create_scheduler(optimizer, horizon=horizon, any_length=True) for spec in self.schedulers]
        return lr_scheduler.SequentialLR(optimizer, schedulers, milestones=list(self.milestones))
