"""Lengths as other projects write them, in steps, in epochs, or as a share, by the name of their key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from optim_core.config.forms.speaking import words
from optim_core.text.numerals import number_in
from optim_core.text.values import LONGEST_WRITTEN, as_in_config

__all__ = ["BY_EPOCHS", "WARMUP", "Length", "in_epochs", "length_for", "warmup_for"]

# A schedule without an interval of its own goes by epochs with one of these.
BY_EPOCHS = ("T_max", "epochs")

WARMUP = "num_warmup_steps"

_STEPS = frozenset({"steps", "step", "iter", "iters", "iteration", "iterations", "update", "updates", "batches"})

# These count epochs in timm's schedulers.
_TIMMS = ("warmup_t", "t_initial", "decay_t", "patience_t", "t_initial_0")

# In mmcv these count epochs, and in others steps.
_OF_EITHER = ("step", "steps", "lr_step", "lr_steps", "step_size", "lr_step_size")

# Without the word epochs, a field of these counts epochs however the schedule is stepped.
_ALWAYS_EPOCHS = ("epochs", "max_epochs", "warmup_epochs")


# What is longer is no length in any unit, and so many points no schedule has.
_MOST = 1e15
MOST_POINTS = 50


class Length(NamedTuple):
    """The fields of a schedule that say what a length of another project says.

    Args:
        fields: what to write, `name: value` each.
        beside: what to write beside `type`.
        note: what else is to be known.
    """

    fields: tuple[str, ...]
    beside: tuple[str, ...] = ()
    note: str = ""


def unit(key: str) -> str | None:
    """Return what a length counts, by the name of its key: "epochs" or "steps", None where it does not say."""
    if key.lower() in _TIMMS or any(word.startswith("epoch") for word in words(key)):
        return "epochs"
    if key.lower() in _OF_EITHER:
        return None
    return "steps" if key.lower() == "t_total" or not _STEPS.isdisjoint(words(key)) else None


def in_epochs(value: float) -> str:
    """Return a number of epochs as configs write it."""
    return f'"{value:g} epoch{"s" if value != 1 else ""}"'


def _number(value: Any) -> int | float | None:
    if isinstance(value, str):
        value = number_in(value) if len(value) <= LONGEST_WRITTEN else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _MOST else None


def warmup_for(key: str, value: Any) -> str:
    """Return the field of a schedule by steps with a value that means what a warmup's key and its value mean."""
    found = length_for(key, value, WARMUP, "step", (WARMUP,), {})
    return found.fields[0] if found else f"{WARMUP}: …"


def length_for(
    key: str, value: Any, field: str, interval: str, durations: Collection[str], given: Mapping[str, Any]
) -> Length | None:
    """Return what to write for a length of another project; None where its value is none.

    Args:
        key: the key: ``warmup_epochs``, ``warmup_ratio``, ``max_iters``.
        value: what stands there.
        field: the field of the schedule that it means.
        interval: after which of the two the schedule is stepped, "step" or "epoch".
        durations: those of its fields that take a length in words, such as "2 epochs".
        given: its fields, as they are given.
    """
    counts = unit(key)
    if isinstance(value, list) and len(value) < MOST_POINTS and all(type(_number(item)) is int for item in value):
        return _points(value, field, interval, counts)
    number = _number(value)
    if number is None:
        return Length((f"{field}: {as_in_config(value)}",)) if isinstance(value, str) and value[-1:] == "%" else None
    if isinstance(number, float) and 0 < number < 1 and counts != "epochs" and field in durations:
        # Elsewhere it is a share of the steps, whatever the schedule goes by.
        return Length((f'{field}: "{100 * number:g}%"', *_kept(interval, field, durations, given)), _by_steps(interval))
    if counts == "epochs" and field in durations:
        return Length((f"{field}: {in_epochs(number)}",))
    if counts == "epochs" and interval == "step" and field not in _ALWAYS_EPOCHS:
        return Length((), note=f"`{field}` counts steps: it is {number:g} times the steps of an epoch")
    if counts == "steps" and interval == "epoch":
        steps = f'"{number:g} steps"' if field in _ALWAYS_EPOCHS else f"{number:g}"
        return Length((f"{field}: {steps}", *_kept(interval, field, durations, given)), _by_steps(interval))
    if isinstance(value, int) and counts is None and interval == "epoch" and key.lower() in _OF_EITHER:
        return Length((f"{field}: {value}",), note=_EPOCHS_OR_STEPS)
    return Length((f"{field}: {value}",))


_EPOCHS_OR_STEPS = "it counts epochs here; where it counted steps, `interval: step` stands beside `type`"


def _points(value: list[int], field: str, interval: str, counts: str | None) -> Length:
    written = (f"{field}: {value}",)
    if counts == "epochs" and interval == "step":
        return Length((), note=f"`{field}` counts steps: each is an epoch times the steps of one")
    if counts == "steps" and interval == "epoch":
        return Length(written, _by_steps(interval))
    return Length(written, note=_EPOCHS_OR_STEPS if interval == "epoch" and counts is None else "")


def _by_steps(interval: str) -> tuple[str, ...]:
    return ("interval: step",) if interval == "epoch" else ()


def _kept(interval: str, field: str, durations: Collection[str], given: Mapping[str, Any]) -> list[str]:
    """Return the other lengths of a schedule that is to go by steps, whose bare numbers were epochs."""
    if interval != "epoch":
        return []
    others = [name for name in given if name in durations and name != field and name not in _ALWAYS_EPOCHS]
    return [f"{name}: {in_epochs(given[name])}" for name in others if type(given[name]) in (int, float)]
