"""What an optimizer checks of a state that is loaded into it, whoever loads it: class, names, groups, shapes."""

from __future__ import annotations

import weakref
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from optim_core.errors import CheckpointMismatchError
from optim_core.groups.names import NAME
from optim_core.run.distributed.shards import divided_as, is_divided
from optim_core.run.saved_values import (
    entries_of,
    kept_in,
    misfits_of_entries,
    misfits_of_kept,
    misfits_of_options,
)
from optim_core.text.prose import listing
from optim_core.text.values import shown

__all__ = ["MADE_AS", "NO_OPTIONS", "Guard", "given_to", "guarded", "misfits", "places_of_groups", "shapes_of"]

MADE_AS = "made_as"
"""The key of a saved state with what the optimizer was; torch and the frameworks hand it on."""

DIVIDED_BY = "param_groups, no_decay, layer_decay or lr_multipliers are not what they were"
# torch numbers hooks from 0 in each process; one that was copied must not have a number that is given out again.
_NO_NUMBER_OF_TORCHS = -1

# What an optimizer that a spec made has of its own, beside this: how it takes groups that come later.
_ALSO_KEPT = ("add_param_group",)

# What a group holds that is no option; its name follows from what it is.
NO_OPTIONS = ("params", "param_names", NAME)

Groups = Sequence[Mapping[str, Any]]


class Guard:
    """The hooks of one optimizer. It refers to none, so that it can be copied and keeps nothing alive.

    Args:
        type: what the recipe calls the optimizer, without its distribution.
    """

    def __init__(self, type: str) -> None:  # noqa: A002 - a config's word
        self.type = type

    def mark(self, optimizer: Any, state: dict[str, Any]) -> None:
        """Write into a state that is being saved what the optimizer is."""
        state[MADE_AS] = {
            "type": self.type,
            "parameters": shapes_of(optimizer.param_groups),
            "entries": entries_of(state.get("state")),
            "kept": kept_in(optimizer.param_groups, getattr(optimizer, "defaults", {})),
        }
        for group in state["param_groups"]:
            # DeepSpeed puts one flat tensor in the place of a group's parameters, and leaves their names there.
            if not _named([group]):
                group.pop("param_names", None)

    def check(self, optimizer: Any, state: dict[str, Any]) -> dict[str, Any]:
        """Return a state that is being loaded, in the order of the optimizer's own parameters.

        A state without names, such as another program's, is returned in its own order. The groups keep their names,
        whether they had others when they were saved, or none.

        Raises:
            CheckpointMismatchError: it is of another class, its parameters, their groups or shapes are others, or
                a value of it is missing, or cannot be.
        """
        found = list(misfits(self.type, optimizer, state))
        if found:
            raise CheckpointMismatchError(
                f"the saved state does not fit the optimizer {self.type}:\n    " + "\n    ".join(found)
            )
        groups = optimizer.param_groups
        return _divided(_with_names(_in_order(state, groups), groups), groups)


class _Kept:
    """The ``__getstate__`` of one optimizer: what torch copies and pickles, and the guard, which torch leaves out."""

    def __init__(self, optimizer: Any, guard: Guard) -> None:
        # An optimizer that is kept alive by its own attribute is freed by the garbage collector alone.
        self._optimizer = weakref.ref(optimizer)
        self._guard = guard

    def __call__(self) -> dict[str, Any]:
        optimizer = self._optimizer()
        cls: Any = type(optimizer)
        state: dict[str, Any] = cls.__getstate__(optimizer)
        return {
            **state,
            "_optimizer_load_state_dict_pre_hooks": OrderedDict({_NO_NUMBER_OF_TORCHS: self._guard.check}),
            "_optimizer_state_dict_post_hooks": OrderedDict({_NO_NUMBER_OF_TORCHS: self._guard.mark}),
            **{key: value for key, value in vars(optimizer).items() if key in _ALSO_KEPT},
            "__getstate__": self,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        # The copy of the optimizer is there before its state, so this one is made for the copy.
        return _Kept, (self._optimizer(), self._guard)


def guarded(optimizer: Any, type: str) -> Any:  # noqa: A002 - a config's word
    """Return the optimizer, which from now on checks what is loaded into it; copies and pickles of it do too.

    An object that is no optimizer of torch's is returned as it is.
    """
    if hasattr(optimizer, "register_load_state_dict_pre_hook"):
        guard = Guard(type)
        optimizer.register_load_state_dict_pre_hook(guard.check)
        optimizer.register_state_dict_post_hook(guard.mark)
        # torch looks for it on the instance as well as on the class, and so do copy and pickle.
        optimizer.__getstate__ = _Kept(optimizer, guard)
    return optimizer


def shapes_of(groups: Groups) -> dict[str, list[int]]:
    """Return parameter name to shape; a parameter without a name is called by its group and its place there."""
    shapes = {}
    for number, group in enumerate(groups):
        places = range(len(group["params"]))
        names = group["param_names"] if _named([group]) else [f"group {number}, parameter {at}" for at in places]
        for name, parameter in zip(names, group["params"], strict=True):
            shapes[name] = list(parameter.shape)
    return shapes


def misfits(type: str, optimizer: Any, state: Mapping[str, Any]) -> Iterator[str]:  # noqa: A002 - a config's word
    """Yield what keeps a saved state of an optimizer from being loaded.

    Args:
        type: what the recipe calls the optimizer.
        optimizer: the live one.
        state: what `state_dict` gave; what it does not say of itself is not compared.
    """
    found = list(_malformed(state))
    found = found or list(_others(type, optimizer.param_groups, state))
    yield from found or _of_values(optimizer, state)


def _malformed(state: Any) -> Iterator[str]:
    """Yield what is wrong with the form of a state: what it has to hold, and of which kinds."""
    if not isinstance(state, Mapping):
        yield f"must be a mapping, is {shown(state)}"
        return
    made_as, groups = state.get(MADE_AS, {}), state.get("param_groups")
    if not isinstance(made_as, Mapping) or not isinstance(made_as.get("type", ""), str):
        yield f"{MADE_AS}: does not say what it was saved from"
    elif not _are_shapes(made_as.get("parameters", {})):
        yield f"{MADE_AS}.parameters: must be a mapping of names to shapes"
    if not isinstance(state.get("state"), Mapping):
        yield f"state: must be a mapping, is {shown(state.get('state'))}"
    if not isinstance(groups, (list, tuple)):
        yield f"param_groups: must be a list of groups, is {shown(groups)}"
        return
    seen: set[Any] = set()
    for place, group in enumerate(groups):
        where = f"param_groups[{place}]"
        numbers = group.get("params") if isinstance(group, Mapping) else None
        if not isinstance(numbers, (list, tuple)) or not all(type(number) in (int, str) for number in numbers):
            yield f"{where}: must be a mapping with the numbers of its `params`"
            continue
        names = group.get("param_names")
        named = isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)
        if names is not None and not (named and len(names) == len(numbers)):
            yield f"{where}.param_names: must be a list of {len(numbers)} names, is {shown(names)}"
        if not seen.isdisjoint(numbers) or len(set(numbers)) != len(numbers):
            yield f"{where}.params: a parameter is in it twice, or in another group too"
        seen.update(numbers)


def _are_shapes(parameters: Any) -> bool:
    return isinstance(parameters, Mapping) and all(
        isinstance(shape, (list, tuple)) and all(isinstance(size, int) for size in shape)
        for shape in parameters.values()
    )


def _of_values(optimizer: Any, state: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the values of a state whose groups are those of the optimizer."""
    saved, groups = state["param_groups"], optimizer.param_groups
    made_as = state.get(MADE_AS) or {}
    yield from misfits_of_entries(state["state"], made_as.get("entries"), saved)
    places = places_of_groups(saved, groups)
    if places is None:
        return
    for group, place in zip(groups, places, strict=True):
        live = {key: value for key, value in group.items() if key not in NO_OPTIONS}
        given = given_to(optimizer, saved[place]) if not live.keys() <= saved[place].keys() else {}
        yield from misfits_of_options(live, saved[place], given, f"param_groups[{place}]")
        yield from misfits_of_kept(live, saved[place], made_as.get("kept"), place)


def given_to(optimizer: Any, group: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a group with what the class of the optimizer adds to it when it is loaded: what is new in this torch."""
    filled = {**group, "params": []}
    trial = object.__new__(type(optimizer))
    # Whatever a stranger's class needs for it, it has not; then nothing is added.
    with suppress(Exception):
        defaults = dict(optimizer.defaults)
        trial.__setstate__({"defaults": defaults, "state": defaultdict(dict), "param_groups": [filled]})
    return filled


def _others(type: str, groups: Groups, state: Mapping[str, Any]) -> Iterator[str]:  # noqa: A002 - a config's word
    """Yield how the class, the parameters or their groups differ."""
    made_as = state.get(MADE_AS) or {}
    if made_as.get("type", type) != type:
        yield f"the saved one is {made_as['type']}, this one is {type}"
        return
    saved = state["param_groups"]
    if "parameters" in made_as:
        before, now = made_as["parameters"], shapes_of(groups)
        yield from _other_names(before, now)
        yield from (
            f"{name} had the shape {list(before[name])} and has {shape}"
            for name, shape in now.items()
            if name in before and list(before[name]) != shape
        )
        if before.keys() != now.keys():
            return
    if _named(saved) and _named(groups):
        was, is_in = _group_numbers(saved), _group_numbers(groups)
        if was.keys() != is_in.keys():
            yield from _other_names(was, is_in) if "parameters" not in made_as else ()
        elif places_of_groups(saved, groups) is None:
            yield f"the parameters were divided into other groups: {_moved(was, is_in)}; {DIVIDED_BY}"
        return
    sizes, own = [len(group["params"]) for group in saved], [len(group["params"]) for group in groups]
    if sizes != own and "parameters" in made_as:
        yield f"the saved groups hold {sizes} parameters, these hold {own}"


def places_of_groups(saved: Groups, groups: Groups) -> list[int] | None:
    """Return for each group the index of the saved one with the same parameters; None where one has none.

    Groups without names are taken in their order.
    """
    if not (_named(saved) and _named(groups)):
        return list(range(len(groups))) if len(groups) == len(saved) else None
    places = {frozenset(group["param_names"]): index for index, group in enumerate(saved)}
    found = [places.get(frozenset(group["param_names"])) for group in groups]
    if len(saved) != len(groups) or None in found or len(set(found)) != len(found):
        return None
    return [place for place in found if place is not None]


def _in_order(state: dict[str, Any], groups: Groups) -> dict[str, Any]:
    """Return a state whose groups, and the parameters in them, come as in `groups`."""
    saved = state.get("param_groups")
    if not isinstance(saved, (list, tuple)) or not (_named(saved) and _named(groups)):
        return state
    if [group["param_names"] for group in saved] == [group["param_names"] for group in groups]:
        return state
    places = places_of_groups(saved, groups)
    if places is None:
        return state
    ordered = []
    for group, place in zip(groups, places, strict=True):
        before = saved[place]
        number = dict(zip(before["param_names"], before["params"], strict=True))
        names = list(group["param_names"])
        ordered.append({**before, "params": [number[name] for name in names], "param_names": names})
    return {**state, "param_groups": ordered}


def _with_names(state: dict[str, Any], groups: Groups) -> dict[str, Any]:
    """Return a state whose groups are called as those in `groups`, which torch replaces with them."""
    saved = state.get("param_groups")
    if not isinstance(saved, (list, tuple)) or len(saved) != len(groups):
        return state
    pairs = zip(saved, groups, strict=True)
    named = [{**before, NAME: group[NAME]} if NAME in group else before for before, group in pairs]
    return {**state, "param_groups": named}


def _divided(state: dict[str, Any], groups: Groups) -> dict[str, Any]:
    """Return a state whose tensors are divided between processes as the parameters are that they belong to."""
    saved, states = state.get("param_groups"), state.get("state")
    if not isinstance(saved, (list, tuple)) or not isinstance(states, Mapping):
        return state
    parameters = [parameter for group in groups for parameter in group["params"]]
    numbers = [number for group in saved for number in group["params"]]
    if len(parameters) != len(numbers) or not any(map(is_divided, [*parameters, *_tensors_in(states)])):
        return state
    owner = dict(zip(numbers, parameters, strict=True))
    divided = {
        number: {key: divided_as(value, owner[number]) for key, value in entries.items()}
        if number in owner and isinstance(entries, Mapping)
        else entries
        for number, entries in states.items()
    }
    return {**state, "state": divided}


def _tensors_in(states: Mapping[Any, Any]) -> Iterator[Any]:
    for entries in states.values():
        yield from entries.values() if isinstance(entries, Mapping) else ()


def _named(groups: Groups) -> bool:
    return all(len(group.get("param_names") or ()) == len(group["params"]) for group in groups)


def _group_numbers(groups: Groups) -> dict[str, int]:
    return {name: number for number, group in enumerate(groups) for name in group["param_names"]}


def _other_names(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    missing = [name for name in now if name not in before]
    surplus = [name for name in before if name not in now]
    if missing:
        yield f"not in the saved state: {listing(missing)}"
    if surplus:
        yield f"only in the saved state: {listing(surplus)}"


def _moved(was: Mapping[str, int], now: Mapping[str, int]) -> str:
    """Say which parameters are in another group than before."""
    moved = [f"{name} was in group {was[name]} and is in group {now[name]}" for name in now if was[name] != now[name]]
    rest = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
    return "; ".join(moved[:3]) + rest
