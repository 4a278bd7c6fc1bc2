"""How long a schedule is by its own config, where that says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optim_core import Duration, Horizon, SchedulerSpec

__all__ = ["fixed_length"]

# These fields mean the whole length, as torch, transformers and others call them.
WHOLE = ("total_steps", "num_training_steps", "max_epochs", "T_max", "total_iters")
STAGES = ("num_warmup_steps", "num_stable_steps", "num_decay_steps")


def fixed_length(spec: SchedulerSpec, horizon: Horizon) -> int | None:
    """Return the length in calls of ``step()``, None where the config leaves it open or the schedule has no end.

    Args:
        spec: the schedule.
        horizon: the run, in the unit of ``step()``.

    Raises:
        HorizonError: a length in the config depends on what `horizon` does not have.
    """
    config = spec.config
    parts = getattr(config, "schedulers", None)
    if isinstance(parts, Sequence) and parts and all(isinstance(part, SchedulerSpec) for part in parts):
        return _of_several(spec, parts, horizon)
    inner = getattr(config, "scheduler", None)
    if isinstance(inner, SchedulerSpec):
        return _sum([_steps(spec, "num_warmup_steps", horizon), fixed_length(inner, horizon)])
    for field in WHOLE:
        if getattr(config, field, None) is not None:
            return _steps(spec, field, horizon)
    if getattr(config, "epochs", None) is not None:
        return _of_epochs(spec, horizon)
    return _sum([_steps(spec, field, horizon) for field in STAGES])


def _steps(spec: SchedulerSpec, field: str, horizon: Horizon) -> int | None:
    value: Any = getattr(spec.config, field, None)
    if isinstance(value, Duration):
        return value.resolve(horizon, f"{spec.type}.{field}")
    return value if type(value) is int else None


def _sum(lengths: Sequence[int | None]) -> int | None:
    known = [length for length in lengths if length is not None]
    return sum(known) if len(known) == len(lengths) else None


def _of_several(spec: SchedulerSpec, parts: Sequence[SchedulerSpec], horizon: Horizon) -> int | None:
    """Return the length of a sequence, by durations or milestones, or the longest of schedules side by side."""
    durations = getattr(spec.config, "durations", None)
    milestones = getattr(spec.config, "milestones", None)
    if durations is not None:
        steps = [duration.resolve(horizon, f"{spec.type}.durations[{i}]") for i, duration in enumerate(durations)]
    elif milestones is not None:
        steps = list(milestones[-1:])
    else:
        return max((length for part in parts if (length := fixed_length(part, horizon)) is not None), default=None)
    if durations is not None and len(durations) == len(parts):
        return _sum(steps)
    return _sum([*steps, fixed_length(parts[-1], horizon)])


def _of_epochs(spec: SchedulerSpec, horizon: Horizon) -> int | None:
    """Return the length of a config that has ``epochs``, which counts epochs even where the schedule counts steps."""
    epochs: Any = spec.config.epochs
    if type(epochs) is int:
        epochs = Duration(epochs)
    if not isinstance(epochs, Duration):
        return None
    per_epoch = getattr(spec.config, "steps_per_epoch", None)
    if per_epoch is not None and not epochs.unit:
        return int(epochs.amount * per_epoch)
    return (epochs if epochs.unit else Duration(epochs.amount, "epochs")).resolve(horizon, f"{spec.type}.epochs")
