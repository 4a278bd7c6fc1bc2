"""The plugin class of constant."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import attrs

from optim_core import Horizon
from optim_schedules.closed_form import ClosedForm
from optim_schedules.curves.curve import Curve, Piece, Shape, multiple_of_base

__all__ = ["Constant", "flat"]


def flat(_step: Any, _maths: Any) -> Shape:
    """Return the base rate, whatever the step."""
    return multiple_of_base(1.0)


@attrs.frozen(kw_only=True)
class Constant(ClosedForm):
    """The base rate at every step (transformers); ``ConstantLR`` has a smaller one for the first steps.

    torch's ConstantLR is something else: a smaller rate for the first steps.

    huggingface.co/docs/transformers/main_classes/optimizer_schedules

    Formula:
        rate = base
    """

    interval: ClassVar[str] = "step"

    def closed_form(self, horizon: Horizon) -> Curve:
        return Curve([Piece(math.inf, flat)])
