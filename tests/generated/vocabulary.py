"""The words of configs: keys of every accepted form, and names, for generated configs that are nearly right."""

from __future__ import annotations

from hypothesis import strategies as st

from optim_core import registry
from optim_core.kinds import KINDS
from optim_core.plugin_class.fields import config_fields

__all__ = ["keys", "values"]

FORMS = [
    *("type", "config", "optimizer", "scheduler", "gradient_clipping", "interval", "lr_decay_gamma", "enabled"),
    *("optimizer_configs", "scheduler_configs", "training", "optimizer_name", "optimizer_type", "optimizer_params"),
    *("scheduler_name", "scheduler_type", "scheduler_params", "learning_rate", "lr", "weight_decay", "betas"),
    *("momentum", "max_grad_norm", "grad_clip", "amp", "compile", "epochs", "max_epochs", "batch_size"),
    *("num_warmup_steps", "num_training_steps", "warmup_steps", "warmup_ratio", "scheduler_specific_kwargs"),
    *(
        "param_groups",
        "no_decay",
        "layer_decay",
        "match",
        "lr_multiplier",
        "freeze",
        "min_lr",
        "eta_min",
        "T_max",
        "gamma",
    ),
    *("step_size", "milestones", "schedulers", "max_norm", "norm_type", "total_steps", "steps_per_epoch"),
    *("default", "generator", "discriminator", "name", "params", "model"),
]
FIELDS = {key for kind in KINDS for cls in registry.catalog(kind).values() for key in config_fields(cls)}
NAMES = [name for kind in KINDS for name in registry.names(kind)]
ODD_NAMES = [
    "adam_w",
    "cosine",
    "linear",
    "constant_with_warmup",
    "fused_adam",
    "deepspeed",
    "none",
    "optim-x:AdamW",
    ":",
]

keys = st.sampled_from(sorted({*FORMS, *FIELDS}))
values = st.one_of(
    st.sampled_from(NAMES + ODD_NAMES),
    st.sampled_from([None, True, False, 0, 1, 10, 1e-3, 0.9, -1, 1.5, "1e-4", "10%", "2 epochs", "auto", "min", ""]),
)
