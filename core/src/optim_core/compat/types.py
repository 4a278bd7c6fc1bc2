"""OptimizerType and SchedulerType: names that code spells as members of an enumeration."""

from __future__ import annotations

from enum import Enum, StrEnum

__all__ = ["OptimizerType", "SchedulerType", "type_name"]


class OptimizerType(StrEnum):
    """Names of optimizers; a member stands wherever a config or a function takes the name itself.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.compat import OptimizerType
        >>> registry.build({"type": OptimizerType.ADAMW, "config": {"lr": 1e-3}}).type
        'AdamW'
    """

    ADAM = "Adam"
    ADAMW = "AdamW"
    SGD = "SGD"
    FUSED_ADAM = "FusedAdam"
    RMSPROP = "RMSprop"
    ADAGRAD = "Adagrad"


class SchedulerType(StrEnum):
    """Names of schedules: transformers' in lower case, and those of torch and InverseLR.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.compat import SchedulerType
        >>> registry.build({"type": SchedulerType.STEP_LR, "config": {"step_size": 10}}).type
        'StepLR'
    """

    LINEAR = "linear"
    COSINE = "cosine"
    COSINE_WITH_RESTARTS = "cosine_with_restarts"
    POLYNOMIAL = "polynomial"
    CONSTANT = "constant"
    CONSTANT_WITH_WARMUP = "constant_with_warmup"
    INVERSE_SQRT = "inverse_sqrt"
    REDUCE_ON_PLATEAU = "reduce_lr_on_plateau"
    INVERSE_LR = "InverseLR"
    STEP_LR = "StepLR"
    EXPONENTIAL_LR = "ExponentialLR"
    COSINE_ANNEALING_LR = "CosineAnnealingLR"
    REDUCE_LR_ON_PLATEAU = "ReduceLROnPlateau"
    MULTI_STEP_LR = "MultiStepLR"
    LAMBDA_LR = "LambdaLR"


def type_name(name: str | Enum) -> str:
    """Return the name that a member of an enumeration stands for, transformers' included; a text is the name itself."""
    return name.value if isinstance(name, Enum) else name
