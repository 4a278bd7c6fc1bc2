"""What somebody meant by a component that is wrong, and what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from optim_core.config.advice.stray_keys import foreign_keys, owner, word
from optim_core.config.foreign_words import OTHER_WORDS, WORDS_FOR_CONFIG, WORDS_FOR_TYPE
from optim_core.config.forms.form import Takes
from optim_core.config.issues import MISSING, UNKNOWN_KEY, ConfigPath, Issue
from optim_core.config.keys import naming_keys
from optim_core.discovery.extras import install_line
from optim_core.kinds import Kind
from optim_core.text.prose import visible
from optim_core.text.spelling import alike, nearest
from optim_core.text.values import is_list, shown

__all__ = ["no_component", "of_component", "of_unknown_type", "typeless"]

_COMPONENT = "for example {type: …, config: {…}}"

_EMPTY = "its `type` and `config` stand below it, indented; for example {type: AdamW, config: {lr: 1e-3}}"

_IN_TURN = "one schedule after another is {type: SequentialLR, config: {schedulers: […], milestones: […]}}"

_SEVERAL = "several optimizers are `optimizer_configs`, a mapping of names to them"

WITHOUT_BRACKETS = "write it without the brackets around it: in YAML, without the `-`"

# What is left of `type: AdamW` where its colon is not one to YAML.
_TYPE_IN_TEXT = re.compile(r"\s*type\s*[:=]")

_EIGHT_BIT = re.compile(r"8_?bit|bnb|paged", re.IGNORECASE)

_NONE = ("none", "null", "off", "no", "false")


def _how_to_have_none(kind: Kind | None, value: Any) -> str | None:
    """The hint for a word that means that there is to be none of a kind."""
    return f"for no {kind} leave it out, or write null" if kind in ("scheduler", "clipper") and is_none(value) else None


def of_unknown_type(kind: Kind | None, name: str, hint: str | None) -> str | None:
    """The hint for a name that no plugin has, from what `hint` says of names that are like it."""
    if _TYPE_IN_TEXT.match(name):
        return "YAML writes `type: AdamW`, with a colon and a space"
    if _EIGHT_BIT.search(name) and not (hint or "").startswith("it comes with"):
        return f"optimizers with 8-bit or paged state come with {install_line('bitsandbytes')}; else {hint}"
    strange = next((letter for letter in name if not letter.isascii()), None)
    if strange is not None:
        hint = f"`{visible(strange)}` in it is {unicodedata.name(strange, 'no letter')}; {hint}"
    return _how_to_have_none(kind, name) or hint


def is_none(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.lower() in _NONE)


def no_component(kind: Kind, value: Any) -> Issue:
    """The problem of what is no mapping where a component should be."""
    hint = _how_to_have_none(kind, value) or _COMPONENT
    if is_list(value):
        hint = WITHOUT_BRACKETS if len(value) == 1 else {"scheduler": _IN_TURN, "optimizer": _SEVERAL}.get(kind, hint)
    elif value is None:
        hint = _EMPTY
    elif isinstance(value, str) and hint is _COMPONENT:
        hint = f"write {{type: {value}}}"
    return Issue((), f"must be a mapping with `type`, is {shown(value)}", hint)


def typeless(kind: Kind, value: Mapping[Any, Any], kinds_of: Callable[[str], list[Kind]]) -> Issue:
    """The problem of a component without a type."""
    return Issue((), "`type` is missing", _where_the_type_is(kind, value, kinds_of), "missing-type")


def of_no_text(key: Any) -> str:
    return f"keys are texts, here is {shown(key)}"


def is_like_type(key: str) -> bool:
    return key not in OTHER_WORDS and nearest(key, ["type"]) is not None


def _where_the_type_is(kind: Kind, value: Mapping[Any, Any], kinds_of: Callable[[str], list[Kind]]) -> str:
    keys = [key for key in value if isinstance(key, str)]
    config = value.get("config")
    if isinstance(config, Mapping) and "type" in config:
        return "it stands in `config`: move it out of there"
    words = (*WORDS_FOR_TYPE, *naming_keys(kind))
    near = next((key for key in keys if key in words or is_like_type(key)), None)
    no_text = [key for key in value if not isinstance(key, str)]
    if near is None and no_text:
        return of_no_text(no_text[0])
    if near is not None:
        hint = f"did you mean `type` where `{near}` stands?"
        if isinstance(value[near], str) and "." in value[near]:
            hint += f" It is the name of a plugin, such as {value[near].rpartition('.')[2]}: nothing else is imported"
        return hint
    if len(value) == 1 and keys and kind in kinds_of(keys[0]):
        return f"write {{type: {keys[0]}, config: {{…}}}}"
    if value and all(isinstance(item, Mapping) and "type" in item for item in value.values()):
        return {"scheduler": _IN_TURN, "optimizer": _SEVERAL}.get(kind, _COMPONENT)
    return f"name the {kind}: {{type: …}}"


def of_component(
    kind: Kind,
    value: Mapping[str, Any],
    takes: Takes,
    of_config: Iterable[Issue],
    beside: tuple[str, ...],
    other: Callable[[str], str | None],
) -> list[Issue]:
    """All problems of a component whose type is right, by the paths in it.

    Args:
        kind: what it is to be.
        value: the component.
        takes: what its plugin takes.
        of_config: the problems of its fields.
        beside: what may stand beside `type` and `config`.
        other: the name of another plugin of the kind that takes a key, None where none does.
    """
    if "config" not in value:
        return _of_flat(kind, value, takes, of_config, beside, other)
    misplaced = _misplaced(kind, value, takes, beside)
    moved = {issue.path[-1] for issue in misplaced}
    return misplaced + [
        _in_config(kind, issue, beside, other).below("config")
        for issue in of_config
        if issue.message != MISSING or issue.path[-1] not in moved
    ]


def _misplaced(kind: Kind, value: Mapping[str, Any], takes: Takes, beside: tuple[str, ...]) -> list[Issue]:
    """What stands beside `config` and does not belong there."""
    options = value["config"] if isinstance(value["config"], Mapping) else {}
    issues = []
    for issue in foreign_keys(value, ("type", "config", *beside)):
        key = issue.path[-1]
        if key in takes and key in options:
            issue = issue._replace(hint=f"`config.{key}` is given too; keep that one")
        elif key in takes:
            issue = issue._replace(hint=f"it is a field of {takes.name}: move it into `config`")
        issues.append(_elsewhere(kind, issue))
    return issues


def _of_flat(
    kind: Kind,
    value: Mapping[str, Any],
    takes: Takes,
    issues: Iterable[Issue],
    beside: tuple[str, ...],
    other: Callable[[str], str | None],
) -> list[Issue]:
    """The problems of fields beside `type`; none is missing that another word for `config`, or another type, has."""
    told, meant_else = [], False
    for issue in issues:
        key = _stray(issue)
        if key is None:
            told.append(issue)
        elif isinstance(value[key], Mapping) and (key in WORDS_FOR_CONFIG or nearest(key, ["config"])):
            meant_else = True
            told.append(issue._replace(hint=f"did you mean `config`? {issue.hint}"))
        else:
            near = nearest(key, (*takes.keys, *takes.aliases, *beside))
            another = _of_another(kind, issue, other)
            meant_else = meant_else or (kind == "clipper" and another is not issue)
            told.append(issue._replace(hint=f"did you mean `{near}`?") if near in beside else another)
    return [issue for issue in told if issue.message != MISSING] if meant_else else told


def _in_config(kind: Kind, issue: Issue, beside: tuple[str, ...], other: Callable[[str], str | None]) -> Issue:
    """The problem of a field, where it is one of what does not belong into `config`."""
    key = _stray(issue)
    if key is None:
        return issue
    if key == "config":
        return issue._replace(hint="`config` stands in `config`: take one of the two away")
    if key == "type":
        return issue._replace(hint=f"`{key}` stands beside `config`, not in it: take it out")
    if key in beside:
        return issue._replace(hint=f"`{key}` belongs beside `type` and `config`, not in `config`")
    near = None if (issue.hint or "").startswith("did you mean") else nearest(key, beside)
    if near is not None and alike(key, [near]):
        return issue._replace(hint=f"did you mean `{near}`, beside `type` and `config`?")
    return _of_another(kind, issue, other)


def _of_another(kind: Kind, issue: Issue, other: Callable[[str], str | None]) -> Issue:
    """The problem of an unknown field, where another plugin or another part of a recipe has it."""
    near = (issue.hint or "").startswith("did you mean")
    if (kind == "clipper" or (kind == "scheduler" and not near)) and (name := other(str(issue.path[-1]))):
        return issue._replace(hint=f"it is a field of the {kind} `{name}`: write `type: {name}`")
    return _elsewhere(kind, issue)


def _elsewhere(kind: Kind, issue: Issue) -> Issue:
    """The problem of a key in a component, where it is one of the recipe's, or no config's."""
    key = str(issue.path[-1])
    ours, part = word(key), owner(key)
    if part is not None:
        where = f"did you mean `{ours}`, beside" if part == kind else f"`{ours}` belongs into `{part}`, beside its"
        return issue._replace(hint=f"{where} `type`{'?' if part == kind else ''}")
    # Inside a clipper, a word for clipping means a field of its own.
    if ours and ours != kind and (kind != "clipper" or not ours.startswith("gradient_clipping")):
        return issue._replace(hint=f"`{ours}` belongs beside the {kind}, not in it")
    if key in ("params", "parameters") and not (issue.hint or "").startswith("did you mean"):
        return issue._replace(hint="parameters are given to create(), not in a config")
    return issue


def _stray(issue: Issue) -> str | None:
    """The key of a problem that is one of an unknown key in the component itself."""
    path: ConfigPath = issue.path
    return str(path[0]) if len(path) == 1 and issue.message == UNKNOWN_KEY else None
