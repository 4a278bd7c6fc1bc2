"""The saved state of a run as plain data: what is in it, and what keeps it from being loaded."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from optim_core.run.changes import LENGTHS
from optim_core.run.guard import MADE_AS, NO_OPTIONS, given_to, misfits, places_of_groups, shapes_of
from optim_core.run.saved_values import HOW, is_count, misfits_of_options, misfits_of_schedule, same
from optim_core.text.prose import listing, visible
from optim_core.text.values import shown

__all__ = [
    "VERSION",
    "Part",
    "misfits_of",
    "misfits_of_schedules",
    "misfits_of_starts",
    "options_of",
    "saved_optimizer",
    "saved_scheduler",
]

VERSION = 2

_PLAIN = (bool, int, float, str, tuple)


class Part(NamedTuple):
    """An optimizer or a scheduler of a run.

    Args:
        type: what the recipe calls it, without its distribution; of a schedule that combines others also theirs.
        live: the object of torch's.
        start: of an optimizer the options of its groups, of a scheduler that waits for a metric its state, as they
            were when the run was created; None for any other scheduler.
        made: of an optimizer, how many of its groups the recipe made; the others came later.
        refusal: of an optimizer, says what is wrong with a value of an option, None where nothing is.
    """

    type: str
    live: Any
    start: Any = None
    made: int = 0
    refusal: Callable[[str, Any], str | None] | None = None


Parts = Mapping[str, Part]


def options_of(optimizer: Any) -> list[dict[str, Any]]:
    """Return the options of each group of an optimizer, by their names; tensors are copied."""
    return [
        {key: _copied(value) for key, value in group.items() if key not in NO_OPTIONS}
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
    if not _is_state(state):
        within = [key for key, value in state.items() if _is_state(value)] if isinstance(state, Mapping) else []
        there = f"; that is in it, below the key `{visible(str(within[0]))}`" if within else ""
        yield f"it is not a state of format {VERSION} that Optimization.state_dict() gave{there}"
        return
    yield from _misfits_of_description(state, optimizers)
    for part, live in (("optimizers", optimizers), ("schedulers", schedulers)):
        saved = state.get(part)
        if not isinstance(saved, Mapping) or not all(isinstance(entry, Mapping) for entry in saved.values()):
            yield f"{part}: must be a mapping of names to states, is {shown(saved)}"
            continue
        yield from _misfits_of_names(part, live, saved)
        for name in live:
            if name in saved and saved[name].get("type") != live[name].type:
                was = saved[name].get("type")
                was = was if isinstance(was, str) else shown(was)
                yield f"{part}.{name}: the saved one is {was}, this one is {live[name].type}"
            elif name in saved and part == "optimizers":
                yield from (f"{part}.{name}.{line}" for line in _misfits_of_optimizer(live[name], saved[name]))


def _is_state(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("format") == VERSION and not isinstance(value["format"], bool)


def _misfits_of_names(part: str, live: Parts, saved: Mapping[str, Any]) -> Iterator[str]:
    for name in live:
        if name not in saved:
            yield f"{part}: `{name}` is not in the saved state, which has {listing(map(str, saved)) or 'none'}"
    for name in saved:
        if name not in live:
            yield f"{part}: the saved state has `{name}`, which the recipe does not have"


def misfits_of_schedules(schedulers: Parts, state: Mapping[str, Any], changed: Container[str]) -> Iterator[str]:
    """Yield what is wrong with the values of the saved schedules.

    Args:
        schedulers: the live ones.
        state: the whole state, in which `misfits_of` finds nothing wrong.
        changed: the names of those that were made from another config, or for another length.
    """
    for name, part in schedulers.items():
        saved, where = state["schedulers"][name], f"schedulers.{name}"
        as_made = name not in changed
        yield from misfits_of_schedule(part.live, saved.get("state"), f"{where}.state", as_made=as_made)
        start = saved.get("start")
        if not isinstance(start, type(None) if part.start is None else Mapping):
            yield f"{where}.start: must be {'a mapping' if part.start is not None else 'null'}, is {shown(start)}"
        elif start is not None:
            lines = misfits_of_options(part.start, start, {}, f"{where}.start")
            yield from lines if not as_made else _others_than(part.start, start, f"{where}.start")


def misfits_of_starts(optimizers: Parts, state: Mapping[str, Any]) -> Iterator[str]:
    """Yield where groups are said to have begun with other numbers than by the same config they do."""
    for name, part in optimizers.items():
        saved = state["optimizers"][name]
        places = places_of_groups(saved["state"]["param_groups"], part.live.param_groups) or range(len(part.start))
        # Groups that came later have begun with what they were given.
        for options, place in zip(part.start[: part.made], places, strict=False):
            began = saved["start"][place]
            given = given_to(part.live, began) if not options.keys() <= began.keys() else began
            plain = {key: value for key, value in options.items() if type(value) in _PLAIN and key not in HOW}
            yield from _others_than(plain, given, f"optimizers.{name}.start[{place}]")


def _others_than(now: Mapping[str, Any], saved: Mapping[str, Any], where: str) -> Iterator[str]:
    for key, value in now.items():
        if key not in saved or not same(value, saved[key]):
            yield f"{where}.{key}: is {shown(saved.get(key))}, and by this config it is {shown(value)}"


def _misfits_of_description(state: Mapping[str, Any], optimizers: Parts) -> Iterator[str]:
    distributions, lengths, counters = (state.get(key) for key in ("distributions", "lengths", "counters"))
    if not isinstance(distributions, Mapping) or not all(
        isinstance(each, str) for pair in distributions.items() for each in pair
    ):
        yield f"distributions: must be a mapping of names to versions, is {shown(distributions)}"
    if not isinstance(lengths, Mapping):
        yield f"lengths: must be a mapping, is {shown(lengths)}"
    else:
        for key in LENGTHS:
            if key not in lengths:
                yield f"lengths.{key}: is missing"
            elif lengths[key] is not None and not is_count(lengths[key], least=1):
                yield f"lengths.{key}: must be a whole number above 0 or null, is {shown(lengths[key])}"
    yield from _misfits_of_counters(counters, optimizers)
    if "recipe" not in state or not _is_config(state["recipe"]):
        yield "recipe: must be the config that the run was made from"


def _misfits_of_counters(counters: Any, optimizers: Parts) -> Iterator[str]:
    steps = counters.get("steps") if isinstance(counters, Mapping) else None
    if not isinstance(counters, Mapping) or not isinstance(steps, Mapping):
        yield "counters: must say how many `steps` of each optimizer and how many `epochs` were taken"
    else:
        if not is_count(counters.get("epochs")):
            yield f"counters.epochs: must be a whole number of epochs, is {shown(counters.get('epochs'))}"
        for name in optimizers:
            if not is_count(steps.get(name)):
                yield f"counters.steps.{name}: must be a whole number of steps, is {shown(steps.get(name))}"


def _is_config(recipe: Any) -> bool:
    """Tell whether what a run was made from has the form of a canonical config; None where it is not known."""
    if recipe is None:
        return True
    if not isinstance(recipe, Mapping):
        return False
    named = recipe.get("optimizer_configs")
    if named is None:
        return isinstance(recipe.get("optimizer"), Mapping)
    return isinstance(named, Mapping) and all(
        isinstance(pair, Mapping) and isinstance(pair.get("optimizer"), Mapping) for pair in named.values()
    )


def _misfits_of_optimizer(live: Part, saved: Mapping[str, Any]) -> Iterator[str]:
    state = saved.get("state")
    if not isinstance(saved.get("parameters"), Mapping):
        yield "parameters: must be a mapping of names to shapes"
        return
    if not isinstance(state, Mapping):
        yield f"state: must be a mapping, is {shown(state)}"
        return
    found = list(_of_state(live, saved, state))
    yield from found
    start, groups = saved.get("start"), state.get("param_groups")
    if found or not isinstance(groups, (list, tuple)):
        return
    if not isinstance(start, (list, tuple)) or len(start) != len(groups):
        yield f"start: must say how each of {len(groups)} groups began, is {shown(start)}"
        return
    for place, (options, group) in enumerate(zip(start, groups, strict=True)):
        if not isinstance(options, Mapping):
            yield f"start[{place}]: must be a mapping of options, is {shown(options)}"
        else:
            began = {key: value for key, value in group.items() if key in options}
            yield from misfits_of_options(began, options, {}, f"start[{place}]")
            yield from _of_group(live, options, group, f"state: param_groups[{place}]")
    yield from _of_names(live, saved["parameters"], groups)


def _of_state(live: Part, saved: Mapping[str, Any], state: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the state of an optimizer, which says once more what stands beside it."""
    described = {"type": live.type, "parameters": saved["parameters"]}
    made_as = state.get(MADE_AS, described)
    if not isinstance(made_as, Mapping):
        yield f"state: {MADE_AS}: must be a mapping, is {shown(made_as)}"
        return
    found = [f"state: {line}" for line in misfits(live.type, live.live, {**state, MADE_AS: {**made_as, **described}})]
    beside = [key for key, value in described.items() if not same(made_as.get(key), value)]
    yield from found or [f"state: {MADE_AS}.{key}: is not what stands beside the state" for key in beside]


def _of_group(part: Part, began: Mapping[str, Any], group: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield what is wrong with options that no training changes, or that the config would not take."""
    for key, value in group.items():
        if key in NO_OPTIONS or key not in began or same(began[key], value):
            continue
        if type(value) in (bool, str) or key in HOW:
            yield f"{where}.{key}: is {shown(value)}, and the run began with {shown(began[key])}"
        elif part.refusal is not None and part.refusal(key, began[key]) is None:
            wrong = part.refusal(key, value)
            if wrong is not None:
                yield f"{where}.{key}: {wrong}"


def _of_names(part: Part, shapes: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield where the numbers in the groups are not torch's, or the names not those of the saved shapes."""
    if [number for group in groups for number in group["params"]] != list(range(len(shapes))):
        yield f"state: param_groups: `params` must number all {len(shapes)} parameters from 0 on, group by group"
    if not all(group.get("param_names") for group in part.live.param_groups):
        return
    lacking = [place for place, group in enumerate(groups) if "param_names" not in group or not group["param_names"]]
    if lacking:
        yield f"state: param_groups[{lacking[0]}].param_names: is missing"
    elif [name for group in groups for name in group["param_names"]] != list(shapes):
        yield "state: param_groups: the names of their parameters are not those of `parameters`"
