"""The words that other projects have for our keys and fields."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache

from optim_core.config.keys import LAYER_DECAY, NAMED_KEYS, NO_DECAY, PARAM_GROUPS, RECIPE_KEYS
from optim_core.config.loop_keys import LOOP_KEYS
from optim_core.kinds import Kind
from optim_core.text.spelling import Near, alike, nearest

__all__ = [
    "CLIP_ALGORITHM",
    "CLIP_WORDS",
    "LENGTHS",
    "MAX_NORM",
    "OTHER_WORDS",
    "WORDS_FOR_CONFIG",
    "WORDS_FOR_MATCH",
    "WORDS_FOR_TYPE",
    "field_for",
    "field_meant",
    "meant",
    "snake",
]

# This is a norm to clip at, in one word. Code that takes 0 for it does not clip then.
MAX_NORM = "max_grad_norm"

CLIP_WORDS = (
    MAX_NORM,
    *("gradient_clip_val", "clip_grad_norm", "grad_clip", "grad_clip_norm"),
    *("gradient_clip", "gradient_clip_norm", "clip_norm"),
)

# Lightning's word for how to clip: by "norm" or by "value".
CLIP_ALGORITHM = "gradient_clip_algorithm"

_OF_RECIPES = frozenset({*RECIPE_KEYS, *NAMED_KEYS})

# Other projects have these words; each has what is to be written here.
CLIP_BY_NORM = "gradient_clipping: {max_norm: …}"

OTHER_WORDS = {
    **dict.fromkeys(("clip_grad", "max_norm", *CLIP_WORDS), CLIP_BY_NORM),
    **dict.fromkeys(("clipping", "gradient_clip_algorithm"), "gradient_clipping"),
    **dict.fromkeys(("lr_config", "lr_sched", "lr_schedule", "lr_scheduler", "lr_scheduler_type"), "scheduler"),
    **dict.fromkeys(("learning_rate_scheduler", "param_scheduler", "sched", "schedule"), "scheduler"),
    **dict.fromkeys(("scheduler_cfg", "scheduler_conf", "scheduler_config"), "scheduler"),
    **dict.fromkeys(("lr_policy", "lr_scheduler_name", "scheduler_class", "lr_scheduler_config"), "scheduler"),
    **dict.fromkeys(("opt", "optim", "optim_conf", "optimizer_cfg", "optimizer_conf", "optimizer_config"), "optimizer"),
    **dict.fromkeys(("paramwise_cfg", "paramwise", "custom_keys", "param_group", "parameter_groups"), PARAM_GROUPS),
    **dict.fromkeys(("parameters_groups", "optimizer_grouped_parameters", "param_group_rules"), PARAM_GROUPS),
    **dict.fromkeys(("lr_multipliers", "lr_mult"), "param_groups: [{match: …, lr_multiplier: …}]"),
    **dict.fromkeys(("no_weight_decay", "no_wd", "no_decay_params", "weight_decay_exclude"), NO_DECAY),
    **dict.fromkeys(("exclude_from_weight_decay", "exclude_bias_and_norm", "filter_bias_and_bn"), NO_DECAY),
    **dict.fromkeys(("skip_weight_decay", "weight_decay_exclusions", "norm_weight_decay"), NO_DECAY),
    **dict.fromkeys(
        ("weight_decay_norm", "bias_weight_decay", "weight_decay_bias", "bias_decay", "norm_decay"), NO_DECAY
    ),
    **dict.fromkeys(("layer_decay_rate", "layer_decay_factor", "layer_lr_decay", "lr_layer_decay"), LAYER_DECAY),
    **dict.fromkeys(("layerwise_decay", "layerwise_lr_decay", "layer_wise_lr_decay", "llrd"), LAYER_DECAY),
}

# Other projects have these words for `type`, and for `config`.
WORDS_FOR_TYPE = ("name", "_target_", "_component_", "class_path", "class", "cls", "policy")

WORDS_FOR_CONFIG = ("params", "kwargs", "args", "init_args", "options", "parameters")

# Other projects have these words for `match`, in a rule of parameters.
WORDS_FOR_MATCH = frozenset(
    {
        *("params", "param", "parameters", "param_names", "pattern", "patterns", "name", "names", "prefix", "filter"),
        *("module", "modules", "layer", "layers", "key", "keys"),
    }
)

_RATE = ("lr",)

_DECAY = ("weight_decay",)

_DECOUPLED = ("decoupled_weight_decay", "weight_decouple", "adam_w_mode")

_LOWEST = ("eta_min", "min_lr", "lr_end", "final_lr")

_SHARE_OF_LOWEST = ("min_lr_rate", "min_lr_ratio")

_WARMUP = ("num_warmup_steps", "warmup_epochs")

# These fields say how long a schedule is.
LENGTHS = ("num_training_steps", "T_max", "max_epochs", "total_steps", "total_iters")

# Papers, command lines and PyTorch's relatives have these words; each has the fields that mean it, likeliest first.
# What their values become, such as a number of steps where epochs are counted, is said in `advice.field_words`.
_FIELDS: dict[Kind, dict[str, tuple[str, ...]]] = {
    "optimizer": {
        **dict.fromkeys(("base_lr", "init_lr", "initial_lr", "peak_lr", "lrate", "rate", "eta", "alpha"), _RATE),
        **dict.fromkeys(("learning_rate", "lr"), _RATE),
        **dict.fromkeys(("lr0", "starting_lr", "start_learning_rate"), _RATE),
        **dict.fromkeys(("base_learning_rate", "initial_learning_rate", "peak_learning_rate", "lr_init"), _RATE),
        **dict.fromkeys(("wd", "l2", "l2_reg", "l2_penalty", "l2_lambda", "l2_regularization"), _DECAY),
        **dict.fromkeys(("weight_decay_rate", "weightdecay", "w_decay", "decay_weight", "reg", "weight_dec"), _DECAY),
        **dict.fromkeys(("b1", "b2", "beta", "beta1", "beta2", "beta_1", "beta_2", "opt_betas"), ("betas",)),
        **dict.fromkeys(("epsilon", "eps"), ("eps",)),
        **dict.fromkeys(("mom", "mu"), ("momentum",)),
        **dict.fromkeys(("decoupled_weight_decay", "weight_decouple", "decouple", "decoupled"), _DECOUPLED),
        **dict.fromkeys(("adam_w_mode", "adamw_mode", "decouple_weight_decay", "decoupled_decay"), _DECOUPLED),
        "use_nesterov": ("nesterov",),
        "correct_bias": ("bias_correction",),
        "clip_threshold": ("d",),
        "decay_rate": ("beta2_decay",),
    },
    "scheduler": {
        **dict.fromkeys(("min_lr", "lr_min", "eta_min", "end_lr", "lr_end", "final_lr", "min_learning_rate"), _LOWEST),
        **dict.fromkeys(("end_learning_rate", "minimum_lr", "lr_final"), _LOWEST),
        **dict.fromkeys(("min_lr_ratio", "min_lr_rate", "lr_min_ratio", "cos_min_ratio"), _SHARE_OF_LOWEST),
        **dict.fromkeys(("final_lr_ratio", "min_lr_fraction", "final_lr_fraction"), _SHARE_OF_LOWEST),
        **dict.fromkeys(("warmup", "warmup_steps", "warmup_iters", "warmup_ratio", "warmup_epochs"), _WARMUP),
        **dict.fromkeys(("warmup_updates", "warmup_iterations", "warmup_batches", "lr_warmup"), _WARMUP),
        **dict.fromkeys(("warmup_num_steps", "n_warmup_steps", "num_warmup_steps", "warmup_t"), _WARMUP),
        **dict.fromkeys(("warmup_fraction", "warmup_proportion", "warmup_percent", "warmup_num_iters"), _WARMUP),
        **dict.fromkeys(
            ("total_steps", "total_num_steps", "max_steps", "max_iters", "total_iters", "t_total"), LENGTHS
        ),
        **dict.fromkeys(("epochs", "max_epochs", "num_epochs", "t_max", "t_initial", "num_training_steps"), LENGTHS),
        **dict.fromkeys(("total_num_update", "max_update", "total_updates", "max_iter", "decay_iters"), LENGTHS),
        **dict.fromkeys(("num_iterations", "total_epochs", "n_epochs", "num_steps", "training_steps"), LENGTHS),
        **dict.fromkeys(("steps", "lr_steps", "decay_milestones", "lr_decay_milestones"), ("milestones", "step_size")),
        **dict.fromkeys(("decay_epochs", "decay_t", "lr_decay_epochs"), ("step_size", "milestones")),
        **dict.fromkeys(("step", "every", "decay_steps"), ("step_size", "milestones")),
        **dict.fromkeys(("decay_rate", "decay_factor", "lr_gamma", "lr_decay"), ("gamma", "factor")),
        "gamma": ("factor",),
        "factor": ("gamma",),
        "warmup_factor": ("start_factor",),
        "warmup_min_ratio": ("warmup_lr_rate", "start_factor"),
        **dict.fromkeys(("first_cycle_steps", "restart_period", "t_initial_0"), ("T_0",)),
        "cycle_mult": ("T_mult",),
        "metric": ("monitor",),
        **dict.fromkeys(("peak_lr", "lr_max", "max_learning_rate"), ("max_lr",)),
        **dict.fromkeys(("patience_epochs", "patience_t"), ("patience",)),
        "min_delta": ("threshold",),
    },
    "clipper": {
        **dict.fromkeys(("max_grad_norm", "clip_norm", "max_gradient_norm", "threshold"), ("max_norm",)),
        **dict.fromkeys(("clip_val", "max_value"), ("clip_value",)),
        "clip": ("max_norm", "clip_value", "clip_factor"),
    },
}


def meant(key: str, allowed: Iterable[str], near: Near = nearest) -> str | None:
    """Return what to write for a stray `key`: the allowed key that it most likely stands for.

    Args:
        key: the stray one.
        allowed: those that may be written.
        near: looks for the nearest name.
    """
    allowed = list(allowed)
    word = OTHER_WORDS.get(snake(key), "")
    if word.partition(":")[0] in allowed:
        return word
    if key in LOOP_KEYS:
        return None
    found = near(key, allowed)
    # A key of a recipe is meant where it is misspelt; what only sounds like one is most likely the training loop's.
    sure = found not in _OF_RECIPES or alike(key, [found]) or found in key.lower() or key.lower() in found
    return found if sure else None


# A field may have one of these before it, which says whose it is.
_OWNERS = re.compile(
    r"(?:(?:training|train|optimizer|optimiser|optim|opt|adamw?|sgd|rmsprop|lr_scheduler|scheduler|sched|lr_schedule"
    r"|cosine|step|exp|exponential|plateau|multistep|learning_rate|lr)_)+"
)


@cache
def _by_letters(kind: Kind) -> dict[str, tuple[str, ...]]:
    """Return the words for fields without what separates their parts, in lower case: so `warm_up_steps` is one."""
    return {_letters(word): fields for word, fields in _FIELDS.get(kind, {}).items()}


def _letters(key: str) -> str:
    return "".join(letter for letter in key if letter.isalnum()).lower()


def _candidates(key: str, kind: Kind | None = None) -> tuple[str, ...]:
    """Return the fields that a key means elsewhere, whether or not it has a word of its owner before it."""
    written = snake(key)
    own = _OWNERS.match(written)
    short = written[own.end() :] if own is not None else ""
    for word in (written, short):
        kinds = _FIELDS if kind is None else (kind,)
        found = [_FIELDS.get(each, {}).get(word) or _by_letters(each).get(_letters(word)) or () for each in kinds]
        if any(found):
            return tuple(field for fields in found for field in fields)
    return ()


def snake(key: str) -> str:
    """Return a key in lower case, with `_` between its parts: `warmup-steps` as `warmup_steps`."""
    return key.lower().replace("-", "_").replace(".", "_")


def field_meant(key: str, fields: Collection[str], kind: Kind | None = None) -> str | None:
    """Return the one of `fields` that `key` means elsewhere, None where none is known to.

    Args:
        key: the key.
        fields: those of a plugin.
        kind: that of the plugin, None where it is not known.
    """
    # `learning-rate` and `warmUpSteps` are fields as they stand, but for the way in which they are written; and so are
    # `adam_weight_decay` and `cosine_T0`, but for the word before them.
    same = _of_letters(_letters(key), key, fields)
    known = same or next((field for field in _candidates(key, kind) if field in fields), None)
    if known is not None:
        return known
    own = _OWNERS.match(snake(key))
    return None if own is None else _of_letters(_letters(key[own.end() :]), key, fields)


def _of_letters(letters: str, key: str, fields: Collection[str]) -> str | None:
    return next((field for field in fields if field != key and _letters(field) == letters), None) if letters else None


def field_for(key: str) -> str | None:
    """Return the field that `key` means, whatever plugin has it; None where none is known to."""
    return next(iter(_candidates(key)), None)
