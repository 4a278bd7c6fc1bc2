"""timm's args.yaml: the arguments of its train.py, with their defaults where a file leaves one out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.migrating.library_names import TORCH, qualified
from optim_core.config.migrating.origins import Sure
from optim_core.config.migrating.projects.timm_schedules import put_schedule
from optim_core.config.migrating.source import MISSING, Source
from optim_core.text.spelling import nearest
from optim_core.text.values import shown

__all__ = ["OPTIMIZERS", "read", "recognise"]

_OWN = {
    *("opt", "sched", "opt_betas", "opt_eps", "clip_mode", "warmup_lr", "lr_cycle_limit", "lr_k_decay", "lr_base"),
    *("decay_epochs", "cooldown_epochs", "patience_epochs", "sched_on_updates", "lr_noise_pct", "model_ema_decay"),
}
# These sound like a recipe's, and are the model's or the loop's.
_OTHERS = {"drop_block_rate", "model_ema_warmup", "epoch_repeats", "start_epoch", "lr_base_scale", "lr_base_size"}
_WHY = "the default of timm's train.py"

# What timm makes for each name that has an equal: torch's class, the values that it sets, and which of momentum, betas
# and eps it hands over.
OPTIMIZERS: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "sgd": ("SGD", {"nesterov": True}, ("momentum",)),
    "nesterov": ("SGD", {"nesterov": True}, ("momentum",)),
    "momentum": ("SGD", {"nesterov": False}, ("momentum",)),
    "adam": ("Adam", {}, ("betas", "eps")),
    "adamw": ("AdamW", {}, ("betas", "eps")),
    "nadam": ("NAdam", {}, ("betas", "eps")),
    "radam": ("RAdam", {}, ("betas", "eps")),
    "radamw": ("RAdam", {"decoupled_weight_decay": True}, ("betas", "eps")),
    "adamax": ("Adamax", {}, ("betas", "eps")),
    "adadelta": ("Adadelta", {}, ("eps",)),
    "adagrad": ("Adagrad", {"eps": 1e-8}, ("eps",)),
    "rmsprop": ("RMSprop", {"alpha": 0.9}, ("momentum", "eps")),
}
_CHANGED = ("nadam", "radam", "adamax", "adadelta", "adagrad")


def recognise(value: Any) -> Sure:
    """Say yes to `opt` or `sched` with two more of its own keys, and perhaps to one more."""
    if not isinstance(value, Mapping):
        return "no"
    count = len(_OWN & set(value))
    if not {"opt", "sched"} & set(value):
        return "no"
    return "yes" if count >= 3 else "perhaps" if count == 2 else "no"


def read(source: Source) -> None:
    """Read what timm makes of its arguments: optimizer, groups without decay, schedule and clipping."""
    if not _OWN & set(source.document.value):
        source.wrong((), "has none of the arguments of timm's train.py")
        return
    source.others |= _OTHERS
    rate = _rate(source)
    _optimizer(source, rate)
    # Without a rate there is no recipe; what is wrong with the schedule is told all the same.
    put_schedule(source, 1.0 if rate is None else rate)
    _clipping(source)


def _rate(source: Source) -> float | None:
    """Return the rate; what timm computes from the batch is refused, since the number of processes is in no file."""
    rate = source.number("lr")
    for key in ("lr_base", "lr_base_size", "lr_base_scale"):
        source.take(key)
    if rate:
        return rate
    if source.at(("lr",)) not in (MISSING, None, 0):
        return None
    base, size = source.at(("lr_base",)), source.at(("lr_base_size",))
    name, scale = str(source.at(("opt",))).lower(), source.at(("lr_base_scale",))
    by_name = "ada" in name or "lamb" in name
    is_root = by_name if scale in (MISSING, None, "") else scale == "sqrt"
    base, size = 0.1 if base is MISSING else base, 256 if size is MISSING else size
    batch = "batch_size * grad_accum_steps * number of processes"
    formula = f"{shown(base)} * ({batch} / {shown(size)}){' ** 0.5' if is_root else ''}"
    source.wrong(("lr",), "is not given, and timm computes it from the batch of all processes", f"write lr: {formula}")
    return None


def _optimizer(source: Source, rate: float | None) -> None:
    name = source.text("opt", default="sgd", because=_WHY) or "sgd"
    found = OPTIMIZERS.get(name.lower())
    if found is None:
        near = nearest(name, OPTIMIZERS)
        hint = f"did you mean `{near}`?" if near else "write that part of the recipe by hand"
        if "_" in name:
            hint = "Lookahead is made around an optimizer: migrate without it, and see docs/config.md"
        source.no_equal(("opt",), f"timm's optimizer {name}", hint)
        # Its other arguments are read all the same, so that what is wrong with them is told at once.
        found = OPTIMIZERS["adamw"]
    cls, fixed, handed = found
    here = ("optimizer", "config")
    source.put(("optimizer", "type"), qualified(TORCH, cls), ("opt",))
    source.put((*here, "lr"), rate, ("lr",))
    momentum = source.number("momentum", default=0.9, because=_WHY if "momentum" in handed else "")
    betas = source.numbers("opt_betas", count=2) if "betas" in handed else source.take("opt_betas")
    eps = source.number("opt_eps")
    for field, value in fixed.items():
        source.put((*here, field), value, ("opt",))
    given = {"momentum": (momentum, "momentum"), "betas": (betas, "opt_betas"), "eps": (eps, "opt_eps")}
    for field in handed:
        value, key = given[field]
        if value is not None:
            source.put((*here, field), value, (key,))
    _decay(source)
    for key in ("opt_kwargs", "opt_args"):
        more = source.take(key)
        for field, value in more.items() if isinstance(more, Mapping) else ():
            source.put((*here, field), value, (key, field))
    foreach = source.take("opt_foreach")
    if foreach not in (MISSING, None):
        source.put((*here, "foreach"), foreach, ("opt_foreach",))
    if name.lower() in _CHANGED:
        source.assume(f"type: {cls} of torch, which timm takes from 1.0 on; before, `{name}` was a class of its own")


def _decay(source: Source) -> None:
    """Read the weight decay, from which timm spares what has one dimension, and the decay by layers."""
    decay = source.number("weight_decay", default=2e-5, because=_WHY)
    source.put(("optimizer", "config", "weight_decay"), decay, ("weight_decay",))
    layers = source.number("layer_decay")
    source.refuse_unless("layer_decay_min_scale", allowed=(None, 0, 0.0), why="a least rate of the layers")
    source.refuse_unless("layer_decay_no_opt_scale", allowed=(None, 0, 0.0), why="layers that are not trained")
    if decay:
        spared = ["vector"] if layers else ["bias", "vector"]
        why = "with layer_decay timm decays no vector" if layers else "timm decays neither"
        source.put(("optimizer", "no_decay"), spared, ("weight_decay",))
        source.assume(
            f"no_decay: [{', '.join(spared)}], as {why}; what the model's own no_weight_decay() names, "
            "such as pos_embed of ViT, needs a rule in param_groups"
        )
    if layers:
        source.put(("optimizer", "layer_decay"), layers, ("layer_decay",))
        source.assume(
            "layer_decay counts the blocks that repeat, as timm's group_matcher does for ViT; `optim explain` shows "
            "the rates of your model"
        )


def _clipping(source: Source) -> None:
    value = source.number("clip_grad")
    mode = source.text("clip_mode") or "norm"
    if not value:
        return
    fields = {"norm": "max_norm", "value": "clip_value"}
    if mode == "agc":
        source.no_equal(
            ("clip_mode",),
            "agc, in which timm leaves the model's head out,",
            f"`gradient_clipping: {{type: adaptive, clip_factor: {value}}}` clips the head too",
        )
    elif mode not in fields:
        source.no_equal(("clip_mode",), f"clipping by {shown(mode)}", "timm has norm, value and agc")
    else:
        source.put(("gradient_clipping", "type"), qualified(TORCH, mode), ("clip_mode",))
        source.put(("gradient_clipping", fields[mode]), value, ("clip_grad",))
