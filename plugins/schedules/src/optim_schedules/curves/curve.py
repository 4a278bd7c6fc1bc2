"""Curve: a schedule whose lengths are known, as arithmetic on the step.

A formula is written once. It is given the step, and `maths`, the module that has ``cos``, ``sqrt`` and ``floor``: for a
step that is an int, Python's ``math``; for many steps at once, an array, numpy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Curve", "Formula", "Piece", "Shape", "multiple_of_base", "rates_of", "rise", "towards"]

# How many steps a formula is given at once: what it computes in between then fits into a processor's cache.
BLOCK = 2**14

Shape = tuple[Any, Any, Any, Any]
"""The rate at a step, for any parameter group: scale, slope, offset and floor.

The rate of a group is ``scale * max(slope * base_lr + offset * multiplier, floor * multiplier)``. `offset` and `floor`
are absolute rates, which a group's lr multiplier scales; `scale`, `slope` are plain factors. All are ≥ 0, and numbers
or arrays of the steps' shape.
"""

Formula = Callable[[Any, Any], Shape]


class Piece(NamedTuple):
    """A formula and the first step that is no longer its own."""

    end: float
    formula: Formula


def multiple_of_base(factor: Any) -> Shape:
    return 1.0, factor, 0.0, 0.0


def towards(rate: float, factor: Any) -> Shape:
    """Return what lies between the base rate, at a factor of 1, and the absolute `rate`, at 0."""
    return 1.0, factor, rate * (1.0 - factor), 0.0


def rise(length: int, start: float = 0.0) -> Piece:
    """Return a rise from `start` times the base rate, linearly, to the base rate at the step `length`, ≥ 0."""
    return Piece(length, partial(_linear_rise, length=length, start=start))


def _linear_rise(step: Any, _maths: Any, *, length: int, start: float) -> Shape:
    return multiple_of_base(start + (1.0 - start) * (step / length))


def _same(_step: Any, _maths: Any, *, shape: Shape) -> Shape:
    return shape


def _later(step: Any, maths: Any, *, formula: Formula, by: int) -> Shape:
    return formula(step - by, maths)


def _ramp(step: Any, _maths: Any, *, shape: Shape, length: int, start: float) -> Shape:
    scale, *rest = shape
    return (scale * (start + (1.0 - start) * (step / length)), *rest)


class Curve:
    """The rate at each step, for any base rate.

    Args:
        pieces: the pieces in the order of their ends, the last of which is infinite or at least `last` + 1.
        last: the last step of the schedule; from there on the rate stays. None where it goes on for ever.
    """

    def __init__(self, pieces: Iterable[Piece], *, last: int | None = None) -> None:
        self._pieces = tuple(piece for piece in pieces if piece.end > 0)
        if last is not None:
            held = Piece(math.inf, partial(_same, shape=self.at(last)))
            self._pieces = (*_cut(self._pieces, last + 1), held)

    def at(self, step: int) -> Shape:
        """Return what the rates of all groups at `step` are made of."""
        for end, formula in self._pieces:
            if step < end:
                return formula(step, math)
        raise IndexError(f"the curve has no step {step}")

    def rate(self, step: int, base_lr: float, multiplier: float = 1.0) -> float:
        """Return the rate of one group at `step`, ≥ 0."""
        return float(rate_of(self.at(step), base_lr, multiplier))

    def rates(self, steps: NDArray[Any], base_lr: float, multiplier: float = 1.0) -> NDArray[Any]:
        """Return the rate of one group at each of `steps`: whole numbers ≥ 0, of shape (n,), in any order.

        Returns:
            float64, of shape (n,).
        """
        import numpy as np

        rates = np.empty(steps.shape, dtype=np.float64)
        for first in range(0, len(steps), BLOCK):
            block = slice(first, first + BLOCK)
            self._fill(rates[block], steps[block], base_lr, multiplier)
        return rates

    def _fill(self, rates: NDArray[Any], steps: NDArray[Any], base_lr: float, multiplier: float) -> None:
        """Write the rate at each of `steps` into `rates`."""
        import numpy as np

        in_order = bool(np.all(steps[1:] >= steps[:-1]))
        begin = 0.0
        for end, formula in self._pieces:
            if in_order:
                where: Any = slice(*np.searchsorted(steps, (begin, end)))
            else:
                where = (steps >= begin) & (steps < end)
            chosen = steps[where]
            if chosen.size:
                with np.errstate(over="ignore"):
                    rates[where] = rate_of(formula(chosen, np), base_lr, multiplier, greater=np.maximum)
            begin = end

    def after_ramp(self, length: int, start: float) -> Curve:
        """Return this curve after `length` steps that rise linearly to its first rate, from `start` times that rate."""
        if not length:
            return self
        ramp = Piece(length, partial(_ramp, shape=self.at(0), length=length, start=start))
        return Curve([ramp, *_delayed(self._pieces, length)])

    @classmethod
    def chain(cls, curves: Sequence[Curve], starts: Sequence[int]) -> Curve:
        """Return one curve after another, each from its own step 0 at its place in `starts`; the first place is 0."""
        pieces: list[Piece] = []
        for curve, begin, end in zip(curves, starts, [*starts[1:], math.inf], strict=True):
            pieces += _cut(_delayed(curve._pieces, begin), end)
        return cls(pieces)


def rate_of(shape: Shape, base_lr: float, multiplier: float, *, greater: Callable[[Any, Any], Any] = max) -> Any:
    """Return the rate of one group; `greater` gives the greater of two numbers, or of each two in arrays."""
    scale, slope, offset, floor = shape
    return scale * greater(slope * base_lr + offset * multiplier, floor * multiplier)


def rates_of(shape: Shape, base_lrs: Sequence[float], multipliers: Sequence[float]) -> list[Any]:
    """Return the rate of each group, as `rate_of` gives it, but faster: a schedule's step spends its time here."""
    scale, slope, offset, floor = shape
    if not offset and not floor:
        return [scale * (slope * base) for base in base_lrs]
    return [
        scale * (rate if (rate := slope * base + offset * factor) >= (lowest := floor * factor) else lowest)
        for base, factor in zip(base_lrs, multipliers, strict=True)
    ]


def _delayed(pieces: Iterable[Piece], by: int) -> list[Piece]:
    if not by:
        return list(pieces)
    return [Piece(end + by, partial(_later, formula=formula, by=by)) for end, formula in pieces]


def _cut(pieces: Iterable[Piece], end: float) -> list[Piece]:
    """Return the pieces up to the step before `end`."""
    kept: list[Piece] = []
    for piece in pieces:
        kept.append(Piece(min(piece.end, end), piece.formula))
        if piece.end >= end:
            break
    return kept
