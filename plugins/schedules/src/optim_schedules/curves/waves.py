"""Half a cosine after a warmup, which several schedules share."""

from __future__ import annotations

import math
from typing import Any

from optim_core.validators import in_range
from optim_schedules.curves.curve import Curve, Piece, Shape, rise, towards

__all__ = ["some_cycles", "warmup_and_wave", "wave"]

# Far beyond what has a meaning, and far below where the cosine of the product is none.
some_cycles = in_range(gt=0, le=1e6)


def wave(progress: Any, maths: Any, cycles: float) -> Any:
    """A cosine between 1 and 0: 1 at a progress of 0, back there after 1 / `cycles`."""
    # The order of the products is transformers', whose rounding near 0 this has to share.
    return 0.5 * (1.0 + maths.cos(math.pi * cycles * 2.0 * progress))


def warmup_and_wave(warmup: int, total: int, *, cycles: float, floor: float, start: float = 0.0) -> Curve:
    """Linearly up to the base rate at the step `warmup`, along a cosine down to the rate `floor` at `total`."""
    length = max(1, total - warmup)

    def fall(step: Any, maths: Any) -> Shape:
        return towards(floor, wave((step - warmup) / length, maths, cycles))

    return Curve([rise(warmup, start), Piece(total + 1, fall)], last=total)
