"""Half a cosine after a warmup, which several schedules share."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from optim_core.plugin_tools import Floor
from optim_core.validators import in_range
from optim_schedules.curves.curve import Curve, Piece, Shape, rise
from optim_schedules.curves.floors import to_floor

__all__ = ["some_cycles", "warmup_and_wave", "wave"]

# A million cycles is far more than anybody means, and far below where the cosine loses its digits.
some_cycles = in_range(gt=0, le=1e6)


def wave(progress: Any, maths: Any, cycles: float) -> Any:
    """Return a cosine between 1 and 0: it is 1 at a progress of 0, and again at one of 1 / `cycles`."""
    # The products are in transformers' order, so that both are rounded alike near 0.
    return 0.5 * (1.0 + maths.cos(math.pi * cycles * 2.0 * progress))


def warmup_and_wave(warmup: int, total: int, *, cycles: float, floor: Floor, start: float = 0.0) -> Curve:
    """Return a curve that rises to the base rate at `warmup`, and falls along a cosine to `floor` at `total`."""
    fall = partial(_fall, warmup=warmup, length=max(1, total - warmup), cycles=cycles, floor=floor)
    return Curve([rise(warmup, start), Piece(total + 1, fall)], last=total)


def _fall(step: Any, maths: Any, *, warmup: int, length: int, cycles: float, floor: Floor) -> Shape:
    return to_floor(floor, wave((step - warmup) / length, maths, cycles))
