"""Drop-in functions for code that is being migrated to optim-core.

The names and signatures are those that training code had before, and each is a thin function over ``registry.build`` of
the default registry; ``docs/compat.md`` shows each beside what it stands for. Where an argument is wrong, a
ConfigError is raised whose path is the argument's name; it is also the KeyError, AttributeError or ValueError that such
code catches.
"""

from optim_core.compat.clipping import GradientClipper
from optim_core.compat.distributed import DistributedOptimizer
from optim_core.compat.factory import (
    OptimizerAndScheduler,
    OptimizerFactory,
    create_optimizer,
    create_optimizer_and_scheduler,
    create_optimizer_from_config,
    create_scheduler,
    create_scheduler_from_config,
)
from optim_core.compat.mixed_precision import MixedPrecisionOptimizer
from optim_core.compat.monitors import GradientMonitor, OptimizerMonitor
from optim_core.compat.schedules import (
    get_constant_schedule,
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_cosine_with_hard_restarts_schedule_with_warmup,
    get_cosine_with_min_lr_schedule_with_warmup,
    get_cosine_with_min_lr_schedule_with_warmup_lr_rate,
    get_greedy_schedule,
    get_inverse_sqrt_schedule,
    get_linear_schedule_with_warmup,
    get_polynomial_decay_schedule_with_warmup,
    get_reduce_on_plateau_schedule,
    get_scheduler,
    get_wsd_schedule,
)
from optim_core.compat.specifications import AdamSpec, AdamWSpec, MuonSpec, OptimizerSpecification, RegisteredSpec
from optim_core.compat.timm import (
    create_optimizer_v2,
    create_scheduler_v2,
    param_groups_layer_decay,
    param_groups_weight_decay,
)
from optim_core.compat.types import OptimizerType, SchedulerType

__all__ = [
    "AdamSpec",
    "AdamWSpec",
    "DistributedOptimizer",
    "GradientClipper",
    "GradientMonitor",
    "MixedPrecisionOptimizer",
    "MuonSpec",
    "OptimizerAndScheduler",
    "OptimizerFactory",
    "OptimizerMonitor",
    "OptimizerSpecification",
    "OptimizerType",
    "RegisteredSpec",
    "SchedulerType",
    "create_optimizer",
    "create_optimizer_and_scheduler",
    "create_optimizer_from_config",
    "create_optimizer_v2",
    "create_scheduler",
    "create_scheduler_from_config",
    "create_scheduler_v2",
    "get_constant_schedule",
    "get_constant_schedule_with_warmup",
    "get_cosine_schedule_with_warmup",
    "get_cosine_with_hard_restarts_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "get_greedy_schedule",
    "get_inverse_sqrt_schedule",
    "get_linear_schedule_with_warmup",
    "get_polynomial_decay_schedule_with_warmup",
    "get_reduce_on_plateau_schedule",
    "get_scheduler",
    "get_wsd_schedule",
    "param_groups_layer_decay",
    "param_groups_weight_decay",
]
