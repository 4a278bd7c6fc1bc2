"""Overrides such as ``optimizer.config.lr=3e-4``, which stand in place of what a config holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from optim_core.errors import ConfigError, OptimError, Problem
from optim_core.files import OVERRIDE, Document
from optim_core.mismatch import ConfigPath, is_list
from optim_core.names import listing, nearest
from optim_core.yaml_nodes import YamlProblem, compose, value_of

__all__ = ["apply_overrides"]


def apply_overrides(document: Document, overrides: Iterable[str]) -> Document:
    """A document with values replaced, which knows which they are; the given one stays as it is.

    Args:
        document: a config.
        overrides: ``path=value`` each, the path with dots between its keys (a number for a place in a list), the value
            as YAML writes it. The mappings on the way must exist; the last key may be new.

    Raises:
        ConfigError: an override without ``=``, or a path that leads nowhere.
    """
    problems = []
    for override in [overrides] if isinstance(overrides, str) else overrides:
        if not isinstance(override, str):
            raise OptimError(f"an override is a text of the form path=value, not {override!r:.60}")
        place, equals, text = override.partition("=")
        place = place.strip()
        if not equals or not place:
            problems.append(Problem(path="", message=f"`{override}` is not of the form path=value", file=OVERRIDE))
            continue
        try:
            value = value_of(compose(text)) if text.strip() else None
            config, path = _replaced(document.value, place.split("."), value, "the config")
            document = document._replace(value=config, overridden=(*document.overridden, path))
        except (YamlProblem, _NowhereError) as problem:
            problems.append(Problem(path=place, message=problem.message, hint=problem.hint, file=OVERRIDE))
    if problems:
        raise ConfigError(problems)
    return document


class _NowhereError(Exception):
    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def _replaced(config: Any, keys: list[str], value: Any, here: str) -> tuple[Any, ConfigPath]:
    """A copy of `config` with `value` at the place that `keys` lead to, and that place; `here` names `config`."""
    if not keys:
        return value, ()
    key = keys[0]
    step = _step(config, key, here, may_be_new=len(keys) == 1)
    below = config[step] if isinstance(step, int) or step in config else None
    inner, path = _replaced(below, keys[1:], value, key if here == "the config" else f"{here}.{key}")
    if isinstance(step, int):
        return [inner if place == step else item for place, item in enumerate(config)], (step, *path)
    return {**config, step: inner}, (step, *path)


def _step(config: Any, key: str, here: str, *, may_be_new: bool) -> str | int:
    """What `key` means in `config`: a key of a mapping, or a place in a list.

    Raises:
        _NowhereError: nothing.
    """
    if is_list(config):
        if key.isdecimal() and int(key) < len(config):
            return int(key)
        raise _NowhereError(f"{here} is a list of {len(config)}; `{key}` is no place in it")
    if not isinstance(config, Mapping):
        raise _NowhereError(f"{here} is not a mapping, so it has no `{key}`")
    if key in config or may_be_new:
        return key
    names = [name for name in config if isinstance(name, str)]
    near = nearest(key, names)
    hint = f"{here} has: {listing(names) or 'nothing'}"
    raise _NowhereError(f"{here} has no `{key}`", f"did you mean `{near}`? {hint}" if near else hint)
