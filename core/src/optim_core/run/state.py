"""Saving and loading the state of an Optimization, and saying by parameter name what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from optim_core.errors import CheckpointMismatchError
from optim_core.text.prose import listing

__all__ = ["Part", "load_state", "save_state"]

VERSION = 1
DIVIDED_BY = "param_groups, no_decay, layer_decay or lr_multipliers are not what they were"


class Part(NamedTuple):
    """An optimizer or a scheduler of a run.

    Args:
        type: what the recipe calls it, without its distribution; of a schedule that combines others also theirs.
        live: the object of torch's.
    """

    type: str
    live: Any


Parts = Mapping[str, Part]


def save_state(optimizers: Parts, schedulers: Parts) -> dict[str, Any]:
    """Return the state as plain data: per optimizer its type, the shapes of its parameters, and torch's state dict."""
    return {
        "format": VERSION,
        "optimizers": {
            name: {"type": part.type, "parameters": _shapes(part.live), "state": part.live.state_dict()}
            for name, part in optimizers.items()
        },
        "schedulers": {name: {"type": part.type, "state": part.live.state_dict()} for name, part in schedulers.items()},
    }


def load_state(optimizers: Parts, schedulers: Parts, state: Mapping[str, Any]) -> None:
    """Load what `save_state` gave, after checking that all of it fits.

    Raises:
        CheckpointMismatchError: the state does not fit; nothing has been loaded.
    """
    differences = list(_differences(optimizers, schedulers, state))
    if differences:
        raise CheckpointMismatchError("the saved state does not fit:\n    " + "\n    ".join(differences))
    # Loading shares tensors with its argument, so that training on would change the caller's state.
    for name, part in optimizers.items():
        part.live.load_state_dict(deepcopy(state["optimizers"][name]["state"]))
    for name, part in schedulers.items():
        part.live.load_state_dict(deepcopy(state["schedulers"][name]["state"]))


def _shapes(optimizer: Any) -> dict[str, list[int]]:
    """Return parameter name to shape; a parameter without a name is called by its group and its place there."""
    shapes = {}
    for number, group in enumerate(optimizer.param_groups):
        names = group.get("param_names") or [
            f"group {number}, parameter {place}" for place in range(len(group["params"]))
        ]
        for name, parameter in zip(names, group["params"], strict=True):
            shapes[name] = list(parameter.shape)
    return shapes


def _differences(optimizers: Parts, schedulers: Parts, state: Any) -> Iterable[str]:
    if not isinstance(state, Mapping) or state.get("format") != VERSION:
        yield f"it is not a state of format {VERSION} that Optimization.state_dict() gave"
        return
    for part, live in (("optimizers", optimizers), ("schedulers", schedulers)):
        saved = state.get(part)
        if not isinstance(saved, Mapping) or not all(isinstance(entry, Mapping) for entry in saved.values()):
            yield f"it has no {part}"
            continue
        for name in live:
            if name not in saved:
                yield f"{part}: `{name}` is not in the saved state, which has {listing(saved) or 'none'}"
        for name in saved:
            if name not in live:
                yield f"{part}: the saved state has `{name}`, which the recipe does not have"
        for name in live:
            if name in saved:
                yield from _differences_of(part, name, live[name], saved[name])


def _differences_of(part: str, name: str, live: Part, saved: Mapping[str, Any]) -> Iterable[str]:
    is_optimizer = part == "optimizers"
    if saved.get("type") != live.type:
        yield f"{part}.{name}: the saved one is {saved.get('type')}, this one is {live.type}"
        return
    state = saved.get("state")
    if not isinstance(state, Mapping) or not state or (is_optimizer and not {"state", "param_groups"} <= state.keys()):
        yield f"{part}.{name}: its state is missing or not whole"
    elif is_optimizer:
        yield from _parameter_differences(name, saved, _shapes(live.live), live.live)


def _moved(before: Any, groups: Any) -> str:
    """Say which parameters are in another group than before; "" where none is, or where names are not known."""
    was, now = _group_numbers(before), _group_numbers(groups)
    moved = [
        f"{name} was in group {was[name]} and is in group {now[name]}" for name in now if was.get(name) != now[name]
    ]
    if was.keys() != now.keys() or not moved:
        return ""
    rest = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
    return "; ".join(moved[:3]) + rest


def _group_numbers(groups: Any) -> dict[str, int]:
    return {name: number for number, group in enumerate(groups) for name in group.get("param_names") or ()}


def _parameter_differences(
    name: str, saved: Mapping[str, Any], live: Mapping[str, list[int]], optimizer: Any
) -> Iterable[str]:
    before = saved.get("parameters")
    if not isinstance(before, Mapping):
        yield f"optimizers.{name}: the names of the saved parameters are missing"
        return
    missing = [parameter for parameter in live if parameter not in before]
    surplus = [parameter for parameter in before if parameter not in live]
    if missing:
        yield f"optimizers.{name}: not in the saved state: {listing(missing)}"
    if surplus:
        yield f"optimizers.{name}: only in the saved state: {listing(surplus)}"
    for parameter, shape in live.items():
        if parameter in before and list(before[parameter]) != shape:
            yield f"optimizers.{name}: {parameter} had the shape {list(before[parameter])} and has {shape}"
    if missing or surplus:
        return
    moved = _moved(saved["state"]["param_groups"], optimizer.param_groups)
    if moved:
        yield f"optimizers.{name}: the parameters were divided into other groups: {moved}; {DIVIDED_BY}"
        return
    if list(before) != list(live):
        yield f"optimizers.{name}: the parameters come in another order than when they were saved"
        return
    sizes = [len(group["params"]) for group in saved["state"].get("param_groups", ())]
    own = [len(group["params"]) for group in optimizer.param_groups]
    if sizes != own:
        yield f"optimizers.{name}: the saved groups hold {sizes} parameters, these hold {own}"
