"""What is said of keys that stand in a component and are no fields of its plugin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from optim_core.config.advice.field_words import PartOfRecipe, for_field
from optim_core.config.advice.stray_keys import owner, stray_key, word
from optim_core.config.advice.telling import Said, Telling
from optim_core.config.foreign_words import field_meant
from optim_core.config.forms.speaking import says_none, words
from optim_core.config.loop_keys import LOOP_KEYS
from optim_core.kinds import Kind
from optim_core.text.prose import listing
from optim_core.text.spelling import alike
from optim_core.text.values import is_list

__all__ = [
    "PARAMETERS",
    "Home",
    "beside_config",
    "field",
    "field_of_component",
    "flat_field",
    "home_of",
    "near_config",
    "takes",
]

# These are given to `create`, and never stand in a config.
PARAMETERS = ("params", "parameters")


class Home(NamedTuple):
    """Where a key belongs that stands in a component: what to write, and the part beside whose type it stands."""

    word: str
    part: Kind | None


def home_of(kind: Kind, key: str) -> Home | None:
    """Return where a key belongs that stands in a component, None where that is nowhere else."""
    ours, part = word(key), owner(key)
    # Inside a clipper, a word for clipping means a field of its own.
    if part is None and (not ours or ours == kind or (kind == "clipper" and ours.startswith("gradient_clipping"))):
        return None
    return Home(ours, part)


def takes(_: Telling, value: Any, name: str, keys: Iterable[str]) -> str:
    """Return the hint for what is no mapping of fields."""
    if is_list(value) and value and all(isinstance(item, Mapping) for item in value):
        return "write its keys in one mapping: in YAML, without `-` before them"
    return _all(name, keys)


def _field(
    tell: Telling,
    key: str,
    name: str,
    keys: Iterable[str],
    fields: tuple[str, ...],
    given: Mapping[str, Any],
    kind: Kind | None = None,
    **schedule: Any,
) -> Said:
    """Return the hint for a key that is no field.

    Args:
        tell: what the sentences are made with.
        key: the key.
        name: what messages call the class.
        keys: its fields.
        fields: the same and their aliases.
        given: what stands beside the key, and the key.
        kind: that of the component, None where it is none.
        schedule: what else a `PartOfRecipe` has, of a schedule.
    """
    said = _of_others(key, name, keys, fields, given, kind, **schedule)
    return said or _said(_misspelt(tell, key, fields), name, keys, given)


def _misspelt(tell: Telling, key: str, names: Iterable[str]) -> str | None:
    """Return the name that a key is, misspelt; None where its words say that it is something else.

    `start_weight_decay` and `decay_epochs` are no `weight_decay` and no `epochs`, however near these are.
    """
    near = None if key.lower() in LOOP_KEYS else tell.near(key, names)
    if near is None or len(words(key)) == len(words(near)) or alike(key, [near]):
        return near if near is not None and not _says_more(key, near) else None
    return near if len(words(key)) < len(words(near)) else None


def _says_more(key: str, near: str) -> bool:
    """Return whether a key has all words of a name, and others."""
    return set(words(near)) < set(words(key))


def _of_others(
    key: str,
    name: str,
    keys: Iterable[str],
    fields: tuple[str, ...],
    given: Mapping[str, Any],
    kind: Kind | None = None,
    **schedule: Any,
) -> Said | None:
    """Return the hint for a word of other projects, None where it is not known as one."""
    if kind is None:
        near = field_meant(key, fields)
        return None if near is None else _said(near, name, keys, given)
    text = for_field(key, given.get(key), PartOfRecipe(kind, name, fields, given, nested=True, **schedule), given)
    return None if text is None else Said(f"{text}{'' if text.endswith('?') else ';'} {_all(name, keys)}", near=True)


def _said(near: str | None, name: str, keys: Iterable[str], given: Mapping[str, Any]) -> Said:
    allowed = _all(name, keys)
    if near is None:
        return Said(allowed)
    if near in given:
        return Said(f"did you mean `{near}`? `{near}` is given already; {allowed}")
    return Said(f"did you mean `{near}`? {allowed}", near=True)


def _all(name: str, keys: Iterable[str]) -> str:
    return f"{name} takes: {listing(keys) or 'nothing'}"


def field(tell: Telling, **stray: Any) -> str:
    """Return the hint for a key that is no field: the field that it stands for, and all that there are."""
    return _field(tell, **stray).text


def near_config(tell: Telling, stray: Mapping[str, Any]) -> str:
    """Return the hint for another word for `config`."""
    below = stray["given"].get(stray["key"])
    decays = stray["name"] == "Adam" and stray["key"] == "params" and isinstance(below, Mapping)
    decays = decays and not says_none(below.get("weight_decay")) and below.get("adam_w_mode") is not False
    note = " In DeepSpeed's JSON, Adam decays as `type: AdamW` does;" if decays else ""
    return f"did you mean `config`?{note} {_field(tell, **stray).text}"


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
    key = stray["key"]
    said = _of_others(**stray)
    if said is None:
        near = _misspelt(tell, key, names)
        if near in beside:
            return f"did you mean `{near}`?"
        said = _said(near, stray["name"], stray["keys"], stray["given"])
    return _of_another(kind, key, another, said)


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
    home = home_of(kind, key)
    if home is not None and home.part is not None:
        own = home.part == kind
        where = (
            f"did you mean `{home.word}`, beside" if own else f"`{home.word}` belongs into `{home.part}`, beside its"
        )
        return f"{where} `type`{'?' if own else ''}"
    if home is not None:
        return f"`{home.word}` belongs beside the {kind}, not in it"
    if key in PARAMETERS and not said.near:
        return "parameters are given to create(), not in a config"
    return said.text
