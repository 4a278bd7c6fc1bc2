"""What somebody meant by a config of the wrong form, and what to write instead. Imported where one is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from optim_core.config.advice.components import WITHOUT_BRACKETS, is_like_type, is_none, of_no_text, typeless
from optim_core.config.advice.stray_keys import owner, word
from optim_core.config.foreign_words import WORDS_FOR_TYPE, meant
from optim_core.config.forms.flat_set import outside
from optim_core.config.forms.form import Fields
from optim_core.config.forms.recognise import has_content
from optim_core.config.issues import MISSING, UNKNOWN_KEY, Issue
from optim_core.config.keys import BESIDE, NAMED_KEYS, PARTS, RECIPE_KEYS, SECTION
from optim_core.kinds import Kind
from optim_core.text.spelling import nearest
from optim_core.text.values import is_list, shown

__all__ = [
    "beside_its_part",
    "formless",
    "nameless",
    "no_clipping",
    "no_mapping",
    "one_for_named",
]

_BY_PART = "name each by what it is: {optimizer: {type, config}, scheduler: {type, config}}"


# -- the whole config ------------------------------------------------------------------------------------------------


def no_mapping(config: Any) -> Issue:
    """The problem of a config that is no mapping."""
    hint = None
    if is_list(config) and any(isinstance(item, Mapping) for item in config):
        typed = [item for item in config if isinstance(item, Mapping) and "type" in item]
        hint = _BY_PART if len(typed) > 1 else WITHOUT_BRACKETS
    hint = f"write optimizer: {{type: {config}}}" if isinstance(config, str) and config.isidentifier() else hint
    return Issue((), f"a config is a mapping, this is {shown(config)}", hint)


def formless(config: Mapping[Any, Any]) -> list[Issue]:
    """The problems of a mapping that is neither a component nor a recipe."""
    keys = [key for key in config if isinstance(key, str)]
    if "config" in keys or any(key in WORDS_FOR_TYPE or is_like_type(key) for key in keys):
        return [typeless("optimizer", config, lambda _: [])]
    allowed = (*RECIPE_KEYS, *NAMED_KEYS[:2])
    hint = "a component is {type: AdamW, config: {lr: 1e-3}}, a recipe {optimizer: …, scheduler: …}"
    if not keys and config:
        hint = of_no_text(next(iter(config)))
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


def beside_its_part(issues: Iterable[Issue], config: Mapping[str, Any], fields: Fields) -> list[Issue]:
    """The problems of a recipe, where those of keys that a part of it takes say so, and are not told twice."""
    takers: dict[Any, Kind] = {}
    for part in PARTS:
        component = config.get(part)
        taken = fields(part, component.get("type")) if isinstance(component, Mapping) else None
        others = [key for key in config if key not in RECIPE_KEYS]
        takers |= {key: part for key in others if taken is not None and (key in taken or owner(key) == part)}
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
            elif owner(key) == part:
                told.append(issue._replace(hint=f"did you mean `{word(key)}`, in `{part}`, beside `type`?"))
            else:
                told.append(outside(str(key), part, taken) if taken is not None else issue)
        elif issue.message != MISSING or takers.get(key) != issue.path[0]:
            told.append(issue)
    return told


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
    if is_none(value):
        hint = "for no clipping write null, or leave it out"
    return Issue(("gradient_clipping",), f"must be a mapping or null, is {shown(value)}", hint)


# -- components ------------------------------------------------------------------------------------------------------
