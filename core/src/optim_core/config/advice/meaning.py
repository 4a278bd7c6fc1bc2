"""What a key that stands beside the parts of a recipe means, and what to write for it where it is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from optim_core.config.advice.clipping_words import clipping_for
from optim_core.config.advice.warmup_words import FIELD as WARMUP
from optim_core.config.advice.warmup_words import warmup_for
from optim_core.config.foreign_words import OTHER_WORDS, field_for, field_meant
from optim_core.config.forms.speaking import FIELDS, Topic, says_none, topic, words
from optim_core.config.forms.takes import Takes
from optim_core.config.keys import PARTS, RECIPE_KEYS, naming_keys
from optim_core.config.loop_keys import LOOP_KEYS
from optim_core.kinds import Kind
from optim_core.text.spelling import alike
from optim_core.text.values import as_in_config

__all__ = ["PartOfRecipe", "meaning", "parts_of_recipe"]

# The second of Adam's betas where a config says the first alone, and the first where it says the second.
_ADAMS_BETAS = (0.9, 0.999)

_TWICE = "`gradient_clipping` is given already: keep one of the two"

# These stand with the name of a part for all of its fields.
_WORDS_FOR_PARAMS = ("args", "kwargs", "conf", "cfg", "config", "params", "parameters", "options", "opts", "hparams")

# With one of these, a key is about the rate of all parameters.
_OF_THE_RATE = ("init", "initial", "base", "auto", "scale", "scaling", "find", "ratio", "mult", "multiplier", "drop")

# A warmup is a length where its key has no other words than these.
_OF_A_LENGTH = frozenset(
    {
        *("warm", "warmup", "warmups", "up", "num", "n", "lr", "learning", "rate", "step", "steps", "iter", "iters"),
        *("iteration", "iterations", "update", "updates", "batches", "epoch", "epochs", "ratio", "proportion"),
        *("percent", "percentage", "fraction", "frac", "pct", "t", "period", "length", "duration", "linear"),
    }
)

# A schedule for a field of one, where a config has none. Each is one of torch's or of optim-schedules.
_SCHEDULES = {
    "milestones": "MultiStepLR",
    "step_size": "StepLR",
    "gamma": "ExponentialLR",
    "T_max": "CosineAnnealingLR",
    "eta_min": "CosineAnnealingLR",
    "T_0": "CosineAnnealingWarmRestarts",
    "T_mult": "CosineAnnealingWarmRestarts",
    "num_warmup_steps": "constant_with_warmup",
    "max_lr": "OneCycleLR",
    "pct_start": "OneCycleLR",
    "num_cycles": "cosine_with_restarts",
    "power": "polynomial",
    "patience": "ReduceLROnPlateau",
}


class PartOfRecipe(NamedTuple):
    """A part of a recipe that a key may belong to.

    Args:
        kind: what it is.
        name: that of its plugin.
        keys: what its plugin takes, by every name.
        given: its fields, as they are given.
        place: where they stand, "" for beside the key.
    """

    kind: Kind
    name: str
    keys: Collection[str]
    given: Mapping[str, Any]
    place: str = ""


def parts_of_recipe(parts: Iterable[tuple[Kind, Takes, Mapping[str, Any], str]]) -> list[PartOfRecipe]:
    """Return parts of a recipe, each given by its kind, what it takes, its fields, and where these stand."""
    return [
        PartOfRecipe(kind, taken.name, (*taken.keys, *taken.aliases), given, place)
        for kind, taken, given, place in parts
    ]


def meaning(key: str, value: Any, parts: Sequence[PartOfRecipe], beside: Mapping[Any, Any]) -> str | None:
    """Return what to write for a key of another project, None where nothing is known of it.

    Args:
        key: the key, which no part takes as it stands.
        value: what stands there.
        parts: the parts whose plugins are known.
        beside: the mapping in which the key stands.
    """
    params = _other_params(key, value, beside)
    if params is not None:
        return f"did you mean `{params}`?"
    if key in LOOP_KEYS:
        return None
    about = topic(key)
    if value is None and (about is not None or key in FIELDS):
        return "leave it out: it is null, and says nothing"
    for part in parts:
        field = field_meant(key, part.keys)
        if field is not None and not (about == "scheduler" and part.kind == "optimizer"):
            return _field(key, value, field, part, beside)
    return None if about is None else _of_topic(about, key, value, parts, beside)


def _of_topic(
    about: Topic, key: str, value: Any, parts: Sequence[PartOfRecipe], beside: Mapping[Any, Any]
) -> str | None:
    """Return what to write for a key that is about a part of a recipe, and is no field of it by any name."""
    if about == "gradient_clipping":
        return clipping_for(key, value) if beside.get(about) is None else _TWICE
    if alike(key, RECIPE_KEYS) or key.lower().replace("-", "_") in OTHER_WORDS:
        return None
    return _of_an_optimizer(key, value, parts) if about == "optimizer" else _of_a_schedule(key, value, parts, beside)


def _field(key: str, value: Any, field: str, part: PartOfRecipe, beside: Mapping[Any, Any]) -> str:
    """Return what to write for a key that means a field of a part."""
    where = f" in `{part.place}`" if part.place else ""
    if field in part.given:
        return f"it means `{field}`, which is given already{where}: keep one of the two"
    if field == "betas" and isinstance(value, (int, float, str)):
        return f"write `betas: {_betas(key, value, part, beside)}`{where}"
    if field == WARMUP and "warmup" in key.lower().replace("_", ""):
        return f"write `{warmup_for(key, value, part.given)}`{where}"
    return f"did you mean `{field}`{where}?"


def _betas(key: str, value: Any, part: PartOfRecipe, beside: Mapping[Any, Any]) -> str:
    """Return both betas for a key that is one of them: the other is that beside it, or Adam's."""
    adams = "adam" in part.name.lower()
    both = [str(beta) if adams else "…" for beta in _ADAMS_BETAS]
    for other, beta in ((key, value), *beside.items()):
        if isinstance(other, str) and field_for(other) == "betas" and isinstance(beta, (int, float, str)):
            both[1 if "2" in other else 0] = as_in_config(beta)
    return f"[{', '.join(both)}]"


def _other_params(key: str, value: Any, beside: Mapping[Any, Any]) -> str | None:
    """Return the key that holds all fields of a part that is named by a text, where this is another word for that."""
    if not isinstance(value, Mapping) or words(key)[-1:] not in ([word] for word in _WORDS_FOR_PARAMS):
        return None
    for part in PARTS:
        name, kind, params = naming_keys(part)
        named = any(isinstance(beside.get(each), str) for each in (part, name, kind))
        if named and topic(key) == part and params not in beside:
            return params
    return None


def _of_an_optimizer(key: str, value: Any, parts: Sequence[PartOfRecipe]) -> str | None:
    """Return what to write for a key that is about an optimizer, and no field of the one that there is."""
    optimizer = next((part for part in parts if part.kind == "optimizer"), None)
    if optimizer is None:
        return None
    whose = [word for word in words(key) if word not in ("lr", "learning", "rate")]
    rate = isinstance(value, (int, float)) and not isinstance(value, bool) and "lr" in optimizer.keys
    if rate and len(whose) == 1 and whose[0] not in _OF_THE_RATE and len(whose) < len(words(key)):
        place = " in `optimizer`, beside `type`" if optimizer.place else ""
        rule = f'{{match: "*{whose[0]}*", lr: {as_in_config(value)}}}'
        return f"the rate of some parameters is `param_groups: [{rule}]`{place}"
    return f"{optimizer.name} has no such field"


def _of_a_schedule(key: str, value: Any, parts: Sequence[PartOfRecipe], beside: Mapping[Any, Any]) -> str | None:
    """Return what to write for a key that is about a schedule, and no field of the one that there is."""
    schedule = next((part for part in parts if part.kind == "scheduler"), None)
    if schedule is None and not any(beside.get(name) is not None for name in _NAMES_OF_SCHEDULES):
        return _without_a_schedule(key, value, parts)
    if schedule is None:
        return None
    if not _warms(key):
        field = field_meant(key, tuple(_SCHEDULES)) or (key if key in _SCHEDULES else None)
        other = f": `{field}` is one of {_SCHEDULES[field]}'s" if field in _SCHEDULES else ""
        return f"{schedule.name} has no such field{other}"
    if says_none(value):
        return f"leave it out: {schedule.name} has no warmup"
    around = f"{{type: warmup, config: {{scheduler: {{type: {schedule.name}, …}}, {warmup_for(key, value)}}}}}"
    return f"{schedule.name} has no warmup, which goes around it: write `scheduler: {around}`"


def _without_a_schedule(key: str, value: Any, parts: Sequence[PartOfRecipe]) -> str:
    """Return what to write for a key that is about a schedule, where none is named."""
    if _warms(key) and says_none(value):
        return "leave it out: without a schedule the rate is the same from the first step on"
    if _warms(key):
        return f"no schedule is named here: write `scheduler: {{type: constant_with_warmup, {warmup_for(key, value)}}}`"
    if words(key) == ["lr", "decay"] and isinstance(value, float) and 0 < value < 1:
        place = next((f" in `{part.kind}`, beside `type`" for part in parts if part.place), "")
        return f"if the rate is to be multiplied by it after each epoch, write `lr_decay_gamma: {value}`{place}"
    if isinstance(value, str):
        return f"did you mean `{PARTS[1]}`?"
    field = field_meant(key, tuple(_SCHEDULES)) or (key if key in _SCHEDULES else None)
    if field is not None:
        return f"no schedule is named here: `{field}` is a field of `scheduler: {_SCHEDULES[field]}`"
    return f"no schedule is named here: `{PARTS[1]}` names one, and `optim list` shows all that there are"


def _warms(key: str) -> bool:
    """Tell whether a key says how long a warmup is."""
    said = words(key)
    rises = any(word.startswith("warm") for word in said)
    return rises and _OF_A_LENGTH.issuperset(said) and said[-1] not in ("lr", "rate")


_NAMES_OF_SCHEDULES = (PARTS[1], f"{PARTS[1]}_name", f"{PARTS[1]}_type")
