"""The names that torch, transformers and others have for what plugins are, and the plugin of each. Nothing is imported.

A name of torch that stands here means the class of the same name of optim-torch-builtin, with the same fields.
"""

from __future__ import annotations

from typing import NamedTuple

from optim_core.kinds import Kind

__all__ = [
    "DEEPSPEED",
    "SCHEDULES",
    "SCHEDULES_BY_NAME",
    "TORCH",
    "Known",
    "known",
    "known_of_torch",
    "known_schedule",
    "names_of_torch",
    "qualified",
]

TORCH = "optim-torch-builtin"
SCHEDULES = "optim-schedules"
DEEPSPEED = "optim-deepspeed-fused"

# torch.optim.X is X of optim-torch-builtin, with the same fields and the same defaults.
_OPTIMIZERS = (
    *("ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "NAdam", "RAdam", "RMSprop"),
    *("Rprop", "SGD", "SparseAdam"),
)
_SCHEDULERS = (
    *("ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR"),
    *("ExponentialLR", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR"),
    *("ReduceLROnPlateau", "SequentialLR", "StepLR"),
)
# The functions of transformers that return a schedule; each is the plugin of optim-schedules with the same fields.
_OF_TRANSFORMERS = {
    "get_constant_schedule": "constant",
    "get_constant_schedule_with_warmup": "constant_with_warmup",
    "get_linear_schedule_with_warmup": "linear",
    "get_cosine_schedule_with_warmup": "cosine",
    "get_cosine_with_hard_restarts_schedule_with_warmup": "cosine_with_restarts",
    "get_polynomial_decay_schedule_with_warmup": "polynomial",
    "get_inverse_sqrt_schedule": "inverse_sqrt",
    "get_cosine_with_min_lr_schedule_with_warmup": "cosine_with_min_lr",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": "cosine_warmup_with_min_lr",
    "get_wsd_schedule": "warmup_stable_decay",
}
# The names that transformers' get_scheduler and its Trainer take, and the plugins that are the same.
SCHEDULES_BY_NAME = {
    **{
        name: name
        for name in (
            *("constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts", "polynomial"),
            *("inverse_sqrt", "cosine_with_min_lr", "cosine_warmup_with_min_lr", "warmup_stable_decay", "greedy"),
        )
    },
    "reduce_lr_on_plateau": "ReduceLROnPlateau",
}
# Libraries of many optimizers that a distribution here brings whole, under the same names.
_WHOLE = {
    "pytorch_optimizer": "optim-pytorch-optimizer",
    "bitsandbytes.optim": "optim-bitsandbytes",
}
_OF_DEEPSPEED = {"FusedAdam": "FusedAdam", "DeepSpeedCPUAdam": "CPUAdam"}
_MODULES_OF_DEEPSPEED = ("deepspeed.ops.adam", "deepspeed.ops.adam.fused_adam", "deepspeed.ops.adam.cpu_adam")
_MODULES_OF_TRANSFORMERS = ("transformers", "transformers.optimization")
_MODULES_OF_LIGHTNING = ("lightning.pytorch.cli", "pytorch_lightning.cli", "pytorch_lightning.utilities.cli")


class Known(NamedTuple):
    """What a name of a library is here.

    Args:
        kind: an optimizer or a scheduler.
        type: the plugin, with its distribution.
        interval: after what the library's own loop steps such a schedule; None where the loop is the caller's.
        library: whose name it is.
    """

    kind: Kind
    type: str
    interval: str | None
    library: str


def qualified(distribution: str, name: str) -> str:
    """Return a plugin's name that means it and no other distribution's."""
    return f"{distribution}:{name}"


def known_of_torch(name: str, kind: Kind) -> Known | None:
    """Return what a class of torch.optim or of torch.optim.lr_scheduler is here, by its own name."""
    if kind == "optimizer":
        if name == "Muon":
            # The name `Muon` is that of optim-muon.
            return Known("optimizer", qualified(TORCH, "TorchMuon"), None, "torch")
        return Known("optimizer", qualified(TORCH, name), None, "torch") if name in _OPTIMIZERS else None
    if name in _SCHEDULERS:
        # torch's documents step these two after each batch, and the others after each epoch.
        interval = "step" if name in ("OneCycleLR", "CyclicLR") else "epoch"
        return Known("scheduler", qualified(TORCH, name), interval, "torch")
    return None


def known_schedule(name: str) -> Known | None:
    """Return what a name is here that transformers' get_scheduler takes, such as ``cosine``."""
    plugin = SCHEDULES_BY_NAME.get(name)
    if plugin is None:
        return None
    distribution = TORCH if plugin == "ReduceLROnPlateau" else SCHEDULES
    interval = "epoch" if plugin in ("ReduceLROnPlateau", "greedy") else "step"
    return Known("scheduler", qualified(distribution, plugin), interval, "transformers")


def names_of_torch(kind: Kind) -> tuple[str, ...]:
    """Return the names of torch's classes of a kind."""
    return (*_OPTIMIZERS, "Muon") if kind == "optimizer" else _SCHEDULERS


def known(path: str) -> Known | None:
    """Return what a dotted name of a library is here: ``torch.optim.AdamW``; None where nothing here is the same."""
    module, _, name = path.rpartition(".")
    if module == "torch.optim.lr_scheduler":
        return known_of_torch(name, "scheduler")
    # torch.optim.AdamW stands in torch.optim.adamw.
    if module == "torch.optim" or module == f"torch.optim.{name.lower()}" or module == f"torch.optim._{name.lower()}":
        return known_of_torch(name, "optimizer")
    if module in _MODULES_OF_TRANSFORMERS and name in _OF_TRANSFORMERS:
        return Known("scheduler", qualified(SCHEDULES, _OF_TRANSFORMERS[name]), "step", "transformers")
    if module in _MODULES_OF_LIGHTNING and name == "ReduceLROnPlateau":
        return Known("scheduler", qualified(TORCH, name), "epoch", "lightning")
    if module in _WHOLE:
        return Known("optimizer", qualified(_WHOLE[module], name), None, module)
    if module in _MODULES_OF_DEEPSPEED and name in _OF_DEEPSPEED:
        return Known("optimizer", qualified(DEEPSPEED, _OF_DEEPSPEED[name]), None, "deepspeed")
    return None
