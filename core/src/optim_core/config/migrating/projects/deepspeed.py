"""DeepSpeed's JSON: its optimizer, scheduler and gradient_clipping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.issues import ConfigPath
from optim_core.config.migrating.library_names import DEEPSPEED, TORCH, Known, known_of_torch, qualified
from optim_core.config.migrating.named_components import put_component
from optim_core.config.migrating.origins import Sure
from optim_core.config.migrating.projects.deepspeed_schedules import put_schedule
from optim_core.config.migrating.source import MISSING, Source
from optim_core.text.values import shown

__all__ = ["read", "recognise"]

_SIGNS = {
    *("zero_optimization", "train_micro_batch_size_per_gpu", "train_batch_size", "zero_allow_untested_optimizer"),
    *("wall_clock_breakdown", "steps_per_print", "fp16", "bf16", "gradient_accumulation_steps"),
}
_SURE = {"zero_optimization", "train_micro_batch_size_per_gpu", "train_batch_size"}
# What these names mean is DeepSpeed's own, whatever their case; any other is a class of torch.optim.
_OWN = ("adam", "adamw", "adagrad", "lamb", "lion", "muon", "onebitadam", "onebitlamb", "zerooneadam")
# `auto` stands for these of transformers' TrainingArguments.
_AUTO = {
    "lr": "learning_rate",
    "betas": "adam_beta1 and adam_beta2",
    "eps": "adam_epsilon",
    "weight_decay": "weight_decay",
    "warmup_min_lr": "0",
    "warmup_max_lr": "learning_rate",
    "warmup_num_steps": "warmup_steps or warmup_ratio",
    "total_num_steps": "the number of steps of the run",
    "gradient_clipping": "max_grad_norm",
}
_LR = 1e-3
# Settings and sections of the engine, whatever words are in them.
_OTHERS = {
    *("zero_optimization", "zero_allow_untested_optimizer", "zero_force_ds_cpu_optimizer", "optimizer_legacy_fusion"),
    *("prescale_gradients", "gradient_predivide_factor", "fp16", "bf16", "amp", "torch_autocast", "data_types"),
    *("compression_training", "quantize_training", "data_efficiency", "curriculum_learning", "random_ltd"),
    *("progressive_layer_drop", "eigenvalue", "autotuning", "activation_checkpointing", "sparse_attention"),
    *("pipeline", "tensor_parallel", "hybrid_engine", "zenflow", "aio", "elasticity", "nebula", "checkpoint"),
    *("flops_profiler", "comms_logger", "monitor_config", "tensorboard", "wandb", "comet", "csv_monitor", "compile"),
}


def recognise(value: Any) -> Sure:
    """Say yes to its batch sizes or ZeRO beside an optimizer, a scheduler or clipping of its form."""
    if not isinstance(value, Mapping):
        return "no"
    has_params = any(
        isinstance(value.get(key), Mapping) and {"type", "params"} <= set(value[key])
        for key in ("optimizer", "scheduler")
    )
    if not _SURE.isdisjoint(value):
        return "yes"
    return "yes" if has_params and not _SIGNS.isdisjoint(value) else "perhaps" if has_params else "no"


def read(source: Source) -> None:
    """Read what DeepSpeed makes of the three sections; `auto` in them is the Trainer's, and is refused."""
    source.others |= _OTHERS
    if source.at(("optimizer",)) in (MISSING, None):
        hint = "transformers' Trainer or your code makes it: with --from training-arguments that is read"
        source.wrong(("optimizer",), "is missing, so that DeepSpeed makes no optimizer", hint)
    else:
        _optimizer(source)
    if source.at(("scheduler",)) not in (MISSING, None):
        name, params = _component(source, "scheduler")
        if name is not None:
            put_schedule(source, name, params)
    clipping = source.take("gradient_clipping")
    if clipping is not MISSING and not _refuse_auto(source, ("gradient_clipping",), clipping):
        source.clip_by_norm(("gradient_clipping",), source.number("gradient_clipping"))


def _component(source: Source, key: str) -> tuple[str | None, dict[str, Any]]:
    """Return name and params of a component; None where something is wrong with it."""
    name, params = source.take(key, "type"), source.at((key, "params"))
    params = {} if params in (MISSING, None) else params
    if not isinstance(name, str) or not isinstance(params, Mapping):
        source.wrong((key,), f"must have a `type` and a mapping `params`, is {shown(source.at((key,)))}")
        return None, {}
    source.take(key, "params")
    told = [_refuse_auto(source, (key, "params", name), value) for name, value in params.items()]
    return (None if any(told) else name), dict(params)


def _refuse_auto(source: Source, path: ConfigPath, value: Any) -> bool:
    """Tell that a value is `auto`, and what that stands for."""
    if value != "auto":
        return False
    meant = _AUTO.get(str(path[-1]))
    hint = f"it stands for {meant} of the Trainer: write that" if meant else "write the value that it stands for"
    source.wrong(path, "is `auto`, which transformers' Trainer fills in, and nothing in this file says with what", hint)
    return True


def _optimizer(source: Source) -> None:
    name, params = _component(source, "optimizer")
    if name is None:
        return
    here: ConfigPath = ("optimizer", "params")
    if "max_grad_norm" in params:
        source.wrong((*here, "max_grad_norm"), "is refused by DeepSpeed", "write `gradient_clipping` at the top")
        return
    own = name.lower() if name.lower() in _OWN else None
    of_torch = known_of_torch(name, "optimizer") if own is None else None
    if own in ("adam", "adamw"):
        _adam(source, own, params, here)
    elif own == "adagrad" and not _offloads(source):
        put_component(
            source, ("optimizer",), Known("optimizer", qualified(TORCH, "Adagrad"), None, "torch"), params, here
        )
    elif of_torch is not None:
        put_component(source, ("optimizer",), of_torch, params, here)
    else:
        source.no_equal(("optimizer", "type"), f"DeepSpeed's {name}", "write that part of the recipe by hand")


def _adam(source: Source, own: str, params: dict[str, Any], here: ConfigPath) -> None:
    """Put the class that DeepSpeed takes for Adam and AdamW, which both decay as AdamW unless adam_w_mode is false."""
    decoupled = params.pop("adam_w_mode", True) is not False or own == "adamw"
    states = params.pop("fp32_optimizer_states", None)
    if params.pop("torch_adam", False):
        known = Known("optimizer", qualified(TORCH, "AdamW" if decoupled else "Adam"), None, "torch")
        put_component(source, ("optimizer",), known, params, here)
        if "weight_decay" not in params:
            decay = 0.01 if decoupled else 0.0
            source.put(("optimizer", "config", "weight_decay"), decay, here)
            source.assume(f"weight_decay: {decay}, torch's default")
        return
    offloads = _offloads(source)
    known = Known("optimizer", qualified(DEEPSPEED, "CPUAdam" if offloads else "FusedAdam"), None, "deepspeed")
    put_component(source, ("optimizer",), known, params, here)
    source.put(("optimizer", "config", "adam_w_mode"), decoupled, here)
    if offloads and states is not None:
        source.put(("optimizer", "config", "fp32_optimizer_states"), states, (*here, "fp32_optimizer_states"))
    if own == "adam" and decoupled:
        source.assume("adam_w_mode: true, as DeepSpeed's Adam decays as AdamW does where it is not false")
    defaults: dict[str, Any] = {"lr": _LR, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0}
    for field, value in defaults.items():
        if field not in params:
            source.put(("optimizer", "config", field), value, here)
            source.assume(f"{field}: {value}, DeepSpeed's default")
    torch_name = "AdamW" if decoupled else "Adam"
    source.instead["optimizer", "type"] = f"`torch_adam: true` among the params makes it torch's {torch_name}"
    kind = known.type.partition(":")[2]
    source.assume(f"type: {kind}, which DeepSpeed takes for it; `{torch_name}` of torch has the same numbers")


def _offloads(source: Source) -> bool:
    """Tell whether the optimizer's state is kept in the CPU's memory, where DeepSpeed takes another class."""
    zero = source.at(("zero_optimization",))
    if not isinstance(zero, Mapping):
        return False
    offload = zero.get("offload_optimizer")
    device = offload.get("device") if isinstance(offload, Mapping) else None
    return device in ("cpu", "nvme") or zero.get("cpu_offload") is True
