"""Lengths in the config of a schedule that cannot be: beyond the run, or a warmup that lasts as long as it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import attrs

from optim_core.errors import HorizonError
from optim_core.run.durations import Duration
from optim_core.run.horizon import Horizon
from optim_core.text.values import shown

__all__ = ["ATTRIBUTE", "Meaning", "Misfit", "misfits"]

ATTRIBUTE = "lengths"
"""The attribute of a schedule's plugin class that says what its lengths mean: a mapping of field to `Meaning`."""

Meaning = Literal["warmup", "warmup_epochs", "run", "run_epochs", "point"]
"""What a field is the length of: of a rise, which is shorter than the run; of the schedule itself; or a point in the
run, such as a milestone. With ``_epochs`` a bare number is epochs, however the schedule is stepped."""


class Misfit(NamedTuple):
    """A length that cannot be.

    Args:
        field: the field that holds it.
        value: what stands there.
        meaning: what the field means.
        most: what it cannot exceed, or, of a warmup, reach; None where it is all of the run.
        unit: what `most` counts, "steps" or "epochs".
        of: whose length `most` is, "the run" or "the schedule"; or "its epochs", where steps are counted like epochs.
    """

    field: str
    value: Any
    meaning: Meaning
    most: int | None
    unit: str
    of: str

    @property
    def sentence(self) -> str:
        """What is wrong, in words, to follow the name of the field."""
        value = shown(self.value.plain() if isinstance(self.value, Duration) else self.value)
        if self.most is None:
            return f"must leave something of the run after the warmup, is {value}"
        if self.of == "its epochs":
            return f"is {value}, the number of the run's epochs, and the schedule is stepped {self.most:,} times"
        whole = f"{self.of} of {self.most} {self.unit if self.most != 1 else self.unit.removesuffix('s')}"
        if self.meaning.startswith("warmup"):
            return f"must be shorter than {whole}, is {value}"
        return f"lies beyond {whole}, is {value}"

    @property
    def hint(self) -> str:
        """What repairs it, in words."""
        if self.of == "its epochs":
            return f"for epochs set `interval: epoch` beside its type; for steps write {self.most}"
        is_warmup = self.meaning.startswith("warmup")
        share = "write a share of the run, `5%`" if is_warmup else ""
        if self.unit == "epochs" and not self.meaning.endswith("epochs"):
            steps = "the schedule is stepped once an epoch; for steps set `interval: step` beside its type"
            return f"{steps}, or {share}" if share else steps
        return share or "shorten it"


def misfits(config: Any, interval: str, horizon: Horizon | None = None) -> Iterator[Misfit]:
    """Yield what the lengths of a config are that a run cannot hold; what is not known is taken to fit.

    Args:
        config: an instance of a schedule's plugin class, of which `ATTRIBUTE` says which fields are lengths.
        interval: whether the schedule is stepped after each "step" or "epoch".
        horizon: the run, as far as it is known; None where nothing is.

    Example:
        >>> from optim_core import Horizon, registry
        >>> from optim_core.run.fitting import misfits
        >>> spec = registry.build({"type": "StepLR", "config": {"step_size": 50_000}})
        >>> [each.sentence for each in misfits(spec.config, spec.interval, Horizon(epochs=90))]
        ['lies beyond the run of 90 epochs, is 50000']
    """
    meanings = _meanings(type(config))
    if not meanings or (horizon is None and not _may_misfit_alone(config, meanings)):
        return
    horizon = horizon or Horizon()
    counted = horizon.in_epochs() if interval == "epoch" else horizon
    unit = "epochs" if interval == "epoch" else "steps"
    defaults = {field.name: field.default for field in attrs.fields(type(config))}
    given = {
        name: value
        for name in meanings
        if (value := getattr(config, name, None)) is not None and value != defaults.get(name)
    }
    own = _own_length(given, meanings, counted)
    for name, value in given.items():
        meaning = meanings[name]
        if meaning.startswith("warmup"):
            yield from _of_warmup(name, value, meaning, counted, own, unit)
        elif meaning == "run" and interval == "step" and _counts_epochs(value, horizon):
            yield Misfit(name, value, meaning, counted.total_steps, unit, "its epochs")
        elif interval == "epoch" and counted.total_steps is not None:
            beyond = [each for each in _each(value) if (_calls(each, meaning, counted) or 0) > counted.total_steps]
            yield from [Misfit(name, each, meaning, counted.total_steps, unit, "the run") for each in beyond[:1]]


def _meanings(cls: type[Any]) -> Mapping[str, Meaning]:
    return getattr(cls, ATTRIBUTE, {})


def _may_misfit_alone(config: Any, meanings: Mapping[str, Meaning]) -> bool:
    """Tell, at little cost, whether a config can be wrong in any run: its warmup is all of it, or its length is set."""
    for name, meaning in meanings.items():
        value = getattr(config, name, None)
        if meaning.startswith("run"):
            if value is not None:
                return True
        elif type(value) is Duration and value.unit == "%" and value.amount == 100:
            return True
    return False


def _of_warmup(
    name: str, value: Any, meaning: Meaning, counted: Horizon, own: int | Duration | None, unit: str
) -> Iterator[Misfit]:
    """Yield what is wrong with the length of a rise."""
    if isinstance(value, Duration) and value.unit == "%" and value.amount == 100:
        yield Misfit(name, value, meaning, None, unit, "the run")
        return
    if isinstance(own, Duration):
        # Both are epochs, of a schedule whose steps in an epoch are not known.
        if isinstance(value, Duration) and _unit(value, meaning) == "epochs" and value.amount >= own.amount:
            yield Misfit(name, value, meaning, int(own.amount), "epochs", "the schedule")
        return
    calls = _calls(value, meaning, counted)
    for most, of in ((own, "the schedule"), (counted.total_steps, "the run")):
        if calls and most is not None and calls >= most:
            yield Misfit(name, value, meaning, most, unit, of)
            return


def _counts_epochs(value: Any, horizon: Horizon) -> bool:
    """Tell whether a bare number of steps is that of the run's epochs, of which each has several steps."""
    number = value.amount if isinstance(value, Duration) and not value.unit else value
    return number == horizon.epochs and horizon.total_steps is not None and horizon.total_steps > number


def _own_length(given: Mapping[str, Any], meanings: Mapping[str, Meaning], counted: Horizon) -> int | Duration | None:
    """Return the length that the config gives the schedule, in calls of ``step()`` where that is known."""
    for name, value in given.items():
        if meanings[name].startswith("run"):
            calls = _calls(value, meanings[name], counted)
            if calls is None and isinstance(value, Duration) and _unit(value, meanings[name]) == "epochs":
                return value
            return calls
    return None


def _each(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _unit(value: Duration, meaning: Meaning) -> str:
    return "epochs" if not value.unit and meaning.endswith("epochs") else value.unit


def _calls(value: Any, meaning: Meaning, counted: Horizon) -> int | None:
    """Return a length in calls of ``step()``, None where it is not known."""
    if not isinstance(value, Duration):
        return value if isinstance(value, int) else None
    try:
        return Duration(value.amount, _unit(value, meaning)).resolve(counted, "")  # type: ignore[arg-type]
    except HorizonError:
        return None
