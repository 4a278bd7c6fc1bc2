"""A warmup as other projects write it: in steps, in epochs, or as a share, by the name of its key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.forms.speaking import words
from optim_core.text.values import as_in_config

__all__ = ["FIELD", "warmup_for"]

FIELD = "num_warmup_steps"

# A schedule of optim-schedules with one of these goes by epochs, unless it says otherwise.
_BY_EPOCHS = ("T_max", "epochs")

# What is longer is no length of a warmup in any unit.
_LONGEST = 1e15


def warmup_for(key: str, value: Any, given: Mapping[str, Any] | None = None) -> str:
    """Return the field with a value that means what a key and its value mean, to stand between back ticks.

    Args:
        key: the key of another project: ``warmup_epochs``, ``warmup_ratio``, ``warmup``.
        value: what stands there.
        given: the fields of the schedule, None where there is none yet.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > _LONGEST:
        return f"{FIELD}: {as_in_config(value)}"
    if any(word.startswith("epoch") for word in words(key)):
        return f'{FIELD}: "{value:g} epoch{"s" if value != 1 else ""}"'
    by_epochs = any(name in (given or {}) for name in _BY_EPOCHS)
    # Elsewhere such numbers count steps, or are shares of them, whatever the schedule goes by.
    steps = "` and `interval: step" if by_epochs else ""
    share = isinstance(value, float) and 0 < value < 1
    return f'{FIELD}: "{100 * value:g}%"{steps}' if share else f"{FIELD}: {value}{steps}"
