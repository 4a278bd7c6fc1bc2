"""What somebody meant by a config of the wrong form, and what to write instead. Imported where one is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from optim_core.discovery import Kind
from optim_core.extras import install_line
from optim_core.flat_sets import outside
from optim_core.form import Fields, Takes
from optim_core.forms import has_content
from optim_core.keys import (
    BESIDE,
    NAMED_KEYS,
    OTHER_WORDS,
    PARTS,
    RECIPE_KEYS,
    SECTION,
    WORDS_FOR_CONFIG,
    WORDS_FOR_TYPE,
    meant,
    naming_keys,
    owner_of,
)
from optim_core.mismatch import MISSING, UNKNOWN_KEY, ConfigPath, Issue, is_list
from optim_core.names import alike, nearest, visible
from optim_core.words import shown

__all__ = [
    "beside_its_part",
    "foreign_keys",
    "formless",
    "nameless",
    "no_clipping",
    "no_component",
    "no_mapping",
    "of_component",
    "of_unknown_type",
    "one_for_named",
    "typeless",
]

_COMPONENT = "for example {type: …, config: {…}}"
_EMPTY = "its `type` and `config` stand below it, indented; for example {type: AdamW, config: {lr: 1e-3}}"
_IN_TURN = "one schedule after another is {type: SequentialLR, config: {schedulers: […], milestones: […]}}"
_SEVERAL = "several optimizers are `optimizer_configs`, a mapping of names to them"
_WITHOUT_BRACKETS = "write it without the brackets around it: in YAML, without the `-`"
# What is left of `type: AdamW` where its colon is not one to YAML.
_TYPE_IN_TEXT = re.compile(r"\s*type\s*[:=]")
_BY_PART = "name each by what it is: {optimizer: {type, config}, scheduler: {type, config}}"
_EIGHT_BIT = re.compile(r"8_?bit|bnb|paged", re.IGNORECASE)
_NONE = ("none", "null", "off", "no", "false")


# -- the whole config ------------------------------------------------------------------------------------------------


def no_mapping(config: Any) -> Issue:
    """The problem of a config that is no mapping."""
    hint = None
    if is_list(config) and any(isinstance(item, Mapping) for item in config):
        typed = [item for item in config if isinstance(item, Mapping) and "type" in item]
        hint = _BY_PART if len(typed) > 1 else _WITHOUT_BRACKETS
    hint = f"write optimizer: {{type: {config}}}" if isinstance(config, str) and config.isidentifier() else hint
    return Issue((), f"a config is a mapping, this is {shown(config)}", hint)


def formless(config: Mapping[Any, Any]) -> list[Issue]:
    """The problems of a mapping that is neither a component nor a recipe."""
    keys = [key for key in config if isinstance(key, str)]
    if "config" in keys or any(key in WORDS_FOR_TYPE or _is_like_type(key) for key in keys):
        return [typeless("optimizer", config, lambda _: [])]
    allowed = (*RECIPE_KEYS, *NAMED_KEYS[:2])
    hint = "a component is {type: AdamW, config: {lr: 1e-3}}, a recipe {optimizer: …, scheduler: …}"
    if not keys and config:
        hint = _of_no_text(next(iter(config)))
    for path, section in _sections(config):
        if has_content(section):
            place, name = ".".join(path), path[-1]
            if len(path) == 1 and nearest(name, [SECTION]):
                return [Issue(path, UNKNOWN_KEY, f"did you mean `{SECTION}` where `{name}` stands?")]
            hint = f"`{place}` looks like a recipe: build it alone, or call it `{SECTION}`"
            return [Issue((), "`type` is missing", hint, "missing-type")]
    found = [(key, near) for key in keys if (near := _top_level(key, config[key], allowed))]
    if found:
        has = f"a recipe has: {', '.join(RECIPE_KEYS)}"
        return [Issue((key,), UNKNOWN_KEY, f"did you mean `{near}`? {has}") for key, near in found]
    return [Issue((), "`type` is missing", hint, "missing-type")]


def _sections(config: Mapping[Any, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[Any, Any]]]:
    """The mappings in a config, and those in them."""
    for key, value in config.items():
        if isinstance(key, str) and isinstance(value, Mapping):
            yield (key,), value
            for inner, below in value.items():
                if isinstance(inner, str) and isinstance(below, Mapping):
                    yield (key, inner), below


def _top_level(key: str, value: Any, allowed: Iterable[str]) -> str | None:
    """The key of a recipe that `key` stands for; several optimizers are named sets."""
    near = meant(key, allowed)
    several = isinstance(value, Mapping) and value and all(isinstance(item, Mapping) for item in value.values())
    return f"{near}_configs" if near in PARTS and several and "type" not in value else near


def foreign_keys(value: Mapping[Any, Any], allowed: tuple[str, ...], more: str = "") -> list[Issue]:
    """The problems of keys that are not allowed here; `more` is added to the hint of one that is near none."""
    issues = []
    free = [key for key in allowed if key not in value]
    for key in value:
        if not isinstance(key, str):
            issues.append(Issue((shown(key),), "is not a key: keys are texts"))
        elif key not in allowed:
            near = meant(key, free)
            keys = f"allowed here: {', '.join(allowed)}"
            if key == SECTION and more:
                hint = f"what stands beside it belongs below it, or `{SECTION}` is to be left out"
            else:
                hint = f"did you mean `{near}`? {keys}" if near else keys + more
                # The long sentence is said once.
                more = more if near else ""
            issues.append(Issue((key,), UNKNOWN_KEY, hint))
    return issues


def beside_its_part(issues: Iterable[Issue], config: Mapping[str, Any], fields: Fields) -> list[Issue]:
    """The problems of a recipe, where those of keys that a part of it takes say so, and are not told twice."""
    takers: dict[Any, Kind] = {}
    for part in PARTS:
        component = config.get(part)
        taken = fields(part, component.get("type")) if isinstance(component, Mapping) else None
        others = [key for key in config if key not in RECIPE_KEYS]
        takers |= {key: part for key in others if taken is not None and (key in taken or _owner(key) == part)}
        typed = isinstance(component, Mapping) and "config" not in component and taken is not None
        if typed and isinstance(config.get("config"), Mapping):
            takers.setdefault("config", part)
    told = []
    for issue in issues:
        key = issue.path[-1]
        if len(issue.path) == 1 and issue.message == UNKNOWN_KEY and key in takers:
            part = takers[key]
            taken = fields(part, config[part].get("type"))
            if key in BESIDE[part] or key == "config":
                told.append(issue._replace(hint=f"move it into `{part}`, beside `type`"))
            elif _owner(key) == part:
                told.append(issue._replace(hint=f"did you mean `{_word(key)}`, in `{part}`, beside `type`?"))
            else:
                told.append(outside(str(key), part, taken) if taken is not None else issue)
        elif issue.message != MISSING or takers.get(key) != issue.path[0]:
            told.append(issue)
    return told


def _word(key: Any) -> str:
    """What is written here for a key of other projects; the key itself where it is ours, "" where it is neither."""
    if not isinstance(key, str):
        return ""
    return key if key in RECIPE_KEYS or owner_of(key) else OTHER_WORDS.get(key.lower().replace("-", "_"), "")


def _owner(key: Any) -> Kind | None:
    """The part beside whose `type` a key belongs, by this or by another word for it."""
    return owner_of(_word(key).partition(":")[0])


def nameless(key: str, value: Any) -> str | None:
    """The hint for what is no mapping of names to components."""
    if not is_list(value):
        return None
    kind = key.removesuffix("_configs")
    return f"give each {kind} a name: {key}: {{name: {{type, config}}, …}}"


def one_for_named(key: str) -> Issue:
    """The problem of one component where there should be named ones."""
    part = key.removesuffix("_configs")
    hint = f"call it `{part}`, or give it a name: {key}: {{name: {{type, config}}}}"
    return Issue((key,), f"is one {part}, not a mapping of names to several", hint)


def no_clipping(value: Any) -> Issue:
    """The problem of clipping that is no mapping."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    hint = f"write gradient_clipping: {{max_norm: {value if number else 1.0}}}"
    if _is_none(value):
        hint = "for no clipping write null, or leave it out"
    return Issue(("gradient_clipping",), f"must be a mapping or null, is {shown(value)}", hint)


# -- components ------------------------------------------------------------------------------------------------------


def _how_to_have_none(kind: Kind | None, value: Any) -> str | None:
    """The hint for a word that means that there is to be none of a kind."""
    return (
        f"for no {kind} leave it out, or write null" if kind in ("scheduler", "clipper") and _is_none(value) else None
    )


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


def _is_none(value: Any) -> bool:
    return value is False or (isinstance(value, str) and value.lower() in _NONE)


def no_component(kind: Kind, value: Any) -> Issue:
    """The problem of what is no mapping where a component should be."""
    hint = _how_to_have_none(kind, value) or _COMPONENT
    if is_list(value):
        hint = _WITHOUT_BRACKETS if len(value) == 1 else {"scheduler": _IN_TURN, "optimizer": _SEVERAL}.get(kind, hint)
    elif value is None:
        hint = _EMPTY
    elif isinstance(value, str) and hint is _COMPONENT:
        hint = f"write {{type: {value}}}"
    return Issue((), f"must be a mapping with `type`, is {shown(value)}", hint)


def typeless(kind: Kind, value: Mapping[Any, Any], kinds_of: Callable[[str], list[Kind]]) -> Issue:
    """The problem of a component without a type."""
    return Issue((), "`type` is missing", _where_the_type_is(kind, value, kinds_of), "missing-type")


def _of_no_text(key: Any) -> str:
    return f"keys are texts, here is {shown(key)}"


def _is_like_type(key: str) -> bool:
    return key not in OTHER_WORDS and nearest(key, ["type"]) is not None


def _where_the_type_is(kind: Kind, value: Mapping[Any, Any], kinds_of: Callable[[str], list[Kind]]) -> str:
    keys = [key for key in value if isinstance(key, str)]
    config = value.get("config")
    if isinstance(config, Mapping) and "type" in config:
        return "it stands in `config`: move it out of there"
    words = (*WORDS_FOR_TYPE, *naming_keys(kind))
    near = next((key for key in keys if key in words or _is_like_type(key)), None)
    no_text = [key for key in value if not isinstance(key, str)]
    if near is None and no_text:
        return _of_no_text(no_text[0])
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
    word, owner = _word(key), _owner(key)
    if owner is not None:
        where = f"did you mean `{word}`, beside" if owner == kind else f"`{word}` belongs into `{owner}`, beside its"
        return issue._replace(hint=f"{where} `type`{'?' if owner == kind else ''}")
    # Inside a clipper, a word for clipping means a field of its own.
    if word and word != kind and (kind != "clipper" or not word.startswith("gradient_clipping")):
        return issue._replace(hint=f"`{word}` belongs beside the {kind}, not in it")
    if key in ("params", "parameters") and not (issue.hint or "").startswith("did you mean"):
        return issue._replace(hint="parameters are given to create(), not in a config")
    return issue


def _stray(issue: Issue) -> str | None:
    """The key of a problem that is one of an unknown key in the component itself."""
    path: ConfigPath = issue.path
    return str(path[0]) if len(path) == 1 and issue.message == UNKNOWN_KEY else None
