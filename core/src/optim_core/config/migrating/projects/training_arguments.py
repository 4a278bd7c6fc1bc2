"""transformers' TrainingArguments, in YAML or JSON, and what its Trainer makes of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from optim_core.config.forms.speaking import words
from optim_core.config.issues import ConfigPath
from optim_core.config.migrating.library_names import (
    SCHEDULES_BY_NAME,
    TORCH,
    known_schedule,
    qualified,
)
from optim_core.config.migrating.origins import Sure
from optim_core.config.migrating.source import MISSING, Source
from optim_core.text.numerals import number_in
from optim_core.text.spelling import nearest
from optim_core.text.values import shown

__all__ = ["read", "recognise"]

# Nothing else has these, and these are common beside them.
_OWN = {
    *("per_device_train_batch_size", "num_train_epochs", "lr_scheduler_type", "per_device_eval_batch_size"),
    *("adam_beta1", "adam_beta2", "adam_epsilon", "lr_scheduler_kwargs", "optim_args", "dataloader_num_workers"),
}
_COMMON = {
    *("output_dir", "learning_rate", "warmup_ratio", "warmup_steps", "max_grad_norm", "weight_decay", "report_to"),
    *("gradient_accumulation_steps", "logging_steps", "save_steps", "eval_strategy", "evaluation_strategy", "optim"),
    *("save_strategy", "bf16", "fp16", "max_steps"),
}
_SECTIONS = (
    "training_arguments",
    "training_args",
    "train_args",
    "trainer_args",
    "training",
    "trainer",
    "train",
    "args",
)
_WHY = "TrainingArguments' default"

_ADAM = "adam"
# What the Trainer makes for each name of `optim` that has an equal: the plugin, and whose options it takes.
_OPTIMIZERS: dict[str, tuple[str, str]] = {
    "adamw_torch": (qualified(TORCH, "AdamW"), _ADAM),
    "adamw_torch_fused": (qualified(TORCH, "AdamW"), _ADAM),
    "sgd": (qualified(TORCH, "SGD"), "sgd"),
    "adagrad": (qualified(TORCH, "Adagrad"), "adagrad"),
    "rmsprop": (qualified(TORCH, "RMSprop"), "rmsprop"),
    "adamw_bnb_8bit": ("optim-bitsandbytes:AdamW8bit", _ADAM),
    "adamw_8bit": ("optim-bitsandbytes:AdamW8bit", _ADAM),
    "paged_adamw_32bit": ("optim-bitsandbytes:PagedAdamW32bit", _ADAM),
    "paged_adamw_8bit": ("optim-bitsandbytes:PagedAdamW8bit", _ADAM),
    "lion_32bit": ("optim-bitsandbytes:Lion32bit", "betas"),
    "lion_8bit": ("optim-bitsandbytes:Lion8bit", "betas"),
    "paged_lion_32bit": ("optim-bitsandbytes:PagedLion32bit", "betas"),
    "paged_lion_8bit": ("optim-bitsandbytes:PagedLion8bit", "betas"),
}
# What `optim_args` may say, which the Trainer reads for these alone.
_ARGS: dict[str, tuple[str, ...]] = {
    "sgd": ("momentum", "dampening", "nesterov"),
    "adagrad": ("lr_decay", "eps"),
    "rmsprop": ("momentum", "alpha", "eps", "centered"),
}
_FLAGS = ("nesterov", "centered")
_REASONS = {
    "adafactor": "transformers' Adafactor with relative steps off is another algorithm than torch's, with steps of "
    "another size",
    "adamw_hf": "transformers' own AdamW, which is gone from it, adds eps in another place than torch's",
}
# The patterns of the Trainer's get_decay_parameter_names, as one.
_SPARED = r"re:(?i)bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)"
# Schedules that end with the run, and those that have a warmup.
_ENDLESS = ("constant", "constant_with_warmup", "inverse_sqrt", "reduce_lr_on_plateau", "greedy")
_WITHOUT_WARMUP = ("constant", "reduce_lr_on_plateau", "greedy")
_WAITING = ("reduce_lr_on_plateau", "greedy")
# LLaMA-Factory and its kin switch to another optimizer with one of these.
_SWITCHES = (
    *("use_galore", "use_badam", "use_apollo", "use_muon", "use_adam_mini", "use_dft_optimizer", "use_lomo"),
    *("optim_target_modules", "loraplus_lr_ratio", "loraplus_lr_embedding", "embedding_learning_rate"),
)
# TRL's, of the loss: they sound like an optimizer's.
_OF_LOSSES = (
    *("beta", "epsilon", "epsilon_high", "delta", "gamma", "cliprange", "cliprange_value", "cliprange_ratio"),
    *("cliprange_reward", "alpha", "label_smoothing_factor", "adap_kl_ctrl", "temperature"),
)
# So do those with one of these words.
_LOSSES = frozenset({"pref", "dpo", "simpo", "cpo", "kto", "ppo", "grpo", "orpo", "bco", "rpo", "sft", "vllm"})


def recognise(value: Any) -> Sure:
    """Say yes to two names that only TrainingArguments has, or one beside two common ones."""
    _, own, common = _section(value)
    if own >= 2 or (own and common >= 2):
        return "yes"
    return "perhaps" if own or common >= 4 else "no"


def _section(value: Any) -> tuple[ConfigPath, int, int]:
    """Return where the arguments stand, and how many of the keys there are its own and common ones."""
    best: tuple[ConfigPath, int, int] = ((), 0, 0)
    if not isinstance(value, Mapping):
        return best
    for path in ((), *((key,) for key in _SECTIONS)):
        section = value if not path else value.get(path[0])
        if isinstance(section, Mapping):
            found = (path, len(_OWN & set(section)), len(_COMMON & set(section)))
            best = max(best, found, key=lambda each: (each[1], each[2]))
    return best


def read(source: Source) -> None:
    """Read what the Trainer makes of the arguments: optimizer, groups without decay, schedule and clipping."""
    at = _section(source.document.value)[0]
    source.others |= {*_OF_LOSSES, "greater_is_better", "torch_compile_backend"}
    source.others |= {key for key in source.at(at) if isinstance(key, str) and not _LOSSES.isdisjoint(words(key))}
    if source.at((*at, "learning_rate")) is MISSING and not (_OWN | _COMMON) & set(source.at(at)):
        source.wrong(at, "has none of TrainingArguments")
        return
    for key in _SWITCHES:
        source.refuse_unless(*at, key, allowed=(None, False, ""), why="it takes another optimizer or another rate")
    if source.at((*at, "deepspeed")) not in (MISSING, None, ""):
        source.take(*at, "deepspeed")
        source.warn(
            "deepspeed: an optimizer, a scheduler and gradient_clipping in its file stand in place of those here; "
            "where there are any, migrate that file, with --from deepspeed"
        )
    _optimizer(source, at)
    _schedule(source, at)
    norm = source.number(*at, "max_grad_norm", default=1.0, because=_WHY)
    source.clip_by_norm((*at, "max_grad_norm"), norm)


# -- the optimizer -----------------------------------------------------------------------------------------------


def _optimizer(source: Source, at: ConfigPath) -> None:
    name = source.text(*at, "optim", default="adamw_torch_fused", because=f"{_WHY} from torch 2.8 on") or ""
    if source.flag(*at, "adafactor", default=False):
        name = "adafactor"
    found = _OPTIMIZERS.get(name)
    if found is None:
        near = nearest(name, _OPTIMIZERS)
        hint = _REASONS.get(name) or (f"did you mean `{near}`?" if near else "write that part of the recipe by hand")
        source.no_equal((*at, "optim"), f"the optimizer {name}", hint)
        # Its other arguments are read all the same, so that what is wrong with them is told at once.
        found = _OPTIMIZERS["adamw_torch"]
    plugin, options = found
    here: ConfigPath = ("optimizer", "config")
    source.put(("optimizer", "type"), plugin, (*at, "optim"))
    rate = source.number(*at, "learning_rate", default=5e-5, because=_WHY)
    source.put((*here, "lr"), rate, (*at, "learning_rate"))
    betas = [
        source.number(*at, f"adam_beta{number}", default=default, because=_WHY if options in (_ADAM, "betas") else "")
        for number, default in ((1, 0.9), (2, 0.999))
    ]
    eps = source.number(*at, "adam_epsilon", default=1e-8, because=_WHY if options == _ADAM else "")
    if options in (_ADAM, "betas"):
        source.put((*here, "betas"), betas, (*at, "adam_beta1"))
    if options == _ADAM:
        source.put((*here, "eps"), eps, (*at, "adam_epsilon"))
    decay = source.number(*at, "weight_decay", default=0.0, because=_WHY)
    source.put((*here, "weight_decay"), decay, (*at, "weight_decay"))
    if decay:
        source.put(("optimizer", "param_groups"), [{"match": _SPARED, "weight_decay": 0}], (*at, "weight_decay"))
        source.put(("optimizer", "no_decay"), ["norm"], (*at, "weight_decay"))
        source.assume(
            "param_groups, no_decay: no weight decay for biases and norms, as the Trainer spares nn.LayerNorm and what "
            "its patterns name; another norm that they do not name, such as BatchNorm, decays there and not here"
        )
    if name == "adamw_torch_fused":
        source.put((*here, "fused"), True, (*at, "optim"))
    _optim_args(source, at, options)


def _optim_args(source: Source, at: ConfigPath, options: str) -> None:
    """Read `optim_args`, a text such as ``momentum=0.9,nesterov=true``."""
    given = source.take(*at, "optim_args")
    if given in (MISSING, None, ""):
        return
    path = (*at, "optim_args")
    pairs = [pair.partition("=") for pair in str(given).replace(" ", "").split(",")]
    if isinstance(given, Mapping):
        pairs = [(str(key), "=", str(value)) for key, value in given.items()]
    for key, _, value in pairs:
        if key not in _ARGS.get(options, ()):
            source.warn(f"optim_args: the Trainer does not read {key} for this optimizer, so that it is left out")
        elif key in _FLAGS:
            source.put(("optimizer", "config", key), value.lower() in ("true", "1", "yes"), path)
        elif (number := number_in(value)) is not None:
            source.put(("optimizer", "config", key), number, path)
        else:
            source.wrong(path, f"{key} must be a number, is {shown(value)}")


# -- the schedule ------------------------------------------------------------------------------------------------


def _schedule(source: Source, at: ConfigPath) -> None:
    here = (*at, "lr_scheduler_type")
    name = source.text(*here, default="linear", because=_WHY) or "linear"
    known = known_schedule(name)
    if known is None:
        near = nearest(name, SCHEDULES_BY_NAME)
        source.no_equal(here, f"the schedule {name}", f"did you mean `{near}`?" if near else None)
    total = source.number(*at, "max_steps", default=-1) or -1
    warmup = _warmup(source, at, name, total)
    arguments = _kwargs(source, at)
    config: dict[str, Any] = {}
    if name == "constant_with_warmup" and not warmup:
        source.assume("scheduler: none, as constant_with_warmup without a warmup is the same rate throughout")
        return
    if name == "constant":
        return
    if name not in _WITHOUT_WARMUP and (warmup or name in ("warmup_stable_decay", "cosine_warmup_with_min_lr")):
        config["num_warmup_steps"] = warmup
    if total > 0 and name not in _ENDLESS and "num_stable_steps" not in arguments:
        config["num_training_steps"] = total
    config |= arguments
    if name in _WAITING:
        config |= _monitor(source, at)
    if known is not None:
        source.put(("scheduler",), {"type": known.type, "config": config, "interval": known.interval}, here)


def _warmup(source: Source, at: ConfigPath, name: str, total: float) -> int | str:
    """Return the warmup as a number of steps, or a share such as ``10%`` of a run whose length is not known."""
    steps = source.number(*at, "warmup_steps", default=0.0) or 0
    ratio = source.number(*at, "warmup_ratio", default=0.0) or 0
    # transformers 4 takes the steps where both are given; of one below 1, transformers 5 takes the share.
    given, key = (steps, "warmup_steps") if steps else (ratio, "warmup_ratio")
    if given < 0 or (key == "warmup_ratio" and given > 1):
        source.wrong((*at, key), f"must be a number of steps or a share of the run, is {shown(given)}")
        return 0
    if given and name in _WITHOUT_WARMUP:
        source.warn(f"{key}: {name} has no warmup, and the Trainer gives it none")
        return 0
    if given >= 1 and key == "warmup_steps":
        return int(given)
    if total > 0:
        # As the Trainer computes it, where 7 % of 100 are 8, since 100 * 0.07 is a little more than 7.
        return math.ceil(total * given)
    percent = (Decimal(str(given)) * 100).normalize()
    return f"{percent:f}%" if given else 0


def _kwargs(source: Source, at: ConfigPath) -> dict[str, Any]:
    """Return the schedule's own arguments, which may stand there as JSON in a text."""
    given = source.take(*at, "lr_scheduler_kwargs")
    if isinstance(given, str) and given:
        try:
            given = json.loads(given)
        except ValueError:
            source.wrong((*at, "lr_scheduler_kwargs"), f"must be a mapping, or JSON of one, is {shown(given)}")
            return {}
    if given in (MISSING, None, ""):
        return {}
    if not isinstance(given, Mapping):
        source.wrong((*at, "lr_scheduler_kwargs"), f"must be a mapping, is {shown(given)}")
        return {}
    return {key: value for key, value in given.items() if value is not None}


def _monitor(source: Source, at: ConfigPath) -> dict[str, Any]:
    """Return the metric that a schedule waits for; the Trainer calls it when it evaluates."""
    when = None
    for key in ("eval_strategy", "evaluation_strategy"):
        found = source.take(*at, key)
        when = found if found is not MISSING else when
    if when != "epoch":
        hint = "write `eval_strategy: epoch`, or the schedule by hand"
        source.no_equal((*at, "eval_strategy"), f"a schedule that is stepped at evaluations by {shown(when)}", hint)
    metric = source.text(*at, "metric_for_best_model") or "loss"
    return {"monitor": metric if metric.startswith("eval_") else f"eval_{metric}"}
