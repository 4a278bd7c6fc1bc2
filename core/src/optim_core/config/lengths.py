"""Lengths in a config: those of its schedules, and those of the run, which stand beside it in training configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from optim_core.config.issues import Hint, Issue
from optim_core.config.keys import SECTION
from optim_core.config.loop_keys import EPOCHS

if TYPE_CHECKING:
    from optim_core.run.horizon import Horizon

__all__ = ["LENGTHS", "impossible_lengths", "length_of_run"]

# Each key that may be a length of the run, to the argument of Horizon that it stands for.
LENGTHS = {**dict.fromkeys(EPOCHS, "epochs"), "steps_per_epoch": "steps_per_epoch", "total_steps": "total_steps"}

# The attribute of a plugin class that says which of its fields are lengths; see `run.fitting`.
_ATTRIBUTE = "lengths"


def impossible_lengths(config: Any, interval: Any, given: Any, horizon: Horizon | None = None) -> list[Issue]:
    """Return the issues of lengths that no run, or not this one, can hold, below the component.

    Args:
        config: the instance of a plugin class.
        interval: "step" or "epoch".
        given: the component as its author wrote it.
        horizon: the run, where something of it is known.
    """
    if not hasattr(type(config), _ATTRIBUTE):
        return []
    from optim_core.run.fitting import misfits

    above = ("config",) if isinstance(given, Mapping) and "config" in given else ()
    return [
        Issue(
            "does-not-fit",
            (*above, misfit.field),
            misfit.value,
            data={"misfit": misfit},
            hint=Hint.of("fit-length", misfit=misfit),
        )
        for misfit in misfits(config, interval, horizon)
    ]


def length_of_run(beside: Mapping[Any, Any]) -> Horizon | None:
    """Return what stands beside a recipe, or in its section, of the length of the run; None where nothing does.

    A value that is no length, such as -1 for "no limit", is left to the training loop; so are lengths that contradict
    each other.
    """
    section = beside.get(SECTION)
    beside = section if isinstance(section, Mapping) else beside
    found: dict[str, Any] = {
        argument: value
        for key, argument in LENGTHS.items()
        if isinstance(value := beside.get(key), int) and not isinstance(value, bool) and value > 0
    }
    if not found:
        return None
    from optim_core.errors import HorizonError
    from optim_core.run.horizon import Horizon

    try:
        return Horizon(**found)
    except HorizonError:
        return None
