"""What a key that stands beside the parts of a recipe means, and what to write for it where it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optim_core.config.advice.clipping_words import clipping_for
from optim_core.config.advice.field_words import PartOfRecipe, falling_each_epoch, for_field, number_of
from optim_core.config.advice.length_words import warmup_for
from optim_core.config.foreign_words import OTHER_WORDS, field_meant, snake
from optim_core.config.forms.speaking import FIELDS, Topic, are_milestones, says_none, topic, topic_of, words
from optim_core.config.keys import NO_DECAY, PARTS, RECIPE_KEYS, naming_keys
from optim_core.config.loop_keys import LOOP_KEYS
from optim_core.text.prose import listing
from optim_core.text.spelling import alike
from optim_core.text.values import as_in_config

__all__ = ["meaning", "without_decay"]

_TWICE = "`gradient_clipping` is given already: keep one of the two"

# These stand with the name of a part for all of its fields.
_WORDS_FOR_PARAMS = ("args", "kwargs", "conf", "cfg", "config", "params", "parameters", "options", "opts", "hparams")

# Optimizers around others.
_AROUND = {"sam": "SAM", "lookahead": "Lookahead"}

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
    points = are_milestones(key, value)
    if key in LOOP_KEYS and not points:
        return None
    if OTHER_WORDS.get(snake(key)) == NO_DECAY and NO_DECAY not in beside:
        return without_decay(key, value)
    about = topic_of(key, value)
    if value is None and (about is not None or key in FIELDS):
        return "leave it out: it is null, and says nothing"
    for part in _likeliest_first(key, about, parts):
        said = for_field(key, value, part, beside)
        if said is not None:
            return said
    return None if about is None else _of_topic(about, key, value, parts, beside)


def _likeliest_first(key: str, about: Topic | None, parts: Sequence[PartOfRecipe]) -> list[PartOfRecipe]:
    """Return the parts of which a key may be a field: that first which has it free, and then that which it is about."""

    def order(part: PartOfRecipe) -> tuple[bool, bool]:
        field = field_meant(key, part.keys, part.kind)
        # A schedule takes what an optimizer, such as one with a `beta2_decay`, would take as well.
        return field is None or field in part.given, part.kind != about

    return sorted(parts, key=order)


# Keys of these words say how much some parameters are decayed, and others whether they are left out.
_OF_A_DECAY = frozenset({"weight", "decay", "wd", "bias", "norm", "bn"})


def without_decay(key: str, value: Any) -> str | None:
    """Return what to write for a word for `no_decay`, whose value says whether, or how much."""
    # `bias_decay: false` says what `exclude_bias: true` does.
    how_much = _OF_A_DECAY.issuperset(words(key))
    if value is (how_much is True):
        return "leave it out: all parameters are decayed where a config does not say otherwise"
    kinds = [kind for kind, word in (("bias", "bias"), ("norm", "norm"), ("norm", "bn")) if word in words(key)]
    if kinds and isinstance(value, (int, float)) and (value == 0 if how_much else value is True):
        return f"write `{NO_DECAY}: [{', '.join(kinds)}]`"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        rule = f'{{match: "*norm*", weight_decay: {as_in_config(value)}}}'
        return f"a decay of their own is a rule: `param_groups: [{rule}]`"
    return None


def _of_topic(
    about: Topic, key: str, value: Any, parts: Sequence[PartOfRecipe], beside: Mapping[Any, Any]
) -> str | None:
    """Return what to write for a key that is about a part of a recipe, and is no field of it by any name."""
    if about == "gradient_clipping":
        return clipping_for(key, value) if beside.get(about) is None else _TWICE
    if alike(key, RECIPE_KEYS) or snake(key) in OTHER_WORDS:
        return None
    return _of_an_optimizer(key, value, parts) if about == "optimizer" else _of_a_schedule(key, value, parts, beside)


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
    around = next((name for word, name in _AROUND.items() if word in words(key)), None)
    if around is not None and value:
        inner = f"{{optimizer: {{type: {optimizer.name}, …}}}}"
        return f"{around} goes around an optimizer: `{{type: {around}, config: {inner}}}`"
    if "swa" in words(key):
        return "leave it out: weights are averaged by the training loop, as torch.optim.swa_utils shows"
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
    if "noise" in words(key):
        return "leave it out: no schedule has noise"
    if schedule is None and not any(beside.get(name) is not None for name in _NAMES_OF_SCHEDULES):
        return _without_a_schedule(key, value, parts, beside)
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


def _without_a_schedule(key: str, value: Any, parts: Sequence[PartOfRecipe], beside: Mapping[Any, Any]) -> str:
    """Return what to write for a key that is about a schedule, where none is named."""
    if value is False or (_warms(key) and says_none(value)):
        return "leave it out: without a schedule the rate is the same from the first step on"
    if _names_a_schedule(key, value):
        return f"did you mean `{PARTS[1]}`?"
    others = [name for name in beside if name != key and _is_about_a_schedule(name, beside[name])]
    if "decay_lr" in (key, *others) or _NANOGPT.issubset((key, *others)):
        return _nanogpts(key, beside)
    namer = next((name for name in others if _names_a_schedule(name, beside[name])), None)
    if namer is not None:
        return f"`{namer}` names the schedule, of which this may be a field: call it `{PARTS[1]}` first"
    if others:
        these = listing(f"`{name}`" for name in (key, *others))
        return f"no schedule is named here, and {these} are about one: name it, such as `{PARTS[1]}: cosine`"
    if _warms(key):
        return f"no schedule is named here: write `scheduler: {{type: constant_with_warmup, {warmup_for(key, value)}}}`"
    falling = falling_each_epoch(key, value, next((part for part in parts if part.kind == "optimizer"), None))
    if falling is not None:
        return falling
    field = field_meant(key, tuple(_SCHEDULES)) or (key if key in _SCHEDULES else None)
    if field is not None:
        return f"no schedule is named here: `{field}` is a field of `scheduler: {_SCHEDULES[field]}`"
    return f"no schedule is named here: `{PARTS[1]}` names one, and `optim list` shows all that there are"


# nanoGPT's schedule has no name, and no other project has these words beside each other.
_NANOGPT = frozenset({"warmup_iters", "lr_decay_iters", "min_lr"})

# What its train.py takes where nothing else is given.
_NANOGPTS = {"warmup_iters": 2000, "lr_decay_iters": 600000, "min_lr": 6e-5}


def _names_a_schedule(key: str, value: Any) -> bool:
    """Return whether a text is most likely the name of a schedule; the form of a warmup is none."""
    return isinstance(value, str) and number_of(value) is None and not any("warm" in word for word in words(key))


def _is_about_a_schedule(key: Any, value: Any) -> bool:
    return isinstance(key, str) and topic(key) == "scheduler" and not says_none(value)


def _nanogpts(key: str, beside: Mapping[Any, Any]) -> str:
    """Return what to write for a key of nanoGPT's schedule: all of it for the first, which the others are in then."""
    if beside.get("decay_lr") is False:
        return "leave it out: `decay_lr` is false, and nanoGPT has no schedule then"
    of_schedule = [name for name in ("decay_lr", *_NANOGPTS) if name in beside]
    if of_schedule and key != of_schedule[0]:
        return f"it is in the schedule that is written for `{of_schedule[0]}`: leave it out"
    warmup, length, floor = (as_in_config(beside.get(name, default)) for name, default in _NANOGPTS.items())
    fields = f"num_warmup_steps: {warmup}, num_training_steps: {length}, min_lr: {floor}"
    return f"write `scheduler: {{type: cosine_with_min_lr, {fields}}}`, which is nanoGPT's schedule"


def _warms(key: str) -> bool:
    """Tell whether a key says how long a warmup is."""
    said = words(key)
    rises = any(word.startswith("warm") for word in said)
    return rises and _OF_A_LENGTH.issuperset(said) and said[-1] not in ("lr", "rate")


_NAMES_OF_SCHEDULES = (PARTS[1], f"{PARTS[1]}_name", f"{PARTS[1]}_type")
