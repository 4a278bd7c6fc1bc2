"""Overrides such as ``optimizer.config.lr=3e-4``, which stand in place of what a config holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import islice
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from optim_core.config.document import OVERRIDE, Document
from optim_core.config.formats.format import LONGEST, FormatError
from optim_core.config.formats.load import LARGEST
from optim_core.config.formats.yaml_reader import compose, value_of, written_texts
from optim_core.config.interpolations import as_written, rewritten
from optim_core.config.issues import DEEPEST, LONGEST_KEY, ConfigPath, Hint, Issue, IssuesError
from optim_core.config.keys import PARTS
from optim_core.config.override_path import BESIDE_CONFIG, may_be_created, written
from optim_core.errors import ConfigError, OptimError, Problem
from optim_core.text.prose import shortened
from optim_core.text.values import is_list

__all__ = ["MOST_OVERRIDES", "apply_overrides", "with_texts"]

MOST_OVERRIDES = 1000

# A key of a path stands in double quotes, or ends before the next dot or `=`.
_KEY = re.compile(r'\s*+("(?:[^"\\]|\\.)*+"(?=\s*+[.=])|[^.=]*+)\s*+')


def apply_overrides(document: Document, overrides: Iterable[str]) -> Document:
    """Return a document with values replaced, which knows which they are, and which overrides could not be taken.

    The given one stays as it is.

    Args:
        document: a config.
        overrides: ``path=value`` each, at most 1,000, the path with dots between its keys (a number for a place in a
            list; a key with a dot of its own in double quotes), the value as YAML writes it. The last key may be new,
            and so may a component's ``config`` and a recipe's ``optimizer``, ``scheduler`` and ``gradient_clipping``;
            the other mappings on the way must exist.

    Raises:
        ConfigError: there are more overrides than that, or more text in them than a file may hold.
    """
    texts = _texts(overrides)
    config, refused, taken = document.value, [], []
    for override in texts:
        keys, place, text = _divided(override)
        try:
            config, one = _overridden(config, override, keys, text)
        except FormatError as error:
            refused.append(Problem(path=place, message=error.message, hint=error.hint, file=OVERRIDE))
        except IssuesError as error:
            refused += [_problem(issue, place) for issue in error.issues]
        else:
            taken.append(one)
    return document._replace(
        value=config,
        overridden=document.overridden.union(one.path[: one.new] for one in taken),
        typed=(*document.typed, *_last(taken)),
        refused=(*document.refused, *refused),
    )


class _Taken(NamedTuple):
    """An override that was taken.

    Args:
        path: where its value stands.
        new: how much of the path leads to what is new.
        typed: path and text of what in it is something else than a text to YAML.
    """

    path: ConfigPath
    new: int
    typed: list[tuple[ConfigPath, str]]


def _texts(overrides: Iterable[str]) -> list[str]:
    """Return some overrides, which are no more than a config needs.

    Raises:
        OptimError: one is no text.
        ConfigError: there are too many, or too much text is in them.
    """
    texts = [overrides] if isinstance(overrides, str) else list(islice(overrides, MOST_OVERRIDES + 1))
    for override in texts:
        if not isinstance(override, str):
            raise OptimError(f"an override is a text of the form path=value, not {override!r:.60}")
    if len(texts) > MOST_OVERRIDES:
        hint = "write them into a config file"
        message = f"there are more than {MOST_OVERRIDES:,} overrides"
        raise ConfigError([Problem(path="", message=message, hint=hint, file=OVERRIDE)])
    if sum(map(len, texts)) > LARGEST:
        message = f"the overrides are larger than {LARGEST // 1024 // 1024} MiB, which no config is"
        raise ConfigError([Problem(path="", message=message, file=OVERRIDE)])
    return texts


def _overridden(config: Any, override: str, keys: list[str], text: str) -> tuple[Any, _Taken]:
    """Return a config with one value replaced, and what the override has done.

    Raises:
        FormatError: the value is not YAML.
        IssuesError: the override has no path, or one that leads nowhere.
    """
    if not any(keys):
        raise IssuesError(Issue("no-override", (), override))
    if len(keys) > DEEPEST:
        raise IssuesError(Issue("too-deep"))
    root = compose(text) if text.strip() else None
    value = None if root is None else value_of(root)
    replaced, path, new = _replaced(as_written(config, keys), keys, value)
    typed = [] if isinstance(value, str) else [(path, text.strip())]
    typed += [((*path, *below), written) for below, written in written_texts(root) if below] if root else []
    return rewritten(config, replaced), _Taken(path, new, typed)


def _last(taken: list[_Taken]) -> list[tuple[ConfigPath, str]]:
    """Return path and text of what is no text to YAML, of overrides of which no later one stands at their place.

    Whether a field wants the value or the text shows when it is structured.
    """
    kept: list[tuple[ConfigPath, str]] = []
    later: set[ConfigPath] = set()
    above: set[ConfigPath] = set()
    for one in reversed(taken):
        for path, text in one.typed:
            covered = any(path[:length] in later for length in range(len(path) + 1))
            if not covered and path not in above:
                kept.append((path, text))
        later.add(one.path)
        above.update(one.path[:length] for length in range(len(one.path)))
    return kept[::-1]


def _problem(issue: Issue, place: str) -> Problem:
    from optim_core.config.advice.hints import hint_text
    from optim_core.config.advice.sentences import sentence
    from optim_core.config.advice.telling import Telling

    hint = hint_text(Telling.about(), issue.hint)
    return Problem(
        path=place,
        message=shortened(sentence(issue), LONGEST),
        hint=hint and shortened(hint, LONGEST),
        file=OVERRIDE,
    )


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
    # A path of more keys leads nowhere, whatever is in them.
    while len(keys) <= DEEPEST and (match := _KEY.match(override, at)):
        keys.append(_unquoted(match[1]))
        at = match.end() + 1
        separator = override[match.end() : at]
        if separator == "=":
            return keys, shortened(override[: match.end()].strip(), LONGEST_KEY), override[at:]
        if separator != ".":
            break
    if len(keys) > DEEPEST:
        return keys, shortened(override, LONGEST_KEY), ""
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
        # Python converts no text of over 4,300 digits.
        if key.isdecimal() and len(key) < LONGEST_KEY and int(key) < len(config):
            return int(key)
        raise IssuesError(Issue("no-place-in-list", data={"here": here, "key": key, "length": len(config)}))
    if not isinstance(config, Mapping):
        is_name = isinstance(config, str) and at > 0 and keys[at - 1] in PARTS
        hint = Hint.of("said", text=f"write {here}: {{type: {config}}} in the config") if is_name else None
        raise IssuesError(Issue("not-a-mapping", data={"here": here, "key": key}, hint=hint))
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
