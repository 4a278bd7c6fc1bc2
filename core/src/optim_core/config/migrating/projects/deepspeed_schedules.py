"""DeepSpeed's schedules as factors of the highest rate that they set, step for step.

DeepSpeed sets absolute rates: what stands in the scheduler is in place of the optimizer's `lr`. Its count
is 0 after the first step, so that its warmups begin one step late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from optim_core.config.issues import ConfigPath
from optim_core.config.migrating.expressions import between, number, put_lambda, share
from optim_core.config.migrating.library_names import known_of_torch
from optim_core.config.migrating.named_components import put_component
from optim_core.config.migrating.source import Source
from optim_core.text.prose import listing
from optim_core.text.values import shown

__all__ = ["put_schedule"]

_AT: ConfigPath = ("scheduler", "params")


def put_schedule(source: Source, name: str, params: Mapping[str, Any]) -> None:
    """Put the schedule of this name, one of DeepSpeed's or of torch's, which it steps after each optimizer step."""
    reader = _READERS.get(name)
    if reader is not None:
        reader(source, params)
        return
    known = known_of_torch(name, "scheduler")
    if known is None:
        source.no_equal(("scheduler", "type"), f"the scheduler {name}", f"DeepSpeed has {listing(_READERS)}")
        return
    put_component(source, ("scheduler",), known, params, _AT)
    source.put(("scheduler", "interval"), "step")
    source.assume("scheduler.interval: step, as DeepSpeed steps every schedule")


def _value(source: Source, params: Mapping[str, Any], key: str, default: float | None) -> Any:
    """Return a number of the params; one for each group has no equal."""
    if isinstance(params.get(key), list):
        source.no_equal((*_AT, key), "a value for each parameter group", "write one number")
        return default
    because = "DeepSpeed's default" if default is not None else ""
    value = source.number(*_AT, key, default=default, because=because)
    if value is None and (default is not None or key not in params):
        source.wrong((*_AT, key), "is needed, and missing")
    return value


def _only(source: Source, params: Mapping[str, Any], *allowed: str) -> None:
    for key in params:
        if key == "last_batch_iteration":
            source.refuse_unless(*_AT, key, allowed=(-1,), why="a run goes on from its checkpoint")
        elif key not in allowed:
            source.wrong((*_AT, key), "is no parameter of this schedule", f"it has {listing(allowed)}")


def _rate(source: Source, rate: float, path: ConfigPath) -> None:
    """Let the optimizer have the highest rate of the schedule, which DeepSpeed sets in its place."""
    given = source.recipe.get("optimizer", {}).get("config", {}).get("lr")
    source.put(("optimizer", "config", "lr"), rate, path)
    source.assumed[:] = [said for said in source.assumed if not said.startswith("lr: ")]
    if given is not None and given != rate:
        source.assume(f"lr: {number(rate)}, which the schedule sets in place of the optimizer's {shown(given)}")


def _warmup_type(source: Source) -> str:
    """Return how the rate rises: what DeepSpeed does not know rises as "log"."""
    how = source.text(*_AT, "warmup_type", default="log", because="DeepSpeed's default")
    if how not in ("log", "linear"):
        source.no_equal((*_AT, "warmup_type"), f"a warmup of the type {shown(how)}", "log and linear are known")
    return how or "log"


def _warmup_length(source: Source, params: Mapping[str, Any]) -> int | None:
    length = _value(source, params, "warmup_num_steps", 1000)
    if length is not None and (length < 1 or int(length) != length):
        source.wrong((*_AT, "warmup_num_steps"), f"must be a whole number > 0, is {shown(length)}")
        return None
    return None if length is None else max(2, int(length))


def _rise(how: str, length: int) -> str:
    """Return the factor of DeepSpeed's warmups from 0 to 1, which stays at 1."""
    if how == "linear":
        return f"min(1, max(0, step - 1) / {length})"
    return f"min(1, log(max(1, step)) / log({length}))"


def _warmup(source: Source, params: Mapping[str, Any]) -> None:
    _only(source, params, "warmup_min_lr", "warmup_max_lr", "warmup_num_steps", "warmup_type")
    if params.get("warmup_max_lr") is None:
        source.take(*_AT, "warmup_max_lr")
        highest = source.recipe.get("optimizer", {}).get("config", {}).get("lr")
        if highest is None:
            source.wrong((*_AT, "warmup_max_lr"), "is missing, and the optimizer has no lr either")
    else:
        highest = _value(source, params, "warmup_max_lr", None)
    _put_warmup(source, params, highest, "{rise}")


def _warmup_decay(source: Source, params: Mapping[str, Any]) -> None:
    _only(source, params, "total_num_steps", "warmup_min_lr", "warmup_max_lr", "warmup_num_steps", "warmup_type")
    total = _value(source, params, "total_num_steps", None)
    highest = _value(source, params, "warmup_max_lr", 0.001)
    if total is not None:
        template = (
            f"{{rise}} if step <= {{length}} else max(0, ({int(total) + 1} - step) / max(1, {int(total)} - {{length}}))"
        )
        _put_warmup(source, params, highest, template)


def _put_warmup(source: Source, params: Mapping[str, Any], highest: Any, template: str) -> None:
    lowest = _value(source, params, "warmup_min_lr", 0.0)
    how, length = _warmup_type(source), _warmup_length(source, params)
    if source.problems or length is None or None in (lowest, highest):
        return
    if highest <= 0:
        source.wrong((*_AT, "warmup_max_lr"), f"must be > 0, is {shown(highest)}")
        return
    factor = template.format(rise=_rise(how, length), length=length)
    _rate(source, highest, (*_AT, "warmup_max_lr"))
    put_lambda(source, between(share(lowest, highest), factor), "step", _AT)


def _warmup_cosine(source: Source, params: Mapping[str, Any]) -> None:
    _only(source, params, "total_num_steps", "warmup_min_ratio", "warmup_num_steps", "cos_min_ratio", "warmup_type")
    total = _value(source, params, "total_num_steps", None)
    first, last = _value(source, params, "warmup_min_ratio", 0.0), _value(source, params, "cos_min_ratio", 0.0001)
    how, length = _warmup_type(source), _warmup_length(source, params)
    if source.problems or length is None or None in (total, first, last):
        return
    rise = between(number(first), _rise(how, length))
    # Before its first step DeepSpeed sets 0, whatever the warmup begins with.
    rise = rise if not first else f"0 if step < 1 else {rise}"
    progress = f"min(1, (step - {length}) / {max(1, int(total) - length)})"
    fall = between(number(last), f"(1 + cos(pi * {progress})) / 2")
    put_lambda(source, f"({rise}) if step <= {length} else {fall}", "step", _AT)


def _one_cycle(source: Source, params: Mapping[str, Any]) -> None:
    _only(
        source,
        params,
        *("cycle_min_lr", "cycle_max_lr", "decay_lr_rate", "cycle_first_step_size", "cycle_second_step_size"),
        *("cycle_first_stair_count", "cycle_second_stair_count", "decay_step_size", "cycle_momentum"),
        *("cycle_min_mom", "cycle_max_mom", "decay_mom_rate"),
    )
    for key in ("cycle_first_stair_count", "cycle_second_stair_count"):
        source.refuse_unless(*_AT, key, allowed=(0, None), why="a rate that rises in stairs")
    if source.flag(*_AT, "cycle_momentum", default=True):
        hint = "write `cycle_momentum: false`, or write the schedule by hand"
        source.no_equal((*_AT, "cycle_momentum"), "true, its default, which moves the first of betas", hint)
    for key in ("cycle_min_mom", "cycle_max_mom", "decay_mom_rate"):
        source.take(*_AT, key)
    lowest, highest = _value(source, params, "cycle_min_lr", None), _value(source, params, "cycle_max_lr", None)
    up = _value(source, params, "cycle_first_step_size", 2000)
    down = up if params.get("cycle_second_step_size") is None else _value(source, params, "cycle_second_step_size", up)
    rate, every = _value(source, params, "decay_lr_rate", 0.0), _value(source, params, "decay_step_size", 0)
    source.take(*_AT, "cycle_second_step_size")
    if source.problems or None in (lowest, highest, up, down):
        return
    if up <= 0 or down <= 0 or highest <= 0:
        source.wrong(_AT, "must have steps up and down, and a rate between, above 0")
        return
    floor, end = share(lowest, highest), number(up + down)
    cycle = between(floor, f"max(0, min(step / {number(up)}, ({end} - step) / {number(down)}))")
    if rate and every:
        cycle = f"{cycle} if step <= {end} else {floor} / (1 + {number(rate / every)} * (step - {end}))"
    _rate(source, highest, (*_AT, "cycle_max_lr"))
    put_lambda(source, cycle, "step", _AT)


def _range_test(source: Source, params: Mapping[str, Any]) -> None:
    names = ("min_lr", "step_size", "step_rate", "staircase")
    _only(source, params, *(f"lr_range_test_{name}" for name in names))
    first = _value(source, params, "lr_range_test_min_lr", 1e-3)
    size, rate = (
        _value(source, params, "lr_range_test_step_size", 2000),
        _value(source, params, "lr_range_test_step_rate", 1.0),
    )
    stairs = source.flag(*_AT, "lr_range_test_staircase", default=False)
    if source.problems:
        return
    _rate(source, first, (*_AT, "lr_range_test_min_lr"))
    passed = f"floor(step / {number(size)})" if stairs else f"step / {number(size)}"
    put_lambda(source, f"1 + {number(rate)} * {passed}", "step", _AT)


_READERS: dict[str, Callable[[Source, Mapping[str, Any]], None]] = {
    "WarmupLR": _warmup,
    "WarmupDecayLR": _warmup_decay,
    "WarmupCosineLR": _warmup_cosine,
    "OneCycle": _one_cycle,
    "LRRangeTest": _range_test,
}
