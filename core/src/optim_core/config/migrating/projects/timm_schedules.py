"""timm's schedules. Its warmup takes the place of a schedule's first epochs, and that goes on as if from epoch 0.

Only with `warmup_prefix`, or without a warmup, is that `warmup` around a schedule of ours; else it is an expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from optim_core.config.migrating.expressions import between, number, put_lambda, share
from optim_core.config.migrating.library_names import SCHEDULES, TORCH, qualified
from optim_core.config.migrating.source import MISSING, Source
from optim_core.text.prose import listing
from optim_core.text.values import is_list, shown

__all__ = ["put_schedule"]

_WHY = "the default of timm's train.py"
_AT = ("sched",)


class _Times(NamedTuple):
    """What all of timm's schedules have.

    Args:
        rate: the rate, above 0.
        epochs: the length without cooldown, and without the warmup where that is a prefix.
        warmup: epochs of the warmup.
        first: the rate at which it begins.
        lowest: the rate at the end.
        prefix: the schedule begins behind the warmup.
        by_updates: it is stepped after each update, and its lengths are epochs all the same.
        power: what progress is raised to, 1 for none.
    """

    rate: float
    epochs: float
    warmup: float
    first: float
    lowest: float
    prefix: bool
    by_updates: bool
    power: float

    @property
    def time(self) -> str:
        """The time of the schedule behind the warmup, as an expression."""
        return f"(step - {number(self.warmup)})" if self.prefix and self.warmup else "step"

    @property
    def floor(self) -> str:
        return share(self.lowest, self.rate)

    @property
    def plain(self) -> bool:
        """Whether a schedule of ours, with `warmup` around it, is the same."""
        return (self.prefix or not self.warmup) and (not self.warmup or self.first < self.rate)


def put_schedule(source: Source, rate: float) -> None:
    """Put the schedule that timm makes of its arguments for this rate."""
    name = source.text("sched", default="cosine", because=_WHY) or "none"
    reader = _READERS.get(name)
    times = _times(source, rate, name)
    _refuse_the_rest(source)
    if name == "none":
        return
    if reader is None:
        source.no_equal(_AT, f"timm's schedule {name}", f"those that have are {listing([*_READERS, 'none'])}")
    elif times is not None:
        reader(source, times)


def _times(source: Source, rate: float, name: str) -> _Times | None:
    ends = name in ("cosine", "tanh", "poly")
    epochs = source.number("epochs", default=300, because=_WHY if ends else "")
    warmup = source.number("warmup_epochs", default=5, because=_WHY if name != "none" else "")
    first = source.number("warmup_lr", default=1e-5, because=_WHY if warmup and name != "none" else "")
    lowest = source.number("min_lr", default=0.0, because=_WHY if ends or name == "plateau" else "")
    power = source.number("lr_k_decay", default=1.0)
    for key in ("cooldown_epochs", "patience_epochs", "decay_rate", "decay_epochs", "decay_milestones"):
        source.take(key)
    prefix, updates = source.flag("warmup_prefix", default=False), source.flag("sched_on_updates", default=False)
    if epochs is None or warmup is None or first is None or lowest is None:
        source.wrong(_AT, "has no number for one of epochs, warmup_epochs, warmup_lr and min_lr")
        return None
    if ends and (epochs <= 0 or lowest > rate):
        source.wrong(("epochs",), "must be > 0, with a min_lr up to lr")
        return None
    return _Times(rate, epochs, warmup, first, lowest, prefix, updates, 1.0 if power is None else power)


def _refuse_the_rest(source: Source) -> None:
    """Refuse noise and cycles, which no schedule here has in timm's form."""
    source.refuse_unless("lr_noise", allowed=(None,), why="a rate with noise")
    source.refuse_unless("lr_cycle_limit", allowed=(None, 0, 1), why="cycles whose heights fall")
    for key in ("lr_noise_pct", "lr_noise_std", "lr_cycle_mul", "lr_cycle_decay"):
        # Without noise and cycles they do nothing.
        source.take(key)


# -- into the recipe ---------------------------------------------------------------------------------------------


def _put_plain(source: Source, times: _Times, known: str, config: dict[str, Any]) -> None:
    """Put a schedule of ours, with `warmup` around it where there is one."""
    interval = "step" if times.by_updates else "epoch"
    schedule: dict[str, Any] = {"type": known, "config": config}
    if times.warmup:
        around = {
            "scheduler": {**schedule, "interval": interval},
            "num_warmup_steps": _length(times, times.warmup),
            "start_factor": times.first / times.rate,
        }
        schedule = {"type": qualified(SCHEDULES, "warmup"), "config": around}
    source.put(("scheduler",), {**schedule, "interval": interval}, _AT)


def _length(times: _Times, epochs: float) -> Any:
    """Return a number of epochs for a schedule that is stepped once an epoch, or after each update."""
    return f"{number(epochs)} epochs" if times.by_updates else epochs


def _put_expression(source: Source, times: _Times, fall: str, peak: str = "1") -> None:
    """Put an expression that rises to `peak` in the warmup, and is `fall` behind it."""
    if times.by_updates:
        hint = "write `sched_on_updates: false`, or the schedule by hand"
        source.no_equal(
            ("sched_on_updates",), "this schedule by updates, of which an epoch has who knows how many,", hint
        )
        return
    if not times.warmup:
        put_lambda(source, fall, "epoch", _AT)
        return
    first, length = share(times.first, times.rate), number(times.warmup)
    rise = f"step / {length}" if peak == "1" else f"{peak} * step / {length}"
    if first != "0":
        rise = f"{first} + ({peak} - {first}) * step / {length}"
    put_lambda(source, f"{rise} if step < {length} else {fall}", "epoch", _AT)


def _until_the_end(times: _Times, factor: str) -> str:
    """Return a factor that falls to the floor in all epochs, and stays there."""
    return f"({between(times.floor, factor)} if {times.time} < {number(times.epochs)} else {times.floor})"


def _progress(times: _Times) -> str:
    share_of_all = f"{times.time} / {number(times.epochs)}"
    return share_of_all if times.power == 1 else f"({share_of_all}) ** {number(times.power)}"


# -- each --------------------------------------------------------------------------------------------------------


def _cosine(source: Source, times: _Times) -> None:
    if times.plain and times.power == 1:
        config = {"num_training_steps": _length(times, times.epochs), "eta_min": times.lowest}
        _put_plain(source, times, qualified(SCHEDULES, "cosine"), config)
        return
    progress = _progress(times)
    progress = f"({progress})" if times.power != 1 else progress
    _put_expression(source, times, _until_the_end(times, f"(1 + cos(pi * {progress})) / 2"))


def _poly(source: Source, times: _Times) -> None:
    power = _decay_rate(source)
    if times.plain and times.power == 1:
        config = {"num_training_steps": _length(times, times.epochs), "lr_end": times.lowest, "power": power}
        _put_plain(source, times, qualified(SCHEDULES, "polynomial"), config)
        return
    factor = f"(1 - {_progress(times)}) ** {number(power)}"
    _put_expression(source, times, _until_the_end(times, factor))


def _tanh(source: Source, times: _Times) -> None:
    # 1 - tanh(x) is 2 / (1 + e^2x), and x goes from -7 to 3.
    fall = _until_the_end(times, f"1 / (1 + exp(20 * {times.time} / {number(times.epochs)} - 14))")
    peak = "1"
    if times.warmup and not times.prefix:
        floor = times.lowest / times.rate
        peak = repr(floor + (1 - floor) / (1 + math.exp(20 * times.warmup / times.epochs - 14)))
    _put_expression(source, times, fall, peak)


def _step(source: Source, times: _Times) -> None:
    every = source.number("decay_epochs", default=90, because=_WHY)
    gamma = _decay_rate(source)
    if every is None or every <= 0:
        source.wrong(("decay_epochs",), f"must be > 0, is {shown(every)}")
    elif not times.warmup and float(every).is_integer() and gamma <= 1 and not times.by_updates:
        _put_plain(source, times, qualified(TORCH, "StepLR"), {"step_size": int(every), "gamma": gamma})
    else:
        _put_expression(source, times, f"{number(gamma)} ** ({times.time} // {number(every)})")


def _multistep(source: Source, times: _Times) -> None:
    given = source.take("decay_milestones")
    if given is MISSING:
        given = [90, 180, 270]
        source.assume(f"decay_milestones: {given}, {_WHY}")
    gamma = _decay_rate(source)
    if not is_list(given) or not given or not all(isinstance(each, int) and each > 0 for each in given):
        source.wrong(("decay_milestones",), f"must be epochs > 0, is {shown(given)}")
        return
    # timm decays an epoch earlier than torch: milestone 30 is epoch 29.
    places = [each - 1 for each in sorted(given)]
    if not times.warmup and places[0] > 0 and len(set(places)) == len(places) and not times.by_updates:
        source.assume("milestones: each one less than in the file, as timm decays one epoch before a milestone")
        _put_plain(source, times, qualified(TORCH, "MultiStepLR"), {"milestones": places, "gamma": gamma})
        return
    passed = " + ".join(f"({times.time} >= {place})" for place in places)
    _put_expression(source, times, f"{number(gamma)} ** ({passed})")


def _constant(source: Source, times: _Times) -> None:
    if not times.warmup:
        return
    if times.first < times.rate:
        _put_plain(source, times, qualified(SCHEDULES, "constant"), {})
    else:
        _put_expression(source, times, "1")


def _plateau(source: Source, times: _Times) -> None:
    metric = source.text("eval_metric", default="top1", because=_WHY) or "top1"
    patience = source.number("patience_epochs", default=10, because=_WHY)
    config = {
        "mode": "min" if "loss" in metric else "max",
        "factor": _decay_rate(source),
        "patience": patience,
        "min_lr": times.lowest,
        "monitor": metric,
    }
    if times.by_updates:
        source.no_equal(("sched_on_updates",), "plateau by updates", "timm refuses it, too")
    elif times.warmup and times.first >= times.rate:
        source.no_equal(("warmup_lr",), "a warmup that falls before plateau")
    else:
        _put_plain(source, times, qualified(TORCH, "ReduceLROnPlateau"), config)


def _decay_rate(source: Source) -> float:
    rate = source.number("decay_rate", default=0.1, because=_WHY)
    return 0.1 if rate is None else rate


_READERS: dict[str, Callable[[Source, _Times], None]] = {
    "cosine": _cosine,
    "tanh": _tanh,
    "poly": _poly,
    "step": _step,
    "multistep": _multistep,
    "plateau": _plateau,
    "constant": _constant,
}
