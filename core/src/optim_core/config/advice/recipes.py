"""What somebody meant by a config of the wrong form, and what to write instead. Imported where one is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from optim_core.config.advice.components import WITHOUT_BRACKETS, is_like_type, is_none, keys_are_texts, typeless
from optim_core.config.advice.field_words import auto, parts_of_recipe
from optim_core.config.advice.meaning import meaning, without_decay
from optim_core.config.advice.stray_keys import owner, stray_key, word
from optim_core.config.advice.telling import Telling
from optim_core.config.foreign_words import WORDS_FOR_CONFIG, WORDS_FOR_TYPE, meant
from optim_core.config.forms.flat_set import fields_of, outside
from optim_core.config.forms.recognise import has_content
from optim_core.config.forms.speaking import topic
from optim_core.config.forms.takes import Fields, Takes
from optim_core.config.issues import Hint, Issue
from optim_core.config.keys import BESIDE, NAMED_KEYS, NO_DECAY, PARTS, RECIPE_KEYS, SECTION
from optim_core.config.structuring.class_plan import AUTO
from optim_core.kinds import Kind
from optim_core.text.prose import listing
from optim_core.text.spelling import nearest
from optim_core.text.values import as_in_config, is_list

__all__ = [
    "beside_its_optimizer",
    "beside_its_part",
    "clipping",
    "config",
    "formless",
    "key_of_recipe",
    "names",
    "names_no_optimizer",
    "near_optimizer",
    "recipe_key",
    "recipe_or_component",
]

_BY_PART = "name each by what it is: {optimizer: {type, config}, scheduler: {type, config}}"


# -- the whole config ------------------------------------------------------------------------------------------------


def config(_: Telling, value: Any) -> str | None:
    """Return the hint for a config that is no mapping."""
    if isinstance(value, str) and value.isidentifier():
        return f"write optimizer: {{type: {as_in_config(value)}}}"
    if isinstance(value, type):
        return f"give what it makes: {value.__name__}()"
    if is_list(value) and any(isinstance(item, Mapping) for item in value):
        typed = [item for item in value if isinstance(item, Mapping) and "type" in item]
        return _BY_PART if len(typed) > 1 else WITHOUT_BRACKETS
    return None


def formless(config: Mapping[Any, Any]) -> list[Issue]:
    """Return the issues of a mapping that is neither a component nor a recipe."""
    keys = [key for key in config if isinstance(key, str)]
    if _looks_like_a_component(config, keys):
        return [typeless("optimizer", config, lambda _: [])]
    for path, section in _sections(config):
        if has_content(section):
            if len(path) == 1 and nearest(path[0], [SECTION]):
                return [Issue("unknown-key", path, section, hint=Hint.of("section-name", name=path[0]))]
            return [Issue("missing-type", hint=Hint.of("looks-like-a-recipe", place=".".join(path)))]
    allowed = (*RECIPE_KEYS, *NAMED_KEYS[:2])
    found = [(key, near) for key in keys if (near := _top_level(key, config[key], allowed))]
    if found:
        return _misnamed(found, config)
    speaking_of_one = next((path for path, section in _sections(config) if any(map(_speaks, section))), None)
    if speaking_of_one is not None:
        return [Issue("missing-type", hint=Hint.of("names-no-optimizer", place=".".join(speaking_of_one)))]
    if any(map(_speaks, keys)):
        of_schedule = next(filter(None, map(topic, keys))) == "scheduler"
        return [Issue("missing-type", hint=Hint.of("names-no-optimizer", place="", of_schedule=of_schedule))]
    stranger = next(iter(config)) if config and not keys else None
    has_stranger = bool(config) and not keys
    return [Issue("missing-type", hint=Hint.of("recipe-or-component", stranger=stranger, has_stranger=has_stranger))]


def _looks_like_a_component(config: Mapping[Any, Any], keys: Sequence[str]) -> bool:
    """Tell whether a mapping is a component whose `type` is missing, or stands under another key."""
    if "config" in keys or any(is_like_type(key, config[key]) for key in keys):
        return True
    # `name` may be that of a run; beside fields it is that of a plugin.
    named = [key for key in keys if key in WORDS_FOR_TYPE and isinstance(config[key], str)]
    return bool(named) and (any(map(_speaks, keys)) or len(keys) == 1 or any(key in WORDS_FOR_CONFIG for key in keys))


def _speaks(key: Any) -> bool:
    return isinstance(key, str) and topic(key) is not None


def _misnamed(found: Sequence[tuple[str, str]], config: Mapping[Any, Any]) -> list[Issue]:
    """Return the issues of keys that mean one of a recipe; of two that mean the same, one holds its fields."""
    issues, taken = [], set()
    for key, near in sorted(found, key=lambda pair: isinstance(config[pair[0]], Mapping)):
        again = near in taken and near in PARTS and isinstance(config[key], Mapping)
        taken.add(near)
        hint = Hint.of("recipe-key", near=f"{near}_params" if again else near, flat=isinstance(config[key], str))
        issues.append(Issue("unknown-key", (key,), config[key], hint=hint))
    return issues


def recipe_or_component(_: Telling, stranger: Any, has_stranger: bool) -> str:
    """Return the hint for a mapping of no form; `stranger` is its first key where none of its keys is a text."""
    if has_stranger:
        return keys_are_texts(stranger)
    return "a component is {type: AdamW, config: {lr: 1e-3}}, a recipe {optimizer: …, scheduler: …}"


def names_no_optimizer(_: Telling, place: str, of_schedule: bool = False) -> str:
    """Return the hint for fields of no optimizer.

    Args:
        place: that of the section in which they stand, "" for none.
        of_schedule: they are fields of a schedule.
    """
    if of_schedule:
        return "name the schedule whose fields these are, as `type: StepLR`"
    if not place:
        add = "name the optimizer whose fields these are, as `optimizer: AdamW`"
        return f"{add}; where all of it is below `{SECTION}`, the training loop's keys may stand beside it"
    return f"`{place}` has fields and names no optimizer: add optimizer: AdamW to it, and call it `{SECTION}`"


def recipe_key(_: Telling, near: str, flat: bool) -> str:
    """Return the hint for another word for a key of a recipe; `flat` says that its value is the name of a plugin."""
    if not flat:
        return f"did you mean `{near}`? a recipe has: {', '.join(RECIPE_KEYS)}"
    return f"did you mean `{near}`? all of this may stand below `{SECTION}`, with the training loop's keys beside it"


def _sections(config: Mapping[Any, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[Any, Any]]]:
    """Return the mappings in a config, and those in them."""
    for key, value in config.items():
        if isinstance(key, str) and isinstance(value, Mapping):
            yield (key,), value
            for inner, below in value.items():
                if isinstance(inner, str) and isinstance(below, Mapping):
                    yield (key, inner), below


def _top_level(key: str, value: Any, allowed: Iterable[str]) -> str | None:
    """Return the key of a recipe that `key` stands for; several optimizers are named sets."""
    near = meant(key, allowed)
    several = isinstance(value, Mapping) and value and all(isinstance(item, Mapping) for item in value.values())
    return f"{near}_configs" if near in PARTS and several and "type" not in value else near


def beside_its_part(issues: Iterable[Issue], config: Mapping[str, Any], fields: Fields) -> list[Issue]:
    """Return the issues of a recipe, where those of keys that a part of it takes say so, and none is told twice."""
    takers: dict[Any, Kind] = {}
    known: list[tuple[Kind, Takes, Mapping[str, Any], str]] = []
    for part in PARTS:
        component = config.get(part)
        taken = fields(part, component.get("type")) if isinstance(component, Mapping) else None
        if taken is not None:
            known.append((part, taken, *fields_of(config[part], part)))
        others = [key for key in config if key not in RECIPE_KEYS]
        takers |= {key: part for key in others if taken is not None and (key in taken or owner(key) == part)}
        typed = isinstance(component, Mapping) and "config" not in component and taken is not None
        if typed and isinstance(config.get("config"), Mapping):
            takers.setdefault("config", part)
    told = []
    for issue in issues:
        key = issue.path[-1]
        if len(issue.path) == 1 and issue.code == "unknown-key" and key in takers:
            told.append(_in_its_part(issue, takers[key], fields(takers[key], config[takers[key]].get("type"))))
        elif len(issue.path) == 1 and issue.code == "unknown-key" and issue.hint is not None:
            told.append(issue.repaired("key-of-recipe", stray=issue.hint.data, parts=known, given=config))
        elif issue.code != "missing" or takers.get(key) != issue.path[0]:
            told.append(issue)
    return told


def beside_its_optimizer(issues: Iterable[Issue]) -> list[Issue]:
    """Return the issues of an optimizer that is one of named sets, where those of keys that stand beside it say so."""
    told = []
    for issue in issues:
        ours = word(issue.path[0]) if len(issue.path) == 1 and issue.code == "unknown-key" else ""
        beside = ours.partition(":")[0] in RECIPE_KEYS[1:]
        told.append(issue.repaired("make-it-a-pair", word=ours) if beside else issue)
    return told


def _in_its_part(issue: Issue, part: Kind, taken: Takes | None) -> Issue:
    """Return the issue of a key of a recipe that belongs into a part of it."""
    key = issue.path[0]
    if key in BESIDE[part] or key == "config":
        return issue.repaired("move-beside-type", part=part)
    said = without_decay(str(key), issue.value) if word(key) == NO_DECAY else None
    if said is not None:
        return issue.repaired("said", text=f"{said} in `{part}`" if said.startswith("write") else said)
    if owner(key) == part:
        return issue.repaired("near-beside-type", word=word(key), part=part)
    return outside(str(key), part, taken) if taken is not None else issue


# -- hints -----------------------------------------------------------------------------------------------------------


def names(_: Telling, key: str, value: Any) -> str | None:
    """Return the hint for what is no mapping of names to components."""
    if not is_list(value):
        return None
    kind = key.removesuffix("_configs")
    return f"give each {kind} a name: {key}: {{name: {{type, config}}, …}}"


def near_optimizer(tell: Telling, name: str, optimizers: list[str]) -> str | None:
    """Return the hint for a schedule of a name that no optimizer has."""
    near = tell.near(name, optimizers)
    if near:
        return f"did you mean `{near}`?"
    return f"the optimizers are {listing(optimizers)}" if optimizers else None


def key_of_recipe(
    tell: Telling,
    stray: Mapping[str, Any],
    parts: Iterable[tuple[Kind, Takes, Mapping[str, Any], str]],
    given: Mapping[str, Any],
) -> str:
    """Return the hint for a key beside the parts of a recipe, which none of them takes.

    Args:
        tell: what the sentences are made with.
        stray: what is known of the key.
        parts: the parts whose types are known: kind, what it takes, its fields, and where these stand.
        given: the recipe.
    """
    key = stray["key"]
    return meaning(key, given[key], parts_of_recipe(parts), given) or stray_key(tell, **stray).text


def clipping(_: Telling, value: Any) -> str:
    """Return the hint for clipping that is no mapping."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_none(value) or (number and value == 0):
        return "for no clipping write null, or leave it out"
    if isinstance(value, str) and value == AUTO:
        return auto("max_norm")
    if isinstance(value, str) and value.isidentifier() and value.lower() not in {"norm", "on", "true", "yes"}:
        return f"write gradient_clipping: {{type: {as_in_config(value)}}}"
    return f"write gradient_clipping: {{max_norm: {as_in_config(value) if number else '…'}}}"
