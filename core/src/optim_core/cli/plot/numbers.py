"""Numbers as the plots write them, and the round ones that stand beside an axis."""

from __future__ import annotations

import math

__all__ = ["decades", "grouped", "rounded_ticks", "short"]

# A number from LARGE on, or below SMALL, is written with an exponent.
LARGE, SMALL = 1e5, 1e-2
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def short(value: float, digits: int = 6) -> str:
    """Write a rate with at most so many digits: ``3e-4``, ``0.05``."""
    if value == 0 or not math.isfinite(value) or SMALL <= abs(value) < LARGE:
        return f"{value:.{digits}g}"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"


def grouped(value: float) -> str:
    """Write a number of steps: ``10,000``, ``2.5``."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,g}"


def rounded_ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Return round numbers at equal distances from `low` to `high`, both of which they may be.

    Args:
        low: where the axis begins.
        high: where it ends, above `low`.
        most: how many there are at most, ≥ 2.
        whole: they are whole numbers.
    """
    raw = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    distances = [step * scale for scale in (power, 10 * power) for step in STEPS]
    if whole:
        distances = [max(1.0, distance) for distance in distances if distance <= 1 or distance == round(distance)]
    for distance in distances:
        first, last = math.ceil(low / distance - 1e-9), math.floor(high / distance + 1e-9)
        if last - first < most:
            # A multiple of 1e-5 is rounded; the quotient with 1e5 is the number that is meant.
            return [float(f"{number * distance:.12g}") for number in range(first, last + 1)]
    return [low, high]


def decades(low: float, high: float, most: int) -> list[float]:
    """Return powers of ten from `low` to `high`, both > 0; at most so many, at equal distances."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, math.ceil((last - first + 1) / most))
    return [10.0**exponent for exponent in range(last, first - 1, -every)][::-1]
