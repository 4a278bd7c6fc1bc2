"""The plugin class of sequential."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from optim_core import Duration, Horizon
from optim_core.errors import HorizonError
from optim_core.plugin_tools import one_interval
from optim_core.specs import SchedulerSpec
from optim_core.validators import FieldError, ItemsError
from optim_schedules.combination import Combination, curve_of
from optim_schedules.curves.curve import Curve

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

__all__ = ["Sequential"]


def _durations(values: Any) -> Any:
    return [Duration.of(value) for value in values]


@attrs.frozen(kw_only=True)
class Sequential(Combination):
    """Any schedules one after another, each with a length of its own; ``SequentialLR`` counts milestones in calls.

    Each starts at its own step 0 and from the optimizer's rate, and where its config leaves its length open, has
    its duration: a share such as ``num_warmup_steps: 5%`` in it is a share of that. torch's SequentialLR counts
    milestones in calls, knows no lengths, and cannot nest.

    Formula:
        rate = rate of schedule i at its own step: step - durations[0] - ... - durations[i - 1]

    Args:
        schedulers: at least one schedule, {type, config} each, torch's own too; none that waits for a metric.
        durations: how long each lasts: steps, ``"70%"`` of the run, or ``"2 epochs"``, > 0; the last may be left out
            and then has the rest of the run. It goes on beyond its duration, if the run does.
    """

    schedulers: list[SchedulerSpec] = attrs.field(validator=one_interval)
    durations: list[Duration] = attrs.field(converter=_durations)

    example: ClassVar[Mapping[str, Any]] = {
        "schedulers": [
            {"type": "constant_with_warmup", "config": {"num_warmup_steps": 500}},
            {"type": "cosine", "config": {"eta_min": 1e-6}},
        ],
        "durations": ["80%"],
    }

    @durations.validator
    def _one_for_each(self, attribute: attrs.Attribute[Any], value: list[Duration]) -> None:
        wanted = len(self.schedulers)
        if len(value) not in (wanted - 1, wanted):
            raise FieldError(
                f"must be as many as the schedulers, {wanted}, or one fewer, are {len(value)}",
                "each says how long the first, second, … schedule lasts",
            )
        empty = {
            index: FieldError(f"must be > 0, is {duration}")
            for index, duration in enumerate(value)
            if not duration.amount
        }
        if empty:
            raise ItemsError(empty)

    def parts(self) -> Sequence[SchedulerSpec]:
        return self.schedulers

    def _places(self, horizon: Horizon) -> tuple[list[int], list[Horizon]]:
        """Return the step at which each schedule starts, and the part of the run that it has."""
        total = horizon.total_steps
        starts, parts, begin = [0], [], 0
        for index, duration in enumerate(self.durations):
            steps = duration.resolve(horizon, f"sequential.durations[{index}]")
            parts.append(horizon.part(steps))
            begin += steps
            starts.append(begin)
        if len(parts) == len(self.schedulers):
            starts.pop()
        if total is not None and starts[-1] >= total:
            late = next(index for index, start in enumerate(starts) if start >= total)
            raise HorizonError(
                f"sequential: schedulers[{late}], {self.schedulers[late].type}, would start at step {starts[late]} of "
                f"a run of {total}; shorten the durations before it"
            )
        if len(parts) < len(self.schedulers):
            parts.append(horizon.part(None if total is None else total - begin))
        return starts, parts

    def combined(self, horizon: Horizon) -> Curve:
        starts, parts = self._places(horizon)
        return Curve.chain([curve_of(*each) for each in zip(self.schedulers, parts, strict=True)], starts)

    def stepped(self, optimizer: Optimizer, horizon: Horizon) -> LRScheduler:
        from optim_schedules.live.sequence_lr import SequenceLR

        starts, parts = self._places(horizon)
        makers = [partial(spec.build_for, horizon=part) for spec, part in zip(self.schedulers, parts, strict=True)]
        return SequenceLR(optimizer, makers, starts)
