"""Whether a schedule is another one in a run of another length."""

from __future__ import annotations

import dis
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optim_core.errors import OptimError
from optim_core.run.horizon import Horizon
from optim_core.run.stepping import has_closed_form

if TYPE_CHECKING:
    from optim_core.specs import SchedulerSpec

__all__ = ["differs"]

_PARTS = 64


def differs(spec: SchedulerSpec, saved: Mapping[str, int | None], now: Mapping[str, int | None]) -> bool:
    """Tell whether a schedule may have other rates in a run of one length than in one of another.

    Of a closed form the rates are compared. Any other schedule is the same where it waits for a metric, or where its
    `build` never looks at the horizon.

    Args:
        spec: the schedule.
        saved: the numbers of the `Horizon` of one run.
        now: those of the other.
    """
    if saved == now or spec.waits_for_metric:
        return False
    if has_closed_form(spec.config):
        before, after = _horizon(saved), _horizon(now)
        last = max(before.total_steps or 0, after.total_steps or 0, 1)
        steps = sorted({last * part // _PARTS for part in range(_PARTS + 1)})
        return _rates(spec, steps, before) != _rates(spec, steps, after)
    return _reads_horizon(type(spec.config))


def _rates(spec: SchedulerSpec, steps: list[int], horizon: Horizon) -> list[float] | str:
    try:
        rates: list[float] = spec.curve(steps, base_lr=1.0, horizon=horizon).tolist()
    except OptimError as error:
        return str(error)
    return rates


def _reads_horizon(cls: type[Any]) -> bool:
    """Tell whether the `build` of a plugin class does anything with the length of the run."""
    code = getattr(cls.build, "__code__", None)
    if code is None:
        return True
    name = code.co_varnames[2]
    return any(step.argval == name for step in dis.get_instructions(code))


def _horizon(lengths: Mapping[str, int | None]) -> Horizon:
    return Horizon(
        total_steps=lengths["total_steps"], steps_per_epoch=lengths["steps_per_epoch"], epochs=lengths["epochs"]
    )
