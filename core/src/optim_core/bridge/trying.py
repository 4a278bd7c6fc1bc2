"""What a class takes, found by making it of values: the ranges of its numbers, and what it needs of a training loop."""

from __future__ import annotations

import itertools
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from optim_core.plugin_class.needs import has_modes
from optim_core.text.prose import said

__all__ = ["Bounds", "Making", "bounds_of", "example_of", "lacking", "needs_by_trial", "told_bounds"]

# The keywords of a validator, ge, gt, le or lt, to numbers.
Bounds = dict[str, Any]
Making = Callable[[Mapping[str, Any]], Any]

# So many ways to fill in what is required are tried at most.
MOST_TRIES = 300
# A range that goes on to here is one without an end.
FAR = 1000
HALVINGS = 80

_NUMBER = r"(-?\d+(?:\.\d+)?(?:e-?\d+)?)"
_TOLD: tuple[tuple[str, Callable[[re.Match[str]], Bounds]], ...] = (
    (rf"(?:in|between)\s*([\[(])\s*{_NUMBER}\s*,\s*{_NUMBER}\s*([\])])", lambda found: _brackets(*found.groups())),
    (rf"between {_NUMBER} and {_NUMBER}", lambda found: {"ge": float(found[1]), "le": float(found[2])}),
    (rf"(?:≥|>=|at least)\s*{_NUMBER}", lambda found: {"ge": float(found[1])}),
    (rf"(?:≤|<=|at most)\s*{_NUMBER}", lambda found: {"le": float(found[1])}),
    (rf"(?:>|greater than|more than|above)\s*{_NUMBER}", lambda found: {"gt": float(found[1])}),
    (rf"(?:<|less than|smaller than|below)\s*{_NUMBER}", lambda found: {"lt": float(found[1])}),
    (r"\b(?:must|should|has to) be (?:strictly )?positive", lambda _: {"gt": 0.0}),
    (r"\b(?:must|should|has to) be non-?negative", lambda _: {"ge": 0.0}),
)


def _brackets(opening: str, low: str, high: str, closing: str) -> Bounds:
    return {"ge" if opening == "[" else "gt": float(low), "le" if closing == "]" else "lt": float(high)}


def told_bounds(text: str) -> Bounds:
    """Return the range that a description says, such as "must be positive"; empty where it says none.

    Example:
        >>> from optim_core.bridge.trying import told_bounds
        >>> told_bounds("decay of the average, in [0, 1)")
        {'ge': 0.0, 'lt': 1.0}
    """
    for pattern, read in _TOLD:
        found = re.search(pattern, text, re.IGNORECASE)
        if found is not None:
            return read(found)
    return {}


# -- ranges ----------------------------------------------------------------------------------------------------------


def bounds_of(make: Making, given: Mapping[str, Any], name: str, start: Any, *, whole: bool) -> Bounds:
    """Return the range outside of which a constructor raises an exception; empty where it takes every number.

    Args:
        make: makes an object of values.
        given: the other values.
        name: the argument.
        start: a value of it that is taken: a number, or a list or tuple of numbers, which share one range.
        whole: whether it takes whole numbers only.
    """
    if isinstance(start, (list, tuple)):
        each = [_of_item(make, given, name, start, place, whole) for place in range(len(start))]
        return _widest(each)

    def takes(value: float) -> bool:
        return _is_made(make, {**given, name: value})

    found = {**_bound(takes, start, -1, whole), **_bound(takes, start, 1, whole)}
    others = [value for key, value in given.items() if key != name and type(value) in (int, float)]
    # Where it is the value of another argument, the bound may be that argument and no number.
    return {key: bound for key, bound in found.items() if bound == 0 or bound not in others}


def _of_item(
    make: Making, given: Mapping[str, Any], name: str, items: Sequence[Any], place: int, whole: bool
) -> Bounds:
    def make_of_item(values: Mapping[str, Any]) -> Any:
        changed = [*items[:place], values[name], *items[place + 1 :]]
        return make({**values, name: tuple(changed) if isinstance(items, tuple) else changed})

    return bounds_of(make_of_item, given, name, items[place], whole=whole)


def _widest(each: Sequence[Bounds]) -> Bounds:
    found: Bounds = {}
    for exclusive, inclusive, choose in (("gt", "ge", min), ("lt", "le", max)):
        if not each or not all(exclusive in own or inclusive in own for own in each):
            continue
        bounds = [(own[inclusive] if inclusive in own else own[exclusive], inclusive in own) for own in each]
        bound = choose(value for value, _ in bounds)
        found[inclusive if (bound, True) in bounds else exclusive] = bound
    return found


def _bound(takes: Callable[[float], bool], start: float, sign: int, whole: bool) -> Bounds:
    """Return the bound on one side of a value that is taken, -1 below it and 1 above it; empty where there is none."""
    if abs(start) >= FAR or not math.isfinite(start):
        return {}
    nearer, far = sign * (FAR if sign > 0 else 1), sign * (FAR + 1 if sign > 0 else 2)
    if start < 0 and sign < 0:
        nearer, far = -FAR, -FAR - 1
    # Both are refused beyond a bound, and perhaps one of them where only every second number is taken.
    if takes(nearer) or takes(far):
        return {}
    taken: float = start
    refused: float = nearer
    for _ in range(HALVINGS):
        middle = (taken + refused) // 2 if whole else (taken + refused) / 2
        if middle in (taken, refused):
            break
        taken, refused = (middle, refused) if takes(middle) else (taken, middle)
    inclusive, exclusive = ("ge", "gt") if sign < 0 else ("le", "lt")
    if whole:
        # -1 and 0 stand beside each other: what is above the one that is refused is taken.
        return {exclusive: refused} if refused == 0 else {inclusive: taken}
    bound = round(taken, 9) + 0.0
    if not math.isclose(bound, taken, rel_tol=1e-9, abs_tol=1e-12):
        return {}
    return {inclusive if takes(bound) else exclusive: bound}


def _is_made(make: Making, values: Mapping[str, Any]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            make(values)
    except (Exception, SystemExit):  # noqa: BLE001 - a constructor may refuse by any exception
        return False
    return True


def lacking(make: Making, values: Mapping[str, Any]) -> str | None:
    """Return what keeps a constructor from these values where something is not installed; None where nothing is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            make(values)
    except (ImportError, SystemExit) as error:
        return said(error)
    except Exception:  # noqa: BLE001 - it refuses them for another reason
        return None
    return None


# -- what is required ------------------------------------------------------------------------------------------------

_CANDIDATES: Mapping[Any, tuple[Any, ...]] = {
    float: (0.1, 1e-3, 1.0, 0.5),
    int: (10, 2, 1, 100, 4),
    bool: (False, True),
    str: ("min", "sum", "cos"),
}


def example_of(make: Making, required: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a value of its type for each required argument, with which an object is made; None where none is found.

    Args:
        make: makes an object of values.
        required: argument to the type of its field; None where that is not known.
    """
    options = [list(_candidates(wanted)) for wanted in required.values()]
    for values in itertools.islice(itertools.product(*options), MOST_TRIES):
        found = dict(zip(required, values, strict=True))
        if _is_made(make, found):
            return found
    return None


def _candidates(wanted: Any) -> Iterator[Any]:
    arguments = get_args(wanted)
    if wanted is None:
        yield from (0.1, 10, [10, 20], [0.1, 0.2], "min", True)
    elif wanted in _CANDIDATES:
        yield from _CANDIDATES[wanted]
    elif get_origin(wanted) is tuple:
        lengths = (2, 1, 3) if ... in arguments else (len(arguments),)
        for length in lengths:
            for item in _candidates(arguments[0]):
                yield (item,) * length
    elif get_origin(wanted) is list:
        yield [10, 20] if arguments[0] is int else [next(_candidates(arguments[0]))]
        yield [next(_candidates(arguments[0]))]
    else:
        # A union, or a Literal.
        for each in arguments:
            if isinstance(each, type) or get_origin(each) is not None:
                yield from _candidates(each) if each is not type(None) else (None,)
            else:
                yield each


# -- the training loop -----------------------------------------------------------------------------------------------

# In the order in which they are tried: whether gradients are there, can be differentiated, and whether a closure is.
_WAYS: tuple[tuple[tuple[str, ...], bool, bool, bool], ...] = (
    ((), True, False, False),
    (("create_graph",), True, True, False),
    (("closure",), False, False, True),
    (("closure", "gradients"), True, False, True),
)


def needs_by_trial(make: Callable[[list[Any]], Any]) -> tuple[str, ...]:
    """Return what an optimizer needs of the training loop, as it takes a step with that and none without.

    Args:
        make: makes the optimizer of parameters.
    """
    import torch

    def loss_of(weight: Any) -> Any:
        return (weight * weight).sum()

    modes: tuple[str, ...] = ()
    for needs, gradients, graph, closure in _WAYS:
        weight = torch.nn.Parameter(torch.linspace(-1.0, 1.0, 16).reshape(4, 4))

        def evaluated(weight: Any = weight) -> Any:
            weight.grad = None
            loss = loss_of(weight)
            loss.backward()
            return loss

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                optimizer = make([weight])
                if has_modes(optimizer):
                    modes = ("modes",)
                    optimizer.train()
                if gradients:
                    loss_of(weight).backward(create_graph=graph)
                optimizer.step(evaluated) if closure else optimizer.step()
        except Exception:  # noqa: BLE001 - an optimizer may refuse by any exception
            continue
        return (*needs, *modes)
    return modes
