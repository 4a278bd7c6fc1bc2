"""A config with one or two nodes spoiled: deleted, renamed, duplicated, replaced, wrapped or taken out of its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

__all__ = ["MUTATIONS", "mutated", "places"]

Path = tuple[Any, ...]
# It changes what stands under a key of a mapping or in a list, and is given a value and a key for that.
Mutation = Callable[[Any, Any, Any, Any], None]


def places(config: Any, path: Path = ()) -> list[Path]:
    """The path of every value in a config, from the outside in."""
    found = [path]
    items = config.items() if type(config) is dict else enumerate(config) if type(config) is list else ()
    for key, value in items:
        found += places(value, (*path, key))
    return found


@st.composite
def mutated(
    draw: st.DrawFn,
    configs: st.SearchStrategy[Any],
    values: st.SearchStrategy[Any],
    keys: st.SearchStrategy[Any],
    mutations: Sequence[Mutation],
) -> Any:
    """One of `configs`, with one or two mutations; new values and new keys are drawn from those given."""
    config = deepcopy(draw(configs))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(places(config)))
        config = _changed_at(config, path, draw(st.sampled_from(mutations)), _own(draw(values)), draw(keys))
    return config


def _own(value: Any) -> Any:
    """A copy of drawn data, which later mutations may change."""
    if type(value) is dict:
        return {key: _own(item) for key, item in value.items()}
    return [_own(item) for item in value] if type(value) is list else value


def _changed_at(config: Any, path: Path, mutation: Mutation, value: Any, key: Any) -> Any:
    if not path:
        return value if mutation is _replace else {key: config} if mutation is _wrap else config
    holder = config
    for step in path[:-1]:
        holder = holder[step]
    mutation(holder, path[-1], value, key)
    return config


def _replace(holder: Any, step: Any, value: Any, key: Any) -> None:
    holder[step] = value


def _delete(holder: Any, step: Any, value: Any, key: Any) -> None:
    del holder[step]


def _rename(holder: Any, step: Any, value: Any, key: Any) -> None:
    if type(holder) is dict:
        holder[key] = holder.pop(step)


def _misspell(holder: Any, step: Any, value: Any, key: Any) -> None:
    if type(holder) is dict and isinstance(step, str):
        holder[step[1:] + step[:1]] = holder.pop(step)


def _duplicate(holder: Any, step: Any, value: Any, key: Any) -> None:
    if type(holder) is dict:
        holder[key] = _own(holder[step])
    else:
        holder.insert(step, _own(holder[step]))


def _wrap(holder: Any, step: Any, value: Any, key: Any) -> None:
    holder[step] = {key: holder[step]}


def _list_it(holder: Any, step: Any, value: Any, key: Any) -> None:
    holder[step] = [holder[step]]


def _hoist(holder: Any, step: Any, value: Any, key: Any) -> None:
    inner = holder[step]
    if type(inner) is dict and type(holder) is dict:
        del holder[step]
        holder.update(inner)
    elif type(inner) is list and inner:
        holder[step] = inner[0]


def _quote(holder: Any, step: Any, value: Any, key: Any) -> None:
    if type(holder[step]) in (bool, int, float):
        holder[step] = str(holder[step])


MUTATIONS = [_replace, _delete, _rename, _misspell, _duplicate, _wrap, _list_it, _hoist, _quote]
