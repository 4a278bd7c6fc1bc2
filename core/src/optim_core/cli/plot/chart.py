"""Chart: curves with their places on the page, ready for a terminal, a picture or a web page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs

from optim_core import OptimError
from optim_core.cli.plot.curves import Curve
from optim_core.cli.plot.numbers import decades, grouped, rounded_ticks, short

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Chart", "Line", "chart_of"]

# The axis is drawn at about so many places: of each stretch of it the first and the last step, and where the lowest
# and the highest rate of each curve are.
POINTS, LEAST_STRETCHES = 2_000, 50
# A logarithmic axis reaches down to this share of the highest rate; one that was not asked for, to this share of the
# peak of the lowest curve.
DEEPEST, DEEPEST_BY_ITSELF = 1e-12, 1e-3
# The axis is logarithmic by itself where the peaks of two curves differ by this factor: the lower one would lie flat.
FLAT = 50


@attrs.frozen(kw_only=True)
class Line:
    """A curve as it is drawn.

    Args:
        label: for the legend.
        rates: one for each of the chart's places; NaN where there is none to draw.
        is_stairs: the rate stays up to the next place.
    """

    label: str
    rates: list[float]
    is_stairs: bool


@attrs.frozen(kw_only=True)
class Chart:
    """What is drawn.

    Args:
        title: one line.
        across: name of the horizontal axis.
        up: name of the vertical axis.
        places: steps or epochs, in their order, about 2,000.
        right: where the horizontal axis, which begins at 0, ends: at the end of the longest curve, ≥ 1.
        lines: at least one.
        log: the vertical axis is logarithmic.
        why_log: why it is, where nobody asked for it; else "".
        low: where the vertical axis begins; > 0 if it is logarithmic.
        high: where it ends, above `low`.
    """

    title: str
    across: str
    up: str
    places: list[int]
    right: int
    lines: list[Line]
    log: bool
    why_log: str
    low: float
    high: float

    @property
    def up_in_full(self) -> str:
        """The name of the vertical axis, with its scale."""
        return ", ".join(filter(None, [self.up, "logarithmic" if self.log else "", self.why_log]))

    def height_of(self, rate: float) -> float:
        """Return the height of a rate as a share of the axis, in [0, 1]; NaN for one that is not drawn."""
        if not math.isfinite(rate):
            return math.nan
        if not self.log:
            return (rate - self.low) / (self.high - self.low)
        bounded = max(rate, self.low)
        return math.log(bounded / self.low) / math.log(self.high / self.low)

    def rate_ticks(self, most: int) -> list[tuple[float, str]]:
        """Return round rates from `low` to `high`, with their text."""
        ticks = decades(self.low, self.high, most) if self.log else rounded_ticks(self.low, self.high, most)
        return [(rate, short(rate)) for rate in ticks]

    def place_ticks(self, most: int) -> list[tuple[float, str]]:
        """Return round steps or epochs, with their text."""
        return [(place, grouped(place)) for place in rounded_ticks(0, self.right, most, whole=True)]


def chart_of(curves: Sequence[Curve], labels: Sequence[str], *, title: str, up: str, log: bool | None) -> Chart:
    """Make the chart of some curves, which keeps their peaks and joints.

    Args:
        curves: at least one, over the same axis.
        labels: one for each.
        title: one line.
        up: name of the vertical axis.
        log: whether that is logarithmic; None where the rates decide.

    Raises:
        OptimError: there is no rate that could be drawn.
    """
    places = _kept_places(curves)
    rates = [curve.at(places) for curve in curves]
    peaks = _peaks(rates)
    ratio = max(peaks, default=1.0) / min(peaks, default=1.0)
    is_log = ratio >= FLAT if log is None else log
    low, high = _bounds(rates, is_log)
    if is_log and log is None:
        low = max(low, min(peaks) * DEEPEST_BY_ITSELF)
    across = "epoch" if curves[0].unit == "epoch" else "optimizer step"
    lines = [
        Line(label=label, rates=found.tolist(), is_stairs=curve.is_stairs)
        for curve, label, found in zip(curves, labels, rates, strict=True)
    ]
    return Chart(
        title=title,
        across=across,
        up=up,
        places=places.tolist(),
        right=max(curve.length for curve in curves),
        lines=lines,
        log=is_log,
        why_log=f"as peaks differ {grouped(round(ratio))}-fold" if is_log and log is None else "",
        low=low,
        high=high,
    )


def _kept_places(curves: Sequence[Curve]) -> NDArray[Any]:
    """Return places that every line is drawn at, so that the rates of all are known at each of them."""
    import numpy as np

    stretches = max(LEAST_STRETCHES, POINTS // (4 * len(curves)))
    kept = [_extremes(curve.rates, stretches) * curve.each for curve in curves]
    return np.unique(np.concatenate([*kept, np.array([curve.last for curve in curves])])).astype(np.int64)


def _extremes(rates: NDArray[Any], stretches: int) -> NDArray[Any]:
    """Return the indices of the first, last, lowest and highest of each stretch, and all indices of few."""
    import numpy as np

    if len(rates) <= 4 * stretches:
        return np.arange(len(rates))
    edges = np.linspace(0, len(rates), stretches + 1).astype(np.int64)
    found = [
        (begin, end - 1, begin + rates[begin:end].argmin(), begin + rates[begin:end].argmax())
        for begin, end in pairwise(edges.tolist())
    ]
    return np.unique(np.array(found))


def _peaks(rates: Sequence[NDArray[Any]]) -> list[float]:
    """Return the highest rate of each curve that has one above 0."""
    import numpy as np

    peaks = [float(each[np.isfinite(each)].max(initial=0.0)) for each in rates]
    return [peak for peak in peaks if peak > 0]


def _bounds(rates: Sequence[NDArray[Any]], log: bool) -> tuple[float, float]:
    import numpy as np

    every = np.concatenate(rates)
    every = every[np.isfinite(every) & ((every > 0) | (not log))]
    if not every.size:
        raise OptimError("no rate is above 0, as --log needs" if log else "no rate is a finite number")
    low, high = float(every.min()), float(every.max())
    if log:
        low = max(low, high * DEEPEST)
        return (low, high) if low < high else (low / 10, high * 10)
    low = min(0.0, low)
    high = max(0.0, high)
    return (low, high + (high - low) * 0.05) if low < high else (0.0, 1.0)
