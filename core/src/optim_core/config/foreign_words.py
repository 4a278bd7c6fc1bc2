"""The words that other projects have for our keys and fields, and the keys that belong to their training loops."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable

from optim_core.config.keys import GROUP_KEYS, LAYER_DECAY, NO_DECAY, PARAM_GROUPS
from optim_core.text.spelling import Near, nearest

__all__ = [
    "CLIP_ALGORITHM",
    "CLIP_WORDS",
    "EPOCHS",
    "FIELDS",
    "FIELD_WORDS",
    "LOOP_KEYS",
    "MAX_NORM",
    "OTHER_WORDS",
    "OUR_WORDS",
    "SIGNS_OF_A_SECTION",
    "WORDS_FOR_CONFIG",
    "WORDS_FOR_MATCH",
    "WORDS_FOR_TYPE",
    "field_meant",
    "is_about",
    "meant",
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

# These say how many epochs a run has: to the training loop, and to a schedule that has one of them as a field.
EPOCHS = ("epochs", "max_epochs", "num_epochs")

# These are settings of a training loop, and no optimizer's or schedule's.
LOOP_KEYS = frozenset(
    {
        *("accum_batches", "gradient_accumulation_steps", "batch_size", "num_workers", "seed"),
        *EPOCHS,
        *("epoch", "steps", "max_steps", "total_steps", "steps_per_epoch"),
        *("amp", "use_amp", "mixed_precision", "precision", "compile", "device", "use_ema", "ema_decay"),
        *("num_gpus", "num_nodes", "strategy"),
        *("checkpoint_every", "save_dir", "save_top_k", "val_every", "log_every", "log_interval"),
        *("early_stopping", "early_stopping_patience", "patience", "mode", "loss", "logger", "name", "project"),
    }
)

# One of these beside named sets says that the mapping is the section of a training config, which holds more than them.
SIGNS_OF_A_SECTION = LOOP_KEYS | {
    *("learning_rate", "warmup_steps", "warmup_mode", "log_loss_info", "loss_configs", "loss_normalization", "demo"),
    *("pre_encoded", "timestep_sampler", "timestep_sampler_options", "validation_timesteps", "cfg_dropout_prob"),
    *("encoder_freeze_on_warmup", "latent_mask_ratio", "force_input_mono", "teacher_model", "decoder_finetune"),
    *("mask_padding", "mask_padding_dropout", "mask_padding_attention", "mask_loss_weight", "causal_dropout"),
    *("use_reconstruction_loss", "use_effective_length_for_schedule", "silence_extension_scale_seconds"),
    *("inpainting", "p_one_shot", "arc", "lora_config", "base_precision", "log_every_n_steps", *CLIP_WORDS),
    *("logging", "checkpoint", "checkpointing", "tqdm"),
}

# Other projects have these words; each has what is to be written here.
CLIP_BY_NORM = "gradient_clipping: {max_norm: …}"

OTHER_WORDS = {
    **dict.fromkeys(("clip_grad", "max_norm", *CLIP_WORDS), CLIP_BY_NORM),
    **dict.fromkeys(("clipping", "gradient_clip_algorithm"), "gradient_clipping"),
    **dict.fromkeys(("lr_config", "lr_sched", "lr_schedule", "lr_scheduler", "lr_scheduler_type"), "scheduler"),
    **dict.fromkeys(("learning_rate_scheduler", "param_scheduler", "sched", "schedule"), "scheduler"),
    **dict.fromkeys(("scheduler_cfg", "scheduler_conf", "scheduler_config"), "scheduler"),
    **dict.fromkeys(("opt", "optim", "optim_conf", "optimizer_cfg", "optimizer_conf", "optimizer_config"), "optimizer"),
    **dict.fromkeys(("paramwise_cfg", "paramwise", "custom_keys", "param_group", "parameter_groups"), PARAM_GROUPS),
    **dict.fromkeys(("parameters_groups", "optimizer_grouped_parameters", "param_group_rules"), PARAM_GROUPS),
    **dict.fromkeys(("lr_multipliers", "lr_mult"), "param_groups: [{match: …, lr_multiplier: …}]"),
    **dict.fromkeys(("no_weight_decay", "no_wd", "no_decay_params", "weight_decay_exclude"), NO_DECAY),
    **dict.fromkeys(("exclude_from_weight_decay", "exclude_bias_and_norm", "filter_bias_and_bn"), NO_DECAY),
    **dict.fromkeys(("skip_weight_decay", "weight_decay_exclusions", "norm_weight_decay"), NO_DECAY),
    **dict.fromkeys(("layer_decay_rate", "layer_decay_factor", "layer_lr_decay", "lr_layer_decay"), LAYER_DECAY),
    **dict.fromkeys(("layerwise_decay", "layerwise_lr_decay", "layer_wise_lr_decay", "llrd"), LAYER_DECAY),
}

# With one of these words in it, a key among those of a training loop is about what optim-core does.
OUR_WORDS = frozenset({"lr", "optim", "optimizer", "optimiser", "optimizers", "sched", "scheduler", "schedulers"})

# In a section that holds one recipe, a key with one of these words, or one of these fields, is about it too.
FIELD_WORDS = OUR_WORDS | {"warmup", "beta", "betas", "beta1", "beta2", "momentum", "decay"}

FIELDS = frozenset(
    {
        *("learning_rate", "eps", "epsilon", "nesterov", "dampening", "amsgrad", "alpha", "rho"),
        *("gamma", "step_size", "milestones", "power", "T_max", "T_0", "T_mult", "eta_min", "pct_start", "num_cycles"),
        *GROUP_KEYS,
        *("div_factor", "final_div_factor", "inv_gamma", "num_training_steps", "max_norm", "norm_type", "clip_value"),
    }
)

# A key with one of these words is about something else, whatever other words it has.
THEIR_WORDS = frozenset({"ema", "load", "noise", "resume", "save"})

# Other projects have these words for `type`, and for `config`.
WORDS_FOR_TYPE = ("name", "_target_", "class_path", "class", "cls")

WORDS_FOR_CONFIG = ("params", "kwargs", "args", "init_args", "options", "parameters")

# Other projects have these words for `match`, in a rule of parameters.
WORDS_FOR_MATCH = frozenset(
    {
        *("params", "param", "parameters", "param_names", "pattern", "patterns", "name", "names", "prefix", "filter"),
        *("module", "modules", "layer", "layers", "key", "keys"),
    }
)

_BETAS = ("betas",)

_RATE = ("lr",)

_LOWEST = ("eta_min", "min_lr", "lr_end", "final_lr")

_WARMUP = ("num_warmup_steps", "warmup_epochs")

_LENGTH = ("num_training_steps", "T_max", "max_epochs", "total_steps", "total_iters")

_MAX_NORM = ("max_norm", "clip_value", "clip_factor")

# Papers, command lines and PyTorch's relatives have these words; each has the fields that mean it, likeliest first.
_FIELDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("base_lr", "init_lr", "initial_lr", "peak_lr", "lrate", "rate", "eta", "alpha"), _RATE),
    **dict.fromkeys(("wd", "l2", "l2_reg", "decay"), ("weight_decay",)),
    **dict.fromkeys(("b1", "b2", "beta_1", "beta_2", "adam_beta1", "adam_beta2", "opt_betas"), _BETAS),
    **dict.fromkeys(("min_lr", "lr_min", "eta_min", "end_lr", "lr_end", "final_lr", "min_learning_rate"), _LOWEST),
    **dict.fromkeys(("warmup", "warmup_steps", "warmup_iters", "warmup_ratio", "warmup_epochs"), _WARMUP),
    **dict.fromkeys(("warmup_num_steps", "n_warmup_steps", "num_warmup_steps", "warmup_t"), _WARMUP),
    **dict.fromkeys(("total_steps", "total_num_steps", "max_steps", "max_iters", "total_iters", "t_total"), _LENGTH),
    **dict.fromkeys(("epochs", "max_epochs", "num_epochs", "t_max", "t_initial", "num_training_steps"), _LENGTH),
    **dict.fromkeys(("steps", "lr_steps", "decay_milestones"), ("milestones", "step_size")),
    **dict.fromkeys(("step", "every", "decay_steps", "decay_epochs", "decay_t"), ("step_size", "milestones")),
    **dict.fromkeys(("decay_rate", "decay_factor", "lr_gamma", "lr_decay"), ("gamma", "factor", "beta2_decay")),
    **dict.fromkeys(("clip", "clip_norm", "max_grad_norm", "max_value", "clip_val"), _MAX_NORM),
    "gamma": ("factor",),
    "factor": ("gamma",),
    "rho": ("alpha",),
    "clip_threshold": ("d",),
    "start_lr": ("start_factor",),
    "warmup_factor": ("start_factor",),
    "first_cycle_steps": ("T_0",),
    "cycle_mult": ("T_mult",),
    "metric": ("monitor",),
}


def meant(key: str, allowed: Iterable[str], near: Near = nearest) -> str | None:
    """Return what to write for a stray `key`: the allowed key that it most likely stands for.

    Args:
        key: the stray one.
        allowed: those that may be written.
        near: looks for the nearest name.
    """
    allowed = list(allowed)
    word = OTHER_WORDS.get(key.lower().replace("-", "_"), "")
    if word.partition(":")[0] in allowed:
        return word
    return near(key, allowed) if key not in LOOP_KEYS else None


def is_about(key: str, words: Container[str]) -> bool:
    """Return whether one of the words in a key is in `words`, and none says that the key is about something else."""
    parts = key.lower().replace("-", "_").split("_")
    return any(part in words for part in parts) and THEIR_WORDS.isdisjoint(parts)


def field_meant(key: str, fields: Collection[str]) -> str | None:
    """Return the one of `fields` that `key` means elsewhere, None where none is known to."""
    meant = _FIELDS.get(key.lower().replace("-", "_"), ())
    return next((field for field in meant if field in fields), None)
