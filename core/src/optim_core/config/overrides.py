"""Overrides such as ``optimizer.config.lr=3e-4``, which stand in place of what a config holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from optim_core.config.document import OVERRIDE, Document
from optim_core.config.formats.format import FormatError
from optim_core.config.formats.yaml_reader import compose, value_of, written_texts
from optim_core.config.interpolations import as_written, rewritten
from optim_core.config.issues import ConfigPath, Hint, Issue, IssuesError
from optim_core.config.override_path import BESIDE_CONFIG, may_be_created, written
from optim_core.errors import ConfigError, OptimError, Problem
from optim_core.text.values import is_list

__all__ = ["apply_overrides", "with_texts"]

# A key of a path stands in double quotes, or ends before the next dot or `=`.
_KEY = re.compile(r'\s*+("(?:[^"\\]|\\.)*+"(?=\s*+[.=])|[^.=]*+)\s*+')


def apply_overrides(document: Document, overrides: Iterable[str]) -> Document:
    """Return a document with values replaced, which knows which they are; the given one stays as it is.

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
        try:
            document = _overridden(document, override, keys, text)
        except FormatError as error:
            problems.append(Problem(path=place, message=error.message, hint=error.hint, file=OVERRIDE))
        except IssuesError as error:
            problems += [_problem(issue, place) for issue in error.issues]
    if problems:
        raise ConfigError(problems)
    return document


def _overridden(document: Document, override: str, keys: list[str], text: str) -> Document:
    """Return a document with one value replaced, and with what it took to be something else than a text.

    Raises:
        FormatError: the value is not YAML.
        IssuesError: the override has no path, or one that leads nowhere.
    """
    if not any(keys):
        raise IssuesError(Issue("no-override", (), override))
    root = compose(text) if text.strip() else None
    value = None if root is None else value_of(root)
    replaced, path, new = _replaced(as_written(document.value, keys), keys, value)
    typed = [] if isinstance(value, str) else [(path, text.strip())]
    typed += [((*path, *below), written) for below, written in written_texts(root) if below] if root else []
    # Whether a field wants the value or the text shows when it is structured.
    kept = [(at, written) for at, written in document.typed if at[: len(path)] != path and path[: len(at)] != at]
    overridden = (*document.overridden, path[:new])
    config = rewritten(document.value, replaced)
    return document._replace(value=config, overridden=overridden, typed=(*kept, *typed))


def _problem(issue: Issue, place: str) -> Problem:
    from optim_core.config.advice.hints import hint_text
    from optim_core.config.advice.sentences import sentence
    from optim_core.config.advice.telling import Telling

    hint = hint_text(Telling.about(), issue.hint)
    return Problem(path=place, message=sentence(issue), hint=hint, file=OVERRIDE)


def with_texts(document: Document, issues: Iterable[Issue]) -> Document | None:
    """Return the document with overrides as they were typed, where texts may stand; None where they change nothing.

    To YAML, ``--set scheduler.config.monitor=1`` is a number.

    Args:
        document: the config with its overrides.
        issues: what is wrong with it.
    """
    wanted: dict[ConfigPath, list[Any]] = {}
    for issue in issues:
        wanted.setdefault(issue.path, []).append(issue.wanted)
    again = document._replace(typed=())
    replaced: list[ConfigPath] = []
    for path, text in document.typed:
        below = any(path[: len(above)] == above for above in replaced)
        if not below and any(_takes(kind, text) for kind in wanted.get(path, ())):
            again = again._replace(value=rewritten(again.value, _with(as_written(again.value), path, text)))
            replaced.append(path)
    return again if replaced else None


def _takes(wanted: Any, text: str) -> bool:
    """Return whether a text may stand where something of the type `wanted` does."""
    if wanted is str:
        return True
    origin = get_origin(wanted)
    if origin is Literal:
        return text in get_args(wanted)
    if origin in (Union, UnionType):
        return any(_takes(member, text) for member in get_args(wanted))
    return isinstance(wanted, type) and issubclass(wanted, Enum) and any(member.value == text for member in wanted)


def _with(config: Any, path: ConfigPath, value: Any) -> Any:
    """Return a copy of `config` with `value` at `path`, which exists."""
    if not path:
        return value
    inner = _with(config[path[0]], path[1:], value)
    if isinstance(config, Mapping):
        return {**config, path[0]: inner}
    return [inner if place == path[0] else item for place, item in enumerate(config)]


# -- the text of a path ----------------------------------------------------------------------------------------------


def _divided(override: str) -> tuple[list[str], str, str]:
    """Return the keys of the path, the path and the value as they are written; no keys where there is no ``=``."""
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


# -- the place in a config -------------------------------------------------------------------------------------------


def _replaced(config: Any, keys: list[str], value: Any) -> tuple[Any, ConfigPath, int]:
    """Return a copy of `config` with `value` where `keys` lead, the path, and how much of it leads to what is new."""
    holders: list[tuple[Any, str | int]] = []
    new = len(keys)
    for at in range(len(keys)):
        step = _step(config, keys, at)
        holders.append((config, step))
        below = config[step] if isinstance(step, int) or step in config else None
        if below is None and step in may_be_created(config, keys[:at]):
            below, new = {}, min(new, at + 1)
        config = below
    for holder, step in reversed(holders):
        if isinstance(step, int):
            value = [value if place == step else item for place, item in enumerate(holder)]
        else:
            value = {**holder, step: value}
    return value, tuple(step for _, step in holders), new


def _step(config: Any, keys: list[str], at: int) -> str | int:
    """Return what the key at `at` means in `config`: a key of a mapping, or a place in a list.

    Raises:
        IssuesError: nothing.
    """
    here, key = written(keys[:at]) or "the config", keys[at]
    if is_list(config):
        if key.isdecimal() and int(key) < len(config):
            return int(key)
        raise IssuesError(Issue("no-place-in-list", data={"here": here, "key": key, "length": len(config)}))
    if not isinstance(config, Mapping):
        raise IssuesError(Issue("not-a-mapping", data={"here": here, "key": key}))
    if key in config:
        return key
    is_last = at == len(keys) - 1
    if "type" in config and "config" in config:
        if not is_last or key not in BESIDE_CONFIG:
            hint = Hint.of("near-beside-config", keys=keys, at=at)
            raise IssuesError(Issue("no-such-key", data={"here": here, "key": key}, hint=hint))
        return key
    if is_last or key in may_be_created(config, keys[:at]):
        return key
    hint = Hint.of("near-path", config=config, keys=keys, at=at, here=here)
    raise IssuesError(Issue("no-such-key", data={"here": here, "key": key}, hint=hint))
