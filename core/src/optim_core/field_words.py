"""What the fields of optimizers and schedules are called elsewhere: for suggestions alone, never to read a config."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["field_meant"]

_BETAS = ("betas",)
_RATE = ("lr",)
_LOWEST = ("eta_min", "min_lr", "lr_end", "final_lr")
_WARMUP = ("num_warmup_steps", "warmup_epochs")
_LENGTH = ("num_training_steps", "T_max", "max_epochs", "total_steps", "total_iters")
_MAX_NORM = ("max_norm", "clip_value", "clip_factor")

# A word of PyTorch's relatives, of papers or command lines, and the fields that mean it, the likeliest first.
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


def field_meant(key: str, fields: Collection[str]) -> str | None:
    """The one of `fields` that `key` means elsewhere, None where none is known to."""
    meant = _FIELDS.get(key.lower().replace("-", "_"), ())
    return next((field for field in meant if field in fields), None)
