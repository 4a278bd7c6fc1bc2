"""Overrides such as ``optimizer.config.lr=3e-4``, which stand in place of what a config holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from optim_core.config.document import OVERRIDE, Document
from optim_core.config.formats.yaml_reader import YamlProblem, compose, value_of
from optim_core.config.issues import ConfigPath
from optim_core.config.keys import NAMED_KEYS, RECIPE_KEYS
from optim_core.config.problems import path_text
from optim_core.errors import ConfigError, OptimError, Problem
from optim_core.kinds import KINDS
from optim_core.text.prose import listing
from optim_core.text.spelling import nearest
from optim_core.text.values import is_list

__all__ = ["apply_overrides", "with_texts"]

# One key of a path: in double quotes, or up to the next dot or `=`.
_KEY = re.compile(r'\s*+("(?:[^"\\]|\\.)*+"(?=\s*+[.=])|[^.=]*+)\s*+')
_NEEDS_QUOTES = re.compile(r'[.="]|^\s|\s$|^$')

# How the problem of a field begins that takes text alone.
WANTS_TEXT = "must be text,"

# Fields stand in `config`, so that a key beside it must be very like one of those to be taken for it.
ALIKE = 0.8

# What may stand beside `type` and `config`, whatever the kind.
_BESIDE = tuple(dict.fromkeys(["enabled", *(key for row in KINDS.values() for key in row.beside)]))


def apply_overrides(document: Document, overrides: Iterable[str]) -> Document:
    """A document with values replaced, which knows which they are; the given one stays as it is.

    Args:
        document: a config.
        overrides: ``path=value`` each, the path with dots between its keys (a number for a place in a list; a key with
            a dot of its own in double quotes), the value as YAML writes it. The last key may be new, and so may a
            component's ``config`` and a recipe's ``optimizer``, ``scheduler`` and ``gradient_clipping``; the other
            mappings on the way must exist.

    Raises:
        ConfigError: overrides without ``=``, or paths that lead nowhere.
    """
    problems = []
    for override in [overrides] if isinstance(overrides, str) else overrides:
        if not isinstance(override, str):
            raise OptimError(f"an override is a text of the form path=value, not {override!r:.60}")
        keys, place, text = _divided(override)
        if not any(keys):
            problems.append(Problem(path="", message=f"`{override}` is not of the form path=value", file=OVERRIDE))
            continue
        try:
            value = value_of(compose(text)) if text.strip() else None
            config, path, new = _replaced(document.value, keys, value)
            overridden = (*document.overridden, path[:new])
            # Which of the two a field wants shows when it is structured.
            typed = document.typed if isinstance(value, str) else (*document.typed, (path, text.strip()))
            document = document._replace(value=config, overridden=overridden, typed=typed)
        except (YamlProblem, _NowhereError) as problem:
            problems.append(Problem(path=place, message=problem.message, hint=problem.hint, file=OVERRIDE))
    if problems:
        raise ConfigError(problems)
    return document


def with_texts(document: Document, problems: Iterable[Problem]) -> Document | None:
    """The document with overrides as they were typed, where `problems` say that texts are wanted; None where not.

    To YAML, ``--set scheduler.config.monitor=1`` is a number.
    """
    wanted = {problem.path for problem in problems if problem.message.startswith(WANTS_TEXT)}
    again = document
    for path, text in document.typed:
        if path_text(path) in wanted:
            again = again._replace(value=_with(again.value, path, text))
    return None if again is document else again


def _with(config: Any, path: ConfigPath, value: Any) -> Any:
    """A copy of `config` with `value` at `path`, which exists."""
    if not path:
        return value
    inner = _with(config[path[0]], path[1:], value)
    if isinstance(config, Mapping):
        return {**config, path[0]: inner}
    return [inner if place == path[0] else item for place, item in enumerate(config)]


class _NowhereError(Exception):
    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


# -- the text of a path ----------------------------------------------------------------------------------------------


def _divided(override: str) -> tuple[list[str], str, str]:
    """The keys of the path, the path and the value as they are written; no keys where there is no ``=``."""
    keys: list[str] = []
    at = 0
    while match := _KEY.match(override, at):
        keys.append(_unquoted(match[1]))
        at = match.end() + 1
        separator = override[match.end() : at]
        if separator == "=":
            return keys, override[: match.end()].strip(), override[at:]
        if separator != ".":
            break
    return [], "", ""


def _unquoted(text: str) -> str:
    if text[:1] != '"':
        return text.strip()
    try:
        key: str = json.loads(text)
    except ValueError:
        return text.strip()
    return key


def _written(keys: Iterable[str]) -> str:
    """Keys as the path of an override."""
    return ".".join(json.dumps(key, ensure_ascii=False) if _NEEDS_QUOTES.search(key) else key for key in keys)


# -- the place in a config -------------------------------------------------------------------------------------------


def _replaced(config: Any, keys: list[str], value: Any) -> tuple[Any, ConfigPath, int]:
    """A copy of `config` with `value` where `keys` lead to, the path, and how much of it leads to what is new."""
    holders: list[tuple[Any, str | int]] = []
    new = len(keys)
    for at in range(len(keys)):
        step = _step(config, keys, at)
        holders.append((config, step))
        below = config[step] if isinstance(step, int) or step in config else None
        if below is None and step in _may_be_created(config, keys[:at]):
            below, new = {}, min(new, at + 1)
        config = below
    for holder, step in reversed(holders):
        if isinstance(step, int):
            value = [value if place == step else item for place, item in enumerate(holder)]
        else:
            value = {**holder, step: value}
    return value, tuple(step for _, step in holders), new


def _step(config: Any, keys: list[str], at: int) -> str | int:
    """What the key at `at` means in `config`: a key of a mapping, or a place in a list.

    Raises:
        _NowhereError: nothing.
    """
    here, key = _written(keys[:at]) or "the config", keys[at]
    if is_list(config):
        if key.isdecimal() and int(key) < len(config):
            return int(key)
        raise _NowhereError(f"{here} is a list of {len(config)}; `{key}` is no place in it")
    if not isinstance(config, Mapping):
        raise _NowhereError(f"{here} is not a mapping, so it has no `{key}`")
    if key in config:
        return key
    is_last = at == len(keys) - 1
    if "type" in config and "config" in config:
        if not is_last or key not in _BESIDE:
            raise _NowhereError(f"{here} has no `{key}`", _beside_config(keys, at))
        return key
    if is_last or key in _may_be_created(config, keys[:at]):
        return key
    raise _NowhereError(f"{here} has no `{key}`", _instead(config, keys, at, here))


def _may_be_created(config: Any, above: list[str]) -> tuple[str, ...]:
    """The keys that a mapping of this shape may have with a mapping below; `above` are the keys that lead to it."""
    if not isinstance(config, Mapping):
        return ()
    if _is_component(config, above):
        has_fields_beside = any(key not in ("type", "config", *_BESIDE) for key in config)
        return () if has_fields_beside else ("config",)
    if any(key in config for key in NAMED_KEYS[:2]):
        return ("gradient_clipping",)
    if any(key in config for key in RECIPE_KEYS) or not (config or above):
        return RECIPE_KEYS
    return ()


def _is_component(config: Mapping[Any, Any], above: list[str]) -> bool:
    """Whether a mapping is one, by its type or, where that is yet to come or may be left out, by where it stands."""
    if "type" in config:
        return True
    is_recipe = any(key in config for key in (*RECIPE_KEYS, *NAMED_KEYS))
    return not is_recipe and above[-1:] in [[key] for key in RECIPE_KEYS]


def _beside_config(keys: list[str], at: int) -> str:
    """The hint for a key that is to stand beside `type` and `config`, where few may."""
    from difflib import get_close_matches

    near = get_close_matches(keys[at], ["type", "config", *_BESIDE], n=1, cutoff=ALIKE)
    if near:
        return f"did you mean `{_written([*keys[:at], *near, *keys[at + 1 :]])}`?"
    return f"its fields stand in `config`: did you mean `{_written([*keys[:at], 'config', *keys[at:]])}`?"


def _instead(config: Mapping[Any, Any], keys: list[str], at: int, here: str) -> str:
    """The hint for a key that a mapping does not have."""
    if keys[at] == "config" and _is_component(config, keys[:at]):
        return f"its fields stand beside `type`: did you mean `{_written([*keys[:at], *keys[at + 1 :]])}`?"
    for end in range(at + 2, len(keys) + 1):
        if ".".join(keys[at:end]) in config:
            whole = _written([*keys[:at], ".".join(keys[at:end]), *keys[end:]])
            return f"a key with dots stands in double quotes: `{whole}`"
    names = [name for name in config if isinstance(name, str)]
    near = nearest(keys[at], dict.fromkeys([*names, *_may_be_created(config, keys[:at])]))
    has = f"{here} has: {listing(names) or 'nothing'}"
    return f"did you mean `{near}`? {has}" if near else has
