"""Configs of OmegaConf, in which a value may be an interpolation such as ``${lr}`` of another one.

OmegaConf is not imported here: whoever has a config of its own has imported it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from optim_core.config.issues import ConfigPath, Issue
from optim_core.config.keys import NAMED_KEYS, RECIPE_KEYS, SECTION
from optim_core.config.structuring.plain_data import Unreadable
from optim_core.text.values import is_list

__all__ = ["as_written", "beside", "led_to", "others_as_written", "put_aside", "read_by_none", "rewritten"]

# An issue with one of these says that a key does not belong where it stands.
_OF_STRAYS = ("unknown-key", "beside-its-part", "of-both-parts", "fields-of-nothing")

_OF_RECIPES = frozenset({*RECIPE_KEYS, *NAMED_KEYS})
# An interpolation in which there is none, and which is not escaped.
_INNERMOST = re.compile(r"(?<!\\)\$\{([^{}]*)\}")
# This stands for what an inner interpolation gives, which is not known before.
_SOMETHING = "\0"
# Of these resolvers, the first argument is a key.
_OF_A_KEY = ("oc.select", "oc.deprecated", "oc.dict.keys", "oc.dict.values")
_BETWEEN_KEYS = re.compile(r"[.\[\]]+")


def as_written(config: Any, along: Sequence[str] = ()) -> Any:
    """Return a config of OmegaConf as plain data with its interpolations unresolved; any other as it is.

    Args:
        config: the config.
        along: the keys of a path in it. What stands on the way is a copy of what an interpolation there leads to.
    """
    omegaconf = _of_config(config)
    if omegaconf is None:
        return config
    written = holder = omegaconf.to_container(config, resolve=False)
    for key in along[:-1]:
        below = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(below, str) and _INNERMOST.search(below):
            # One that leads nowhere stays: whoever reads it is told.
            config = config._get_node(key)._maybe_dereference_node()
            holder[key] = below = as_written(config) if omegaconf.is_config(config) else below
        elif isinstance(below, dict):
            config = config[key]
        if not isinstance(below, dict):
            break
        holder = below
    return written


def rewritten(config: Any, written: Any) -> Any:
    """Return a config of OmegaConf that holds what is written; where `config` is of another kind, `written` itself.

    Its interpolations see what is written, and what stands around `config`.
    """
    omegaconf = _of_config(config)
    if omegaconf is None:
        return written
    place = _steps(config._get_full_key(None))
    root = omegaconf.create(_put(as_written(config._get_root()), place, written), flags={"allow_objects": True})
    omegaconf.copy_cache(from_config=config, to_config=root)
    for step in place:
        root = root._get_node(int(step) if is_list(root) else step)
    return root


def put_aside(config: Any, plain: Any, issues: Iterable[Issue]) -> tuple[Any, dict[str, Any]]:
    """Return a config without the keys that do not belong there and that interpolations lead to, and those keys.

    They may stand beside the parts of a recipe. In a component none may: a misspelt field would be lost.

    Args:
        config: the config, of OmegaConf or not.
        plain: the same as plain data, which stays as it is.
        issues: what is wrong with it.
    """
    aside: dict[str, Any] = {}
    if _of_config(config) is None or "type" in plain:
        return plain, aside
    strays = [issue.path for issue in issues if issue.code in _OF_STRAYS and issue.path[:-1] in ((), (SECTION,))]
    for path in _interpolated(config, strays):
        plain, value = _without(plain, path)
        _put_at(aside, path, value)
    return plain, aside


def read_by_none(config: Any, issues: Sequence[Issue]) -> list[Issue]:
    """Return some issues without those of keys that nothing reads but interpolations."""
    unread = [issue.path for issue in issues if issue.code == "unread"]
    read = _interpolated(config, unread) if unread else []
    return [issue for issue in issues if issue.code != "unread" or issue.path not in read]


def beside(unused: Mapping[str, Any], aside: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stood beside a recipe, with what was put aside."""
    section = {SECTION: {**unused[SECTION], **aside[SECTION]}} if SECTION in unused and SECTION in aside else {}
    return {**unused, **aside, **section}


def led_to(config: Any, issues: Iterable[Issue]) -> list[Issue]:
    """Return the issues of a config of OmegaConf; that of a field beside the part that takes it tells of `${…}`."""
    around = _steps(config._get_full_key(None))
    told = []
    for issue in issues:
        if issue.code == "beside-its-part":
            key = ".".join((*around, *map(str, issue.path)))
            issue = issue.repaired("or-lead-to-it", hint=issue.hint, key=key)
        told.append(issue)
    return told


def others_as_written(
    config: Any, unused: dict[str, Any] | None, unreadable: Iterable[Issue], issues: Sequence[Issue]
) -> list[Issue]:
    """Put what is written in place of values that cannot be read and are not the recipe's; return the other issues.

    Whoever reads such a value of an application's config is told by OmegaConf. It is no matter of the recipe.

    Args:
        config: the config.
        unused: what stands beside the recipe, which is changed; None where there is no recipe.
        unreadable: the issues of all values that cannot be read.
        issues: what else is wrong.
    """
    if unused is None:
        return [issue for issue in unreadable if _is_of_the_recipe(issue.path, issues)]
    written = as_written(config)
    kept = []
    for issue in unreadable:
        holder: Any = _stands_at(unused, issue.path[:-1])
        if isinstance(_stands_at(holder, issue.path[-1:]), Unreadable):
            holder[issue.path[-1]] = _stands_at(written, issue.path)
        else:
            kept.append(issue)
    return kept


def _is_of_the_recipe(path: ConfigPath, issues: Iterable[Issue]) -> bool:
    """Return whether a path is below a part of a recipe, or something is wrong above or below it."""
    told = (issue.path for issue in issues if issue.path)
    return not _OF_RECIPES.isdisjoint(path[:2]) or any(at[: len(path)] == path[: len(at)] for at in told)


def _stands_at(data: Any, path: ConfigPath) -> Any:
    """Return what stands at a path of nested data, as far as it leads: an interpolation may stand on the way."""
    for step in path:
        in_list = isinstance(data, list) and isinstance(step, int) and step < len(data)
        if not in_list and not (isinstance(data, dict) and step in data):
            break
        data = data[step]
    return data


def _without(plain: Mapping[Any, Any], path: ConfigPath) -> tuple[dict[Any, Any], Any]:
    """Return a copy of nested mappings without what stands at a path, and that."""
    if len(path) == 1:
        return {key: item for key, item in plain.items() if key != path[0]}, plain[path[0]]
    inner, value = _without(plain[path[0]], path[1:])
    return {**plain, path[0]: inner}, value


def _put_at(aside: dict[str, Any], path: ConfigPath, value: Any) -> None:
    *holders, key = path
    for holder in holders:
        aside = aside.setdefault(str(holder), {})
    aside[str(key)] = value


def _interpolated(config: Any, paths: Iterable[ConfigPath]) -> list[ConfigPath]:
    """Return those of some paths in `config` to which an interpolation elsewhere in it leads, or below which."""
    around = _steps(config._get_full_key(None))
    references = list(_references(as_written(config), around))
    return [path for path in paths if any(_leads(to, at, (*around, *map(str, path))) for at, to in references)]


def _leads(to: ConfigPath, at: ConfigPath, path: ConfigPath) -> bool:
    """Return whether a reference that stands at `at` leads from outside to `path`, below it, or to all around it."""
    return bool(to) and to[: len(path)] == path[: len(to)] and at[: len(path)] != path


def _of_config(config: Any) -> Any:
    """Return OmegaConf where `config` is one of its own, else None."""
    omegaconf = getattr(sys.modules.get("omegaconf"), "OmegaConf", None)
    return omegaconf if omegaconf is not None and omegaconf.is_config(config) else None


def _steps(key: str) -> tuple[str, ...]:
    """Return the steps of a key such as ``a.b[0]``."""
    return tuple(step for step in _BETWEEN_KEYS.split(key.strip()) if step)


def _put(data: Any, place: tuple[str, ...], value: Any) -> Any:
    """Return nested data with `value` at a place in it."""
    if not place:
        return value
    step: Any = int(place[0]) if is_list(data) else place[0]
    data[step] = _put(data[step], place[1:], value)
    return data


def _references(data: Any, at: ConfigPath) -> Iterator[tuple[ConfigPath, ConfigPath]]:
    """Return for each interpolation where it stands and where it leads, both from the root of all."""
    if isinstance(data, dict):
        for key, item in data.items():
            yield from _references(item, (*at, str(key)))
    elif is_list(data):
        for index, item in enumerate(data):
            yield from _references(item, (*at, str(index)))
    elif isinstance(data, str):
        yield from ((at, _target(key, at)) for key in _keys(data))


def _keys(text: str) -> Iterator[str]:
    """Return the keys that the interpolations in a text name, from the innermost outwards, as far as they are known."""
    while match := _INNERMOST.search(text):
        resolver, colon, arguments = match[1].partition(":")
        if not colon:
            yield match[1].partition(_SOMETHING)[0]
        elif resolver.strip() in _OF_A_KEY:
            yield arguments.partition(",")[0].partition(_SOMETHING)[0]
        text = text[: match.start()] + _SOMETHING + text[match.end() :]


def _target(key: str, at: ConfigPath) -> ConfigPath:
    """Return where a key leads that stands at `at`: with dots before it, from the mapping around that upwards."""
    key = key.strip()
    dots = len(key) - len(key.lstrip("."))
    return (*at[: max(len(at) - dots, 0)], *_steps(key)) if dots else _steps(key)
