"""The names that other projects have for optimizers and schedules: which of ours each is, or that none is."""

from __future__ import annotations

from typing import NamedTuple

from optim_core.kinds import Kind
from optim_core.text.names import normalise

__all__ = ["FOREIGN_TYPES", "ForeignType", "type_meant"]


class ForeignType(NamedTuple):
    """What a name of another project means.

    Args:
        plugin: the plugin that does the same, None where none does, or where the name means different things.
        fields: what is to be given to it, `key: value` each, where the config says nothing of it.
        note: what else is to be known; of no plugin, why there is none.
    """

    plugin: str | None
    fields: tuple[str, ...] = ()
    note: str = ""


# TrainingArguments has a weight decay of 0 where none is given.
_OF_TRAINER = ForeignType("AdamW", ("weight_decay: 0.0",))

_ON_SOME_MODULES = ForeignType(
    None,
    note="it acts on the modules of `optim_target_modules` alone, as `optim_args` says, which none here does",
)

_WITHIN_BACKWARD = ForeignType(None, note="it updates each weight within backward, which no optimizer here does")

_COMPRESSES = ForeignType(None, note="it compresses what processes exchange, which no optimizer here does")

_LAYERWISE = ForeignType(None, note="it steps within backward, layer by layer, which no optimizer here does")

_OF_ONE_LENGTH = "num_warmup_steps and num_training_steps are its `warmup_num_steps` and `total_num_steps`"

_RISES = "DeepSpeed's warmup rises by a logarithm unless `warmup_type: linear` is given, those here in a straight line"

_FALLS_BY_A_COSINE = ForeignType(
    None,
    note="it is `CosineAnnealingLR`, by epochs and without a warmup, or `cosine`, by steps: this is not known here",
)

_WITH_WARMUP = "{type: warmup, config: {scheduler: {type: %s, …}, num_warmup_steps: …, start_factor: …}}"

_OPTIMIZERS: dict[str, ForeignType] = {
    # transformers' TrainingArguments.
    **dict.fromkeys(("adamw_torch", "adamw_torch_xla", "adamw_hf"), _OF_TRAINER),
    **dict.fromkeys(("adamw_torch_fused", "adamw_torch_npu_fused"), ForeignType("AdamW", ("weight_decay: 0.0",))),
    "adamw_apex_fused": ForeignType("AdamW", ("weight_decay: 0.0",), "apex' kernel computes the same"),
    "adamw_anyprecision": ForeignType(None, note="it keeps its state in bfloat16, which no optimizer here does"),
    "adamw_torch_4bit": ForeignType(None, note="its state has 4 bits, which that of no optimizer here has"),
    "adamw_torch_8bit": ForeignType(None, note="it is torchao's; `AdamW8bit` of bitsandbytes rounds in another way"),
    "adamw_bnb_8bit": ForeignType("AdamW8bit", ("weight_decay: 0.0",)),
    "rmsprop_bnb": ForeignType("RMSprop32bit"),
    "rmsprop_bnb_8bit": ForeignType("RMSprop8bit"),
    "rmsprop_bnb_32bit": ForeignType("RMSprop32bit"),
    **dict.fromkeys(("galore_adamw", "galore_adamw_8bit", "galore_adafactor", "apollo_adamw"), _ON_SOME_MODULES),
    **dict.fromkeys(("galore_adamw_layerwise", "galore_adamw_8bit_layerwise", "apollo_adamw_layerwise"), _LAYERWISE),
    "galore_adafactor_layerwise": _LAYERWISE,
    **dict.fromkeys(("lomo", "adalomo"), _WITHIN_BACKWARD),
    "grokadamw": ForeignType(None, note="it follows a signal of the training loop, which no optimizer here does"),
    # timm, fairseq, Megatron, apex, Keras and others.
    "nadamw": ForeignType("NAdam", ("decoupled_weight_decay: true",)),
    "radamw": ForeignType("RAdam", ("decoupled_weight_decay: true",)),
    "sgd_nesterov": ForeignType("SGD", ("nesterov: true",)),
    "nesterov": ForeignType("SGD", ("nesterov: true",), "it needs a momentum"),
    **dict.fromkeys(("torch_adamw", "adamw_legacy", "decoupled_adamw"), ForeignType("AdamW")),
    "fused_adamw": ForeignType("FusedAdam", note="its weight decay is decoupled"),
    "apex_fused_adam": ForeignType("FusedAdam"),
    "deepspeed_cpu_adam": ForeignType("CPUAdam"),
    **dict.fromkeys(("onebit_adam", "one_bit_adam", "zero_one_adam", "onebit_lamb"), _COMPRESSES),
    "rmsprop_tf": ForeignType(None, note="it adds eps below the root, which RMSprop here adds to the root"),
}

_SCHEDULERS: dict[str, ForeignType] = {
    # DeepSpeed.
    "warmup_decay_lr": ForeignType("linear", note=f"{_OF_ONE_LENGTH}; {_RISES}"),
    "warmup_lr": ForeignType(
        None,
        note=f"DeepSpeed's is `constant_with_warmup`, and ESPnet's `inverse_sqrt`: this is not known here; {_RISES}",
    ),
    "warmup_cosine_lr": ForeignType(
        None,
        note="DeepSpeed's is `cosine_warmup_with_min_lr`, with `warmup_lr_rate` and `min_lr_rate` for its ratios, and "
        f"detectron2's `cosine`: this is not known here; {_RISES}",
    ),
    "lr_range_test": ForeignType(None, note="it raises the rate without an end, which no schedule here does"),
    # torchtune and the functions of transformers.
    "get_constant_schedule": ForeignType("constant"),
    "get_constant_schedule_with_warmup": ForeignType("constant_with_warmup"),
    "get_linear_schedule_with_warmup": ForeignType("linear"),
    "get_cosine_schedule_with_warmup": ForeignType("cosine"),
    "get_cosine_with_hard_restarts_schedule_with_warmup": ForeignType("cosine_with_restarts"),
    "get_polynomial_decay_schedule_with_warmup": ForeignType("polynomial"),
    "get_inverse_sqrt_schedule": ForeignType("inverse_sqrt"),
    "get_wsd_schedule": ForeignType("warmup_stable_decay"),
    "get_cosine_with_min_lr_schedule_with_warmup": ForeignType("cosine_with_min_lr"),
    # BERT's, fairseq's, mmcv's, timm's, NeMo's, Caffe's.
    "warmup_linear": ForeignType("linear"),
    "linear_with_warmup": ForeignType("linear"),
    "linear_decay": ForeignType("linear"),
    "linear_warmup": ForeignType("constant_with_warmup"),
    "warmup_constant": ForeignType("constant_with_warmup"),
    "cosine_with_warmup": ForeignType("cosine"),
    "cosine_decay": ForeignType("cosine"),
    "cosine_warmup": ForeignType("cosine"),
    **dict.fromkeys(("cosine_annealing", "cos"), _FALLS_BY_A_COSINE),
    "linear_warmup_cosine_annealing_lr": ForeignType("warmup_cosine", note="by epochs, as Lightning Bolts' is"),
    "linear_warmup_cosine_annealing": ForeignType("warmup_cosine", note="by epochs, as Lightning Bolts' is"),
    "cosine_annealing_warmup_restarts": ForeignType(
        None, note="each of its cycles has a warmup and a lower peak, as in no schedule here"
    ),
    "warmup_multi_step_lr": ForeignType(None, note=f"write {_WITH_WARMUP % 'MultiStepLR'}"),
    "warmup_step_lr": ForeignType(None, note=f"write {_WITH_WARMUP % 'StepLR'}"),
    **dict.fromkeys(("fixed", "fixed_lr", "constant_lr_schedule"), ForeignType("constant")),
    "inverse_square_root": ForeignType("inverse_sqrt"),
    "rsqrt": ForeignType("inverse_sqrt"),
    "inv_sqrt": ForeignType("inverse_sqrt"),
    **dict.fromkeys(
        ("noam", "noam_lr", "noam_annealing"),
        ForeignType(None, note="it is `inverse_sqrt`, but its rate is (width * num_warmup_steps) ** -0.5 times the lr"),
    ),
    **dict.fromkeys(
        ("poly", "poly_lr"),
        ForeignType(
            None,
            note="it is `polynomial`, by steps, or torch's `PolynomialLR`, by epochs: this is not known here; "
            "elsewhere its power is 0.9 where none is given, and here 1.0",
        ),
    ),
    "polynomial_decay": ForeignType(
        "polynomial", ("lr_end: 0.0",), "num_training_steps is its `total_num_update` or `decay_steps`"
    ),
    "wsd": ForeignType("warmup_stable_decay"),
    "tri_stage": ForeignType(None, note="it falls by an exponential to the end; `warmup_stable_decay` is the nearest"),
    "exponential_decay": ForeignType(None, note="it is `ExponentialLR`, with a gamma of rate ** (1 / decay_steps)"),
    "one_cycle_policy": ForeignType("OneCycleLR"),
}

FOREIGN_TYPES: dict[Kind, dict[str, ForeignType]] = {"optimizer": _OPTIMIZERS, "scheduler": _SCHEDULERS}

_NORMALISED = {kind: {normalise(name): meant for name, meant in table.items()} for kind, table in FOREIGN_TYPES.items()}


def type_meant(kind: Kind | None, name: str) -> ForeignType | None:
    """Return what a name means in other projects, None where it is not known.

    Args:
        kind: that of the component, None where it may be any.
        name: the name, also with the module before it, as code has it.
    """
    plain = normalise(name.rpartition(".")[2])
    kinds = _NORMALISED if kind is None else (kind,)
    return next((_NORMALISED[each][plain] for each in kinds if plain in _NORMALISED.get(each, {})), None)
