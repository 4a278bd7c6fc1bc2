"""Configs as TOML, which has no null: what is null is left out where that builds the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from optim_core.config.issues import ConfigPath
from optim_core.config.problems import path_text
from optim_core.errors import ConfigError, OptimError
from optim_core.text.prose import listing

__all__ = ["to_toml", "without_nulls"]

SHORT_LIST = 72

# A list of plain values as tomli-w writes it, one to a line; no text in it has a line break.
_LIST = re.compile(r"^([^\n]* = )\[\n((?:    [^\n]*,\n)+)\]$", re.MULTILINE)


def to_toml(config: dict[str, Any]) -> str:
    """Plain data without nulls as TOML, keys in their order where TOML has a choice, short lists on one line."""
    import tomli_w

    return _LIST.sub(_on_one_line, tomli_w.dumps(config))


def _on_one_line(match: re.Match[str]) -> str:
    items = [line.strip().removesuffix(",") for line in match[2].splitlines()]
    plain = not any(item.startswith(("{", "[")) for item in items)
    line = f"{match[1]}[{', '.join(items)}]"
    return line if plain and len(line) <= SHORT_LIST else match[0]


def without_nulls(config: Any, build: Callable[[Any], Any]) -> Any:
    """A copy of a canonical config without the entries that hold a null, which builds the same.

    Args:
        config: a canonical config.
        build: a config to what it builds.

    Raises:
        OptimError: leaving them out would build something else; it names the entries.
    """
    paths: list[ConfigPath] = list(dict.fromkeys(_entries_with_null(config, (), ())))
    if not paths:
        return config
    wanted = build(config)
    left_out: set[ConfigPath] = set()
    needed: list[ConfigPath] = []
    # Halved until what is needed is found, which is little, if anything, of what may be much.
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
        raise OptimError(
            f"TOML has no null, and without it another recipe would be built: {listing(map(path_text, needed))}; "
            "YAML and JSON have null"
        )
    return _without(config, left_out)


def _built(build: Callable[[Any], Any], config: Any) -> Any:
    """What a config builds, None where it is wrong."""
    try:
        return build(config)
    except ConfigError:
        return None


def _entries_with_null(value: Any, path: ConfigPath, entry: ConfigPath) -> Iterator[ConfigPath]:
    """The paths of the mappings' entries that are null, or lists with a null in them; `entry` is the one around."""
    if value is None:
        yield entry
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _entries_with_null(item, (*path, key), (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _entries_with_null(item, (*path, index), entry)


def _without(value: Any, left_out: set[ConfigPath], path: ConfigPath = ()) -> Any:
    """A copy without the entries at these paths."""
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if (*path, key) not in left_out}
        return {key: _without(item, left_out, (*path, key)) for key, item in kept.items()}
    if isinstance(value, list):
        return [_without(item, left_out, (*path, index)) for index, item in enumerate(value)]
    return value
