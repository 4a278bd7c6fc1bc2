"""Configs of nanoGPT: flat keys, as YAML, JSON, TOML, or as its own Python files, which are read and not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.migrating.library_names import SCHEDULES, TORCH, qualified
from optim_core.config.migrating.origins import Sure
from optim_core.config.migrating.source import Source

__all__ = ["read", "recognise"]

# The defaults of its train.py.
_DEFAULTS: dict[str, float] = {
    "learning_rate": 6e-4,
    "weight_decay": 0.1,
    "beta1": 0.9,
    "beta2": 0.95,
    "grad_clip": 1.0,
    "warmup_iters": 2000,
    "lr_decay_iters": 600_000,
    "min_lr": 6e-5,
}
_SIGNS = {
    *("lr_decay_iters", "warmup_iters", "decay_lr", "max_iters", "eval_iters", "beta2", "grad_clip"),
    *("n_layer", "n_head", "n_embd", "block_size", "wandb_run_name", "init_from", "always_save_checkpoint"),
}
_OF_RATES = {"lr_decay_iters", "warmup_iters", "decay_lr", "grad_clip", "max_iters"}
# torch's AdamW has this, which its model.py leaves as it is.
_EPS = 1e-8


def recognise(value: Any) -> Sure:
    """Say yes to three of its keys, of which one is about the rate or the length, and perhaps to two."""
    if not isinstance(value, Mapping) or _OF_RATES.isdisjoint(value):
        return "no"
    count = len(_SIGNS & set(value))
    return "yes" if count >= 3 else "perhaps" if count >= 2 else "no"


def read(source: Source) -> None:
    """Read AdamW, its cosine, and clipping; what is not given is as its train.py has it."""
    if not (_SIGNS | set(_DEFAULTS)) & set(source.document.value):
        source.wrong((), "has none of the keys of nanoGPT's train.py")
        return
    given = {key: _number(source, key) for key in _DEFAULTS if key not in ("warmup_iters", "lr_decay_iters", "min_lr")}
    source.put(("optimizer", "type"), qualified(TORCH, "AdamW"))
    source.put(("optimizer", "config", "lr"), given["learning_rate"], ("learning_rate",))
    source.put(("optimizer", "config", "betas"), [given["beta1"], given["beta2"]], ("beta1",))
    source.put(("optimizer", "config", "eps"), _EPS)
    source.put(("optimizer", "config", "weight_decay"), given["weight_decay"], ("weight_decay",))
    if given["weight_decay"]:
        source.put(("optimizer", "no_decay"), ["vector"], ("weight_decay",))
        source.assume("no_decay: [vector], as its configure_optimizers decays what has two dimensions or more")
    source.put(("optimizer", "config", "fused"), "auto")
    source.assume("fused: auto, as its configure_optimizers takes the fused kernel on a GPU")
    if source.flag("decay_lr", default=True):
        _schedule(source, given["learning_rate"])
    source.clip_by_norm(("grad_clip",), given["grad_clip"])


def _number(source: Source, key: str) -> Any:
    return source.number(key, default=_DEFAULTS[key], because="the default of nanoGPT's train.py")


def _schedule(source: Source, lr: Any) -> None:
    warmup, total, lowest = (_number(source, key) for key in ("warmup_iters", "lr_decay_iters", "min_lr"))
    if None in (warmup, total, lowest, lr):
        source.wrong(("learning_rate",), "is null, and so is no rate, length or floor")
        return
    source.take("decay_lr")
    if warmup < 0:
        source.wrong(("warmup_iters",), f"must be ≥ 0, is {warmup:g}")
        return
    if total <= warmup:
        source.wrong(("lr_decay_iters",), f"must be above warmup_iters, which is {warmup:g}, is {total:g}")
        return
    fall = {"type": qualified(SCHEDULES, "cosine"), "config": {"num_training_steps": total - warmup, "eta_min": lowest}}
    if not warmup:
        source.put(("scheduler",), fall, ("lr_decay_iters",))
    else:
        # Its rate at step i is (i + 1) / (warmup_iters + 1) of the whole.
        config = {"scheduler": fall, "num_warmup_steps": warmup, "start_factor": 1 / (warmup + 1)}
        source.put(("scheduler",), {"type": qualified(SCHEDULES, "warmup"), "config": config}, ("warmup_iters",))
        source.assume(
            "start_factor: 1 / (warmup_iters + 1), as its train.py now has it; before December 2024 it began at 0"
        )
    source.recipe["scheduler"]["interval"] = "step"
