"""timm's factories by their names: the optimizer and its groups, and a schedule that is told the epoch or the update.

Where timm's own value would be silently another here, there is an error or a warning; ``docs/migrating.md`` says more.
"""

from optim_core.compat.timm.groups import auto_group_layers, param_groups_layer_decay, param_groups_weight_decay
from optim_core.compat.timm.optimizers import create_optimizer, create_optimizer_v2, optimizer_kwargs
from optim_core.compat.timm.schedulers import Scheduler, create_scheduler, create_scheduler_v2, scheduler_kwargs

__all__ = [
    "Scheduler",
    "auto_group_layers",
    "create_optimizer",
    "create_optimizer_v2",
    "create_scheduler",
    "create_scheduler_v2",
    "optimizer_kwargs",
    "param_groups_layer_decay",
    "param_groups_weight_decay",
    "scheduler_kwargs",
]
