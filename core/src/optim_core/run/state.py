"""The saved state of a run as plain data: what is in it, and what keeps it from being loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from optim_core.groups.names import NAME
from optim_core.run.guard import misfits, shapes_of
from optim_core.text.prose import listing

__all__ = ["VERSION", "Part", "misfits_of", "options_of", "saved_optimizer", "saved_scheduler"]

VERSION = 2

# What a group holds that is no option; its name follows from what it is.
_NO_OPTIONS = ("params", "param_names", NAME)


class Part(NamedTuple):
    """An optimizer or a scheduler of a run.

    Args:
        type: what the recipe calls it, without its distribution; of a schedule that combines others also theirs.
        live: the object of torch's.
        start: of an optimizer the options of its groups, of a scheduler that waits for a metric its state, as they
            were when the run was created; None for any other scheduler.
    """

    type: str
    live: Any
    start: Any = None


Parts = Mapping[str, Part]


def options_of(optimizer: Any) -> list[dict[str, Any]]:
    """Return the options of each group of an optimizer, by their names; tensors are copied."""
    return [
        {key: _copied(value) for key, value in group.items() if key not in _NO_OPTIONS}
        for group in optimizer.param_groups
    ]


def _copied(value: Any) -> Any:
    return value.detach().clone() if hasattr(value, "clone") else value


def saved_optimizer(part: Part) -> dict[str, Any]:
    """Return an optimizer as plain data: its type, the shapes of its parameters, how it began, and its state."""
    shapes = shapes_of(part.live.param_groups)
    return {"type": part.type, "parameters": shapes, "start": part.start, "state": part.live.state_dict()}


def saved_scheduler(part: Part) -> dict[str, Any]:
    """Return a scheduler as plain data."""
    return {"type": part.type, "start": part.start, "state": part.live.state_dict()}


def misfits_of(optimizers: Parts, schedulers: Parts, state: Any) -> Iterator[str]:
    """Yield what keeps a state from being loaded, whatever is changed about the config."""
    if not isinstance(state, Mapping) or state.get("format") != VERSION:
        yield f"it is not a state of format {VERSION} that Optimization.state_dict() gave"
        return
    yield from _misfits_of_description(state)
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
                yield from _misfits_of_part(part, name, live[name], saved[name])


def _misfits_of_description(state: Mapping[str, Any]) -> Iterator[str]:
    for key in ("distributions", "lengths", "counters"):
        if not isinstance(state.get(key), Mapping):
            yield f"it has no {key}"
    counters = state.get("counters")
    if isinstance(counters, Mapping) and not isinstance(counters.get("steps"), Mapping):
        yield "it does not say how many steps were taken"
    if "recipe" not in state or not isinstance(state["recipe"], (Mapping, type(None))):
        yield "it does not say what it was made from"


def _misfits_of_part(part: str, name: str, live: Part, saved: Mapping[str, Any]) -> Iterable[str]:
    is_optimizer = part == "optimizers"
    if saved.get("type") != live.type:
        yield f"{part}.{name}: the saved one is {saved.get('type')}, this one is {live.type}"
        return
    state = saved.get("state")
    if not isinstance(state, Mapping) or not state or (is_optimizer and not {"state", "param_groups"} <= state.keys()):
        yield f"{part}.{name}: its state is missing or not whole"
        return
    if not is_optimizer:
        return
    if not isinstance(saved.get("start"), list) or len(saved["start"]) != len(state["param_groups"]):
        yield f"optimizers.{name}: it does not say how its groups began"
        return
    if not isinstance(saved.get("parameters"), Mapping):
        yield f"optimizers.{name}: the names of the saved parameters are missing"
        return
    made_as = {"type": live.type, "parameters": saved["parameters"]}
    groups = live.live.param_groups
    for sentence in misfits(live.type, groups, {"made_as": made_as, "param_groups": state["param_groups"]}):
        yield f"optimizers.{name}: {sentence}"
