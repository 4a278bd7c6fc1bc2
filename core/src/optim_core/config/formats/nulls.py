"""Configs for formats that have no null: what is null is left out where that builds the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from optim_core.config.formats import load
from optim_core.config.issues import ConfigPath, path_text
from optim_core.errors import ConfigError, OptimError
from optim_core.text.prose import listing

__all__ = ["without_nulls"]


def without_nulls(config: Any, build: Callable[[Any], Any], title: str) -> Any:
    """Return a copy of a canonical config without the entries that hold a null, which builds the same.

    Args:
        config: a canonical config.
        build: a config to what it builds.
        title: what sentences call the format that has no null.

    Raises:
        OptimError: leaving them out would build something else; it names the entries.
    """
    paths: list[ConfigPath] = list(dict.fromkeys(_entries_with_null(config, (), ())))
    if not paths:
        return config
    wanted = build(config)
    left_out: set[ConfigPath] = set()
    needed: list[ConfigPath] = []
    # There may be many, of which few if any are needed, so that halving finds those soon.
    untried = [paths]
    while untried:
        some = untried.pop()
        if _built(build, _without(config, left_out.union(some))) == wanted:
            left_out.update(some)
        elif len(some) == 1:
            needed += some
        else:
            untried += [some[len(some) // 2 :], some[: len(some) // 2]]
    if needed:
        others = " and ".join(each.title for each in load.FORMATS if each.has_null)
        raise OptimError(
            f"{title} has no null, and without it another recipe would be built: {listing(map(path_text, needed))}; "
            f"{others} have null"
        )
    return _without(config, left_out)


def _built(build: Callable[[Any], Any], config: Any) -> Any:
    """Return what a config builds, None where it is wrong."""
    try:
        return build(config)
    except ConfigError:
        return None


def _entries_with_null(value: Any, path: ConfigPath, entry: ConfigPath) -> Iterator[ConfigPath]:
    """Yield the paths of entries of mappings that are null, or lists with a null in them; `entry` is the one around."""
    if value is None:
        yield entry
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _entries_with_null(item, (*path, key), (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _entries_with_null(item, (*path, index), entry)


def _without(value: Any, left_out: set[ConfigPath], path: ConfigPath = ()) -> Any:
    """Return a copy without the entries at these paths."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if (*path, key) not in left_out}
        return {key: _without(item, left_out, (*path, key)) for key, item in kept.items()}
    if isinstance(value, list):
        return [_without(item, left_out, (*path, index)) for index, item in enumerate(value)]
    return value
