"""What somebody meant by a component that is wrong, and what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from optim_core.config.advice.stray_keys import foreign_keys, owner, stray_key, word
from optim_core.config.advice.telling import Said, Telling
from optim_core.config.foreign_words import LOOP_KEYS, OTHER_WORDS, WORDS_FOR_CONFIG, WORDS_FOR_TYPE, field_meant
from optim_core.config.forms.form import Takes
from optim_core.config.issues import Hint, Issue
from optim_core.config.keys import naming_keys
from optim_core.discovery.extras import install_line
from optim_core.kinds import Kind
from optim_core.text.prose import listing, visible
from optim_core.text.spelling import alike, nearest
from optim_core.text.values import is_list, shown

__all__ = [
    "WITHOUT_BRACKETS",
    "beside_config",
    "component",
    "field",
    "field_of_component",
    "flat_field",
    "is_like_type",
    "is_none",
    "keys_are_texts",
    "near_config",
    "no_component",
    "of_component",
    "takes",
    "typeless",
    "unknown_type",
    "where_the_type_is",
]

_COMPONENT = "for example {type: …, config: {…}}"

_EMPTY = "its `type` and `config` stand below it, indented; for example {type: AdamW, config: {lr: 1e-3}}"

_IN_TURN = "one schedule after another is {type: SequentialLR, config: {schedulers: […], milestones: […]}}"

_SEVERAL = "several optimizers are `optimizer_configs`, a mapping of names to them"

WITHOUT_BRACKETS = "write it without the brackets around it: in YAML, without the `-`"

# What is left of `type: AdamW` where its colon is not one to YAML.
_TYPE_IN_TEXT = re.compile(r"\s*type\s*[:=]")

_EIGHT_BIT = re.compile(r"8_?bit|bnb|paged", re.IGNORECASE)

_NONE = ("none", "null", "off", "no", "false")

# What is given to `create`, and never stands in a config.
_PARAMETERS = ("params", "parameters")


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
    unknown = tell.explain(kind, name, tell.near)
    hint = unknown.hint
    if _TYPE_IN_TEXT.match(name):
        return "YAML writes `type: AdamW`, with a colon and a space"
    if _EIGHT_BIT.search(name) and unknown.extra is None:
        return f"optimizers with 8-bit or paged state come with {install_line('bitsandbytes')}; else {hint}"
    strange = next((letter for letter in name if not letter.isascii()), None)
    if strange is not None:
        hint = f"`{visible(strange)}` in it is {unicodedata.name(strange, 'no letter')}; {hint}"
    return _how_to_have_none(kind, name) or hint


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
        return f"write {{type: {value}}}"
    return hint or _COMPONENT


def typeless(kind: Kind, value: Mapping[Any, Any], kinds_of: Callable[[str], list[Kind]]) -> Issue:
    """Return what is wrong with a component without a type."""
    only = next(iter(value)) if len(value) == 1 else None
    is_plugin = isinstance(only, str) and kind in kinds_of(only)
    return Issue("missing-type", hint=Hint.of("where-the-type-is", kind=kind, value=value, is_plugin=is_plugin))


def keys_are_texts(key: Any) -> str:
    """Return the hint for a mapping with a key that is none."""
    return f"keys are texts, here is {shown(key)}"


def is_like_type(key: str) -> bool:
    """Return whether a key was meant to be `type`."""
    return key not in OTHER_WORDS and nearest(key, ["type"]) is not None


def where_the_type_is(_: Telling, kind: Kind, value: Mapping[Any, Any], is_plugin: bool) -> str:
    """Return the hint for a component without a type; `is_plugin` says that its one key is the name of a plugin."""
    keys = [key for key in value if isinstance(key, str)]
    config = value.get("config")
    if isinstance(config, Mapping) and "type" in config:
        return "it stands in `config`: move it out of there"
    words = (*WORDS_FOR_TYPE, *naming_keys(kind))
    near = next((key for key in keys if key in words or is_like_type(key)), None)
    no_text = [key for key in value if not isinstance(key, str)]
    if near is None and no_text:
        return keys_are_texts(no_text[0])
    if near is not None:
        hint = f"did you mean `type` where `{near}` stands?"
        if isinstance(value[near], str) and "." in value[near]:
            hint += f" It is the name of a plugin, such as {value[near].rpartition('.')[2]}: nothing else is imported"
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
        _in_config(kind, issue, beside, other).below("config")
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
        if key is None:
            told.append(issue)
        elif isinstance(value[key], Mapping) and (key in WORDS_FOR_CONFIG or nearest(key, ["config"])):
            meant_else = True
            told.append(issue.repaired("near-config", stray=_data(issue)))
        else:
            another = _another(kind, key, other)
            meant_else = meant_else or (kind == "clipper" and _is_of_another(kind, key, another, names))
            told.append(
                issue.repaired("flat-field", kind=kind, stray=_data(issue), beside=beside, another=another, names=names)
            )
    return [issue for issue in told if issue.code != "missing"] if meant_else else told


def _is_of_another(kind: Kind, key: str, another: str | None, names: Iterable[str]) -> bool:
    """Return whether an unknown field is one of another plugin or part, and no misspelt one of this plugin."""
    if another is not None or _home(kind, key) is not None:
        return True
    return key in _PARAMETERS and nearest(key, names) is None


def _in_config(kind: Kind, issue: Issue, beside: tuple[str, ...], other: Callable[[str], str | None]) -> Issue:
    key = _stray(issue)
    if key is None:
        return issue
    return issue.repaired(
        "field-of-component", kind=kind, stray=_data(issue), beside=beside, another=_another(kind, key, other)
    )


def _another(kind: Kind, key: str, other: Callable[[str], str | None]) -> str | None:
    """Return another plugin that takes a key; there are too many optimizers to look through."""
    return other(key) if kind in ("clipper", "scheduler") else None


def _stray(issue: Issue) -> str | None:
    """Return the key of an issue that is one of an unknown key in the component itself."""
    return str(issue.path[0]) if len(issue.path) == 1 and issue.code == "unknown-key" else None


def _data(issue: Issue) -> Mapping[str, Any]:
    return issue.hint.data if issue.hint else {}


class _Home(NamedTuple):
    """Where a key belongs that stands in a component: what to write, and the part beside whose type it stands."""

    word: str
    part: Kind | None


def _home(kind: Kind, key: str) -> _Home | None:
    ours, part = word(key), owner(key)
    # Inside a clipper, a word for clipping means a field of its own.
    if part is None and (not ours or ours == kind or (kind == "clipper" and ours.startswith("gradient_clipping"))):
        return None
    return _Home(ours, part)


# -- hints for keys --------------------------------------------------------------------------------------------------


def takes(_: Telling, value: Any, name: str, keys: Iterable[str]) -> str:
    """Return the hint for what is no mapping of fields."""
    if is_list(value) and value and all(isinstance(item, Mapping) for item in value):
        return "write its keys in one mapping: in YAML, without `-` before them"
    return f"{name} takes: {listing(keys) or 'nothing'}"


def _field(
    tell: Telling, key: str, name: str, keys: Iterable[str], fields: tuple[str, ...], given: Mapping[str, Any]
) -> Said:
    near = field_meant(key, fields) or (tell.near(key, fields) if key not in LOOP_KEYS else None)
    return _said(near, name, keys, given)


def _said(near: str | None, name: str, keys: Iterable[str], given: Mapping[str, Any]) -> Said:
    allowed = f"{name} takes: {listing(keys) or 'nothing'}"
    if near is None:
        return Said(allowed)
    if near in given:
        return Said(f"`{near}` is given already; {allowed}")
    return Said(f"did you mean `{near}`? {allowed}", near=True)


def field(tell: Telling, **stray: Any) -> str:
    """Return the hint for a key that is no field: the field that it stands for, and all that there are."""
    return _field(tell, **stray).text


def near_config(tell: Telling, stray: Mapping[str, Any]) -> str:
    """Return the hint for another word for `config`."""
    return f"did you mean `config`? {_field(tell, **stray).text}"


def beside_config(tell: Telling, kind: Kind, key: str, name: str | None, given: bool, stray: Mapping[str, Any]) -> str:
    """Return the hint for a key beside `config` that does not belong there.

    Args:
        tell: what the sentences are made with.
        kind: that of the component.
        key: the key.
        name: the component's plugin, where the key is one of its fields.
        given: it stands in `config` too.
        stray: what else is known of the key.
    """
    if name is None:
        said = stray_key(tell, **stray)
    elif given:
        said = Said(f"`config.{key}` is given too; keep that one")
    else:
        said = Said(f"it is a field of {name}: move it into `config`")
    return _elsewhere(kind, key, said)


def flat_field(
    tell: Telling,
    kind: Kind,
    stray: Mapping[str, Any],
    beside: tuple[str, ...],
    another: str | None,
    names: tuple[str, ...],
) -> str:
    """Return the hint for a key beside `type`, in a component without `config`, that does not belong there.

    Args:
        tell: what the sentences are made with.
        kind: that of the component.
        stray: what is known of the key.
        beside: what may stand there but fields.
        another: another plugin of which it is a field.
        names: all that may stand there.
    """
    key, fields = stray["key"], stray["fields"]
    near = tell.near(key, names)
    if near in beside:
        return f"did you mean `{near}`?"
    near = field_meant(key, fields) or (near if key not in LOOP_KEYS else None)
    return _of_another(kind, key, another, _said(near, stray["name"], stray["keys"], stray["given"]))


def field_of_component(
    tell: Telling, kind: Kind, stray: Mapping[str, Any], beside: tuple[str, ...], another: str | None
) -> str:
    """Return the hint for a key in `config` that does not belong there.

    Args:
        tell: what the sentences are made with.
        kind: that of the component.
        stray: what is known of the key.
        beside: what may stand beside `type` and `config`.
        another: another plugin of which it is a field.
    """
    key = stray["key"]
    if key == "config":
        return "`config` stands in `config`: take one of the two away"
    if key == "type":
        return f"`{key}` stands beside `config`, not in it: take it out"
    if key in beside:
        return f"`{key}` belongs beside `type` and `config`, not in `config`"
    said = _field(tell, **stray)
    near = None if said.near else tell.near(key, beside)
    if near is not None and alike(key, [near]):
        return f"did you mean `{near}`, beside `type` and `config`?"
    return _of_another(kind, key, another, said)


def _of_another(kind: Kind, key: str, another: str | None, said: Said) -> str:
    """Return the hint for an unknown field, which another plugin or another part of a recipe may have."""
    if another is not None and (kind == "clipper" or (kind == "scheduler" and not said.near)):
        return f"it is a field of the {kind} `{another}`: write `type: {another}`"
    return _elsewhere(kind, key, said)


def _elsewhere(kind: Kind, key: str, said: Said) -> str:
    """Return the hint for a key in a component, which may be one of the recipe's, or no config's."""
    home = _home(kind, key)
    if home is not None and home.part is not None:
        own = home.part == kind
        where = (
            f"did you mean `{home.word}`, beside" if own else f"`{home.word}` belongs into `{home.part}`, beside its"
        )
        return f"{where} `type`{'?' if own else ''}"
    if home is not None:
        return f"`{home.word}` belongs beside the {kind}, not in it"
    if key in _PARAMETERS and not said.near:
        return "parameters are given to create(), not in a config"
    return said.text
