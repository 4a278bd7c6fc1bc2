"""The coefficients (a, b, c) of each Newton-Schulz iteration, which maps a singular value s to a s + b s³ + c s⁵."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

__all__ = ["CLASSIC", "POLAR_EXPRESS", "Triple", "canonical", "each_step"]

Triple = tuple[float, float, float]

# Jordan 2024: the coefficients with the steepest start whose results stay near 1.
CLASSIC: Triple = (3.4445, -4.7750, 2.0315)

# Amsel et al. 2025, arXiv:2505.16932, for singular values from 1e-3 to 1: each is the best after those before it.
_BEST: tuple[Triple, ...] = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
    (1.891301407787398, -1.2679958271945868, 0.37680408948524835),
    (1.8750014808534479, -1.2500016453999487, 0.3750001645474248),
)
_LIMIT: Triple = (1.875, -1.25, 0.375)
# The room for rounding that the authors leave: above 1 these polynomials grow fast.
_ROOM = 1.01
POLAR_EXPRESS: tuple[Triple, ...] = (*((a / _ROOM, b / _ROOM**3, c / _ROOM**5) for a, b, c in _BEST), _LIMIT)

_NAMES = ("classic", "polar_express")


def canonical(coefficients: object) -> str | Triple | tuple[Triple, ...]:
    """Return coefficients as a group holds them: three numbers, three for each step, or "polar_express".

    Three numbers are those of every step, as in torch.optim.Muon.

    Raises:
        ValueError: `coefficients` are none of these, nor "classic".
    """
    if coefficients == "classic":
        return CLASSIC
    if isinstance(coefficients, str) and coefficients in _NAMES:
        return coefficients
    if isinstance(coefficients, Sequence) and not isinstance(coefficients, str):
        if _is_triple(coefficients):
            return _triple(coefficients)
        if coefficients and all(isinstance(step, Sequence) and _is_triple(step) for step in coefficients):
            return tuple(_triple(step) for step in coefficients)
    raise ValueError(
        f"ns_coefficients must be one of {', '.join(_NAMES)}, three finite numbers, or three for each step; "
        f"is {coefficients!r}"
    )


def each_step(coefficients: object, steps: int) -> tuple[Triple, ...]:
    """Return the triples of `steps` iterations.

    Args:
        coefficients: what `canonical` returns, or takes.
        steps: how many iterations, ≥ 1. Polar Express has 8 triples, and repeats the last after them.

    Raises:
        ValueError: there is a triple for each step, and their number is not `steps`.
    """
    if coefficients == CLASSIC:
        return (CLASSIC,) * steps
    found = canonical(coefficients)
    if isinstance(found, str):
        return (*POLAR_EXPRESS[:steps], *[_LIMIT] * (steps - len(POLAR_EXPRESS)))
    if isinstance(found[0], float):
        return (_triple(found),) * steps
    if len(found) != steps:
        raise ValueError(f"ns_coefficients must have a triple for each of ns_steps, {steps}; has {len(found)}")
    return tuple(_triple(step) for step in found if isinstance(step, tuple))


def _is_triple(values: Sequence[object]) -> bool:
    numbers = all(isinstance(value, Real) and not isinstance(value, bool) for value in values)
    return len(values) == 3 and numbers and all(abs(float(str(value))) < float("inf") for value in values)


def _triple(values: Sequence[object]) -> Triple:
    a, b, c = (float(str(value)) for value in values)
    return (a, b, c)
