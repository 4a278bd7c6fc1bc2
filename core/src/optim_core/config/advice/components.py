"""What somebody meant by a component that is wrong, and what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from optim_core.config.advice.foreign_types import ForeignType, type_meant
from optim_core.config.advice.stray_keys import foreign_keys
from optim_core.config.advice.telling import Telling
from optim_core.config.advice.unknown_fields import PARAMETERS, home_of
from optim_core.config.foreign_words import OTHER_WORDS, WORDS_FOR_CONFIG, WORDS_FOR_TYPE
from optim_core.config.forms.takes import Takes
from optim_core.config.issues import Hint, Issue
from optim_core.config.keys import naming_keys
from optim_core.discovery.extras import install_line
from optim_core.discovery.unknown_names import ExplainName
from optim_core.kinds import Kind
from optim_core.text.prose import visible
from optim_core.text.spelling import ALIKE, LONGEST_NAME, ONE_SLIP, alike, nearest
from optim_core.text.values import as_in_config, is_list, shown

__all__ = [
    "WITHOUT_BRACKETS",
    "component",
    "is_like_type",
    "is_none",
    "keys_are_texts",
    "no_component",
    "of_component",
    "typeless",
    "unknown_type",
    "where_the_type_is",
]

_COMPONENT = "for example {type: …, config: {…}}"

_EMPTY = "its `type` and `config` stand below it, indented; for example {type: AdamW, config: {lr: 1e-3}}"

_IN_TURN = (
    "one schedule after another is {type: sequential, config: {schedulers: […], durations: [60%]}}; "
    "a warmup is a field of `cosine`"
)

_SEVERAL = "several optimizers are `optimizer_configs`, a mapping of names to them"

WITHOUT_BRACKETS = "write it without the brackets around it: in YAML, without the `-`"

# `type: AdamW` is one text to YAML where its colon has no space behind it.
_TYPE_IN_TEXT = re.compile(r"\s*type\s*[:=]")

_EIGHT_BIT = re.compile(r"8_?bit|bnb|paged", re.IGNORECASE)

_NONE = ("none", "null", "off", "no", "false")


def _how_to_have_none(kind: Kind | None, value: Any) -> str | None:
    """Return the hint for a word that means that there is to be none of a kind."""
    return f"for no {kind} leave it out, or write null" if kind in ("scheduler", "clipper") and is_none(value) else None


def is_none(value: Any) -> bool:
    """Return whether a value means that there is to be none."""
    return value is False or (isinstance(value, str) and value.lower() in _NONE)


# -- the type --------------------------------------------------------------------------------------------------------


def unknown_type(tell: Telling, kind: Kind | None, name: str) -> str | None:
    """Return the hint for a name that no plugin has."""
    if not tell.suggestions or tell.explain is None:
        return None
    name = name[:LONGEST_NAME]
    if _TYPE_IN_TEXT.match(name):
        return "YAML writes `type: AdamW`, with a colon and a space"
    foreign = type_meant(kind, name) if _how_to_have_none(kind, name) is None else None
    if foreign is not None:
        return _of_other_projects(tell, tell.explain, kind, foreign)
    unknown = tell.explain(kind, name, tell.near)
    hint = unknown.hint
    if _EIGHT_BIT.search(name) and unknown.extra is None:
        return f"optimizers with 8-bit or paged state come with {install_line('bitsandbytes')}; else {hint}"
    strange = next((letter for letter in name if not letter.isascii()), None)
    if strange is not None:
        hint = f"`{visible(strange)}` in it is {unicodedata.name(strange, 'no letter')}; {hint}"
    return _how_to_have_none(kind, name) or hint


def _of_other_projects(tell: Telling, explain: ExplainName, kind: Kind | None, foreign: ForeignType) -> str:
    """Return the hint for a name that another project has for a plugin, or for what no plugin is."""
    if foreign.plugin is None:
        return foreign.note
    hint = explain(kind, foreign.plugin, tell.near).hint
    if not hint.startswith("did you mean"):
        hint = f"it is `{foreign.plugin}` here, and that: {hint}"
    given = "".join(f", with `{field}` where none is given" for field in foreign.fields)
    return hint.rstrip("?") + given + ("?" if hint.endswith("?") else "") + (f" {foreign.note}" if foreign.note else "")


def no_component(kind: Kind, value: Any) -> Issue:
    """Return what is wrong where there is no mapping and a component should be."""
    return Issue("no-component", (), value, hint=Hint.of("component", kind=kind, value=value))


def component(_: Telling, kind: Kind, value: Any) -> str:
    """Return the hint for what is no mapping where a component should be."""
    hint = _how_to_have_none(kind, value)
    if is_list(value):
        if len(value) == 1:
            return WITHOUT_BRACKETS
        return {"scheduler": _IN_TURN, "optimizer": _SEVERAL}.get(kind, hint or _COMPONENT)
    if value is None:
        return _EMPTY
    if isinstance(value, str) and hint is None:
        return f"write {{type: {as_in_config(value)}}}"
    return hint or _COMPONENT


def typeless(kind: Kind, value: Mapping[Any, Any], kinds_of: Callable[[str], list[Kind]]) -> Issue:
    """Return what is wrong with a component without a type."""
    only = next(iter(value)) if len(value) == 1 else None
    is_plugin = isinstance(only, str) and kind in kinds_of(only)
    return Issue("missing-type", hint=Hint.of("where-the-type-is", kind=kind, value=value, is_plugin=is_plugin))


def keys_are_texts(key: Any) -> str:
    """Return the hint for a mapping with a key that is none."""
    return f"keys are texts, here is {shown(key)}"


def is_like_type(key: str, value: Any) -> bool:
    """Return whether a key was meant to be `type`; where a text stands below it, it may be less like it."""
    return key not in OTHER_WORDS and alike(key, ["type"], ONE_SLIP if isinstance(value, str) else ALIKE)


def where_the_type_is(_: Telling, kind: Kind, value: Mapping[Any, Any], is_plugin: bool) -> str:
    """Return the hint for a component without a type; `is_plugin` says that its one key is the name of a plugin."""
    keys = [key for key in value if isinstance(key, str)]
    config = value.get("config")
    if isinstance(config, Mapping) and "type" in config:
        return "it stands in `config`: move it out of there"
    words = (*WORDS_FOR_TYPE, *naming_keys(kind))
    near = next((key for key in keys if key in words or is_like_type(key, value[key])), None)
    no_text = [key for key in value if not isinstance(key, str)]
    if near is None and no_text:
        return keys_are_texts(no_text[0])
    if near is not None:
        hint = f"did you mean `type` where `{near}` stands?"
        if isinstance(value[near], str) and "." in value[near]:
            name = as_in_config(value[near].rpartition(".")[2])
            hint += f" It is the name of a plugin, such as {name}: nothing else is imported"
        return hint
    if is_plugin:
        return f"write {{type: {keys[0]}, config: {{…}}}}"
    if value and all(isinstance(item, Mapping) and "type" in item for item in value.values()):
        return {"scheduler": _IN_TURN, "optimizer": _SEVERAL}.get(kind, _COMPONENT)
    return f"name the {kind}: {{type: …}}"


# -- what is wrong with a component whose type is right --------------------------------------------------------------


def of_component(
    kind: Kind,
    value: Mapping[str, Any],
    takes: Takes,
    of_config: Iterable[Issue],
    beside: tuple[str, ...],
    other: Callable[[str], str | None],
) -> list[Issue]:
    """Return all issues of a component whose type is right, by the paths in it.

    Args:
        kind: what it is to be.
        value: the component.
        takes: what its plugin takes.
        of_config: the issues of its fields.
        beside: what may stand beside `type` and `config`.
        other: the name of another plugin of the kind that takes a key, None where none does.
    """
    if "config" not in value:
        return _of_flat(kind, value, takes, of_config, beside, other)
    misplaced = _misplaced(kind, value, takes, beside)
    moved = {issue.path[-1] for issue in misplaced}
    return misplaced + [
        _in_config(kind, issue, value, takes, beside, other).below("config")
        for issue in of_config
        if issue.code != "missing" or issue.path[-1] not in moved
    ]


def _misplaced(kind: Kind, value: Mapping[str, Any], takes: Takes, beside: tuple[str, ...]) -> list[Issue]:
    """Return what stands beside `config` and does not belong there."""
    options = value["config"] if isinstance(value["config"], Mapping) else {}
    issues = foreign_keys(value, ("type", "config", *beside))
    return [
        issue.repaired(
            "beside-config",
            kind=kind,
            key=issue.path[0],
            name=takes.name if issue.path[0] in takes else None,
            given=issue.path[0] in options,
            stray=issue.hint.data if issue.hint else {},
        )
        if issue.code == "unknown-key"
        else issue
        for issue in issues
    ]


def _of_flat(
    kind: Kind,
    value: Mapping[str, Any],
    takes: Takes,
    issues: Iterable[Issue],
    beside: tuple[str, ...],
    other: Callable[[str], str | None],
) -> list[Issue]:
    """Return the issues of fields beside `type`; none is missing that another word for `config`, or type, has."""
    names = (*takes.keys, *takes.aliases, *beside)
    told, meant_else = [], False
    for issue in issues:
        key = _stray(issue)
        if key is None or _is_explained(issue):
            told.append(issue)
        elif isinstance(value[key], Mapping) and (key in WORDS_FOR_CONFIG or nearest(key, ["config"])):
            meant_else = True
            told.append(issue.repaired("near-config", stray=_data(issue, kind, takes, value)))
        else:
            another = _another(kind, key, other)
            meant_else = meant_else or (kind == "clipper" and _is_of_another(kind, key, another, names))
            stray = _data(issue, kind, takes, value)
            told.append(
                issue.repaired("flat-field", kind=kind, stray=stray, beside=beside, another=another, names=names)
            )
    return [issue for issue in told if issue.code != "missing"] if meant_else else told


def _is_of_another(kind: Kind, key: str, another: str | None, names: Iterable[str]) -> bool:
    """Return whether an unknown field is one of another plugin or part, and no misspelt one of this plugin."""
    if another is not None or home_of(kind, key) is not None:
        return True
    return key in PARAMETERS and nearest(key, names) is None


def _in_config(
    kind: Kind,
    issue: Issue,
    value: Mapping[str, Any],
    takes: Takes,
    beside: tuple[str, ...],
    other: Callable[[str], str | None],
) -> Issue:
    key = _stray(issue)
    if key is None or _is_explained(issue):
        return issue
    stray = _data(issue, kind, takes, value)
    return issue.repaired(
        "field-of-component", kind=kind, stray=stray, beside=beside, another=_another(kind, key, other)
    )


def _another(kind: Kind, key: str, other: Callable[[str], str | None]) -> str | None:
    """Return another plugin that takes a key; there are too many optimizers to look through."""
    return other(key) if kind in ("clipper", "scheduler") else None


def _is_explained(issue: Issue) -> bool:
    """Return whether the plugin class itself says why it has no such field."""
    return issue.hint is not None and issue.hint.code == "left-out"


def _stray(issue: Issue) -> str | None:
    """Return the key of an issue that is one of an unknown key in the component itself."""
    return str(issue.path[0]) if len(issue.path) == 1 and issue.code == "unknown-key" else None


def _data(issue: Issue, kind: Kind, takes: Takes, beside: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known of an unknown field."""
    known = issue.hint.data if issue.hint else {}
    interval = beside.get("interval") or takes.interval
    return {**known, "kind": kind, "interval": interval, "durations": takes.durations} if known else known
