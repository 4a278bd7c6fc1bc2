"""A config names an optimizer, a schedule and clipping; this builds them for PyTorch, whoever wrote them.

Example:
    >>> import torch
    >>> from optim_core import registry
    >>> config = {
    ...     "optimizer": {"type": "AdamW", "config": {"lr": 3e-4, "weight_decay": 0.1}, "no_decay": ["bias", "norm"]},
    ...     "scheduler": {"type": "cosine", "config": {"num_warmup_steps": "5%"}},
    ...     "gradient_clipping": {"type": "norm", "max_norm": 1.0},
    ... }
    >>> recipe = registry.recipe(config)  # or a file, YAML, JSON or TOML; this line needs no torch
    >>> model = torch.nn.Linear(8, 2)
    >>> run = recipe.create(model, total_steps=10_000)
    >>> for batch in torch.randn(3, 16, 8):
    ...     done = run.step(lambda: model(batch).square().mean())

Where to begin:
    registry.build(config): a spec, or a recipe where there is more than one part; plain data, checked.
    registry.recipe(config): the same, and always a recipe.
    registry.optimizers, .schedulers, .clippers: what is installed, as mappings of names to plugin classes.
    registry.to_config(built), registry.schema(): the config that builds it again; the JSON Schema of configs.

What a config becomes:
    Recipe, OptimizerSpec, SchedulerSpec, ClipperSpec: what it says, before there is a model.
    Optimization: what ``recipe.create(model)`` gives; `step`, `end_epoch`, `state_dict`. Unpacked it is
        torch's optimizer and scheduler, for a loop that you have.
    StepResult: what ``run.step`` gives: the loss, the norm before clipping, the rates.
    save_checkpoint, load_checkpoint: a run that is killed goes on exactly.
    Horizon, Duration: the length of a run; a length in a config, such as ``500``, ``5%`` or ``2 epochs``.

What is raised:
    OptimError: all of them. ConfigError has every `Problem` of a config, with file, line and repair; UnknownTypeError a
        name that nothing has; PluginError a plugin that cannot be used; HorizonError a length that is missing or does
        not fit; ParamGroupError a rule that matches nothing; CheckpointError and CheckpointMismatchError.

A plugin is an attrs class with `build`, which an entry point of its distribution names: `optim_core.protocols`. A
registry of your own, with other plugins allowed, is ``Registry(allow=…, block=…, prefer=…)``. The command `optim` does
all of this from a terminal: ``optim list``, ``optim show AdamW``, ``optim validate train.yaml``.
"""

from typing import TYPE_CHECKING

from optim_core.errors import (
    BlockedPluginError,
    CheckpointError,
    CheckpointMismatchError,
    CheckpointWarning,
    ConfigError,
    DuplicatePluginError,
    HorizonError,
    IncompatiblePluginError,
    MissingCheckpointError,
    MissingTypeError,
    OptimError,
    ParamGroupError,
    PluginError,
    PluginLoadError,
    Problem,
    UnknownNameError,
    UnknownTypeError,
    UnusedConfigWarning,
    UnusualRateWarning,
)
from optim_core.on_demand import names_on_demand
from optim_core.recipe import Optimization, Recipe
from optim_core.registry import Catalog, Registry, registry
from optim_core.run.durations import Duration
from optim_core.specs import ClipperSpec, OptimizerSpec, SchedulerSpec
from optim_core.version import __version__

if TYPE_CHECKING:
    from optim_core.discovery.records import ExtensionRecord, Fault, PluginRecord
    from optim_core.groups.parameter_info import ParameterInfo
    from optim_core.run.horizon import Horizon
    from optim_core.run.loop import StepResult
    from optim_core.run.saving.checkpoint import load_checkpoint, save_checkpoint

__all__ = [
    "BlockedPluginError",
    "Catalog",
    "CheckpointError",
    "CheckpointMismatchError",
    "CheckpointWarning",
    "ClipperSpec",
    "ConfigError",
    "DuplicatePluginError",
    "Duration",
    "ExtensionRecord",
    "Fault",
    "Horizon",
    "HorizonError",
    "IncompatiblePluginError",
    "MissingCheckpointError",
    "MissingTypeError",
    "OptimError",
    "Optimization",
    "OptimizerSpec",
    "ParamGroupError",
    "ParameterInfo",
    "PluginError",
    "PluginLoadError",
    "PluginRecord",
    "Problem",
    "Recipe",
    "Registry",
    "SchedulerSpec",
    "StepResult",
    "UnknownNameError",
    "UnknownTypeError",
    "UnusedConfigWarning",
    "UnusualRateWarning",
    "__version__",
    "load_checkpoint",
    "registry",
    "save_checkpoint",
]

__getattr__ = names_on_demand(
    globals(),
    {
        "optim_core.discovery.records": ("ExtensionRecord", "Fault", "PluginRecord"),
        "optim_core.groups.parameter_info": ("ParameterInfo",),
        "optim_core.run.saving.checkpoint": ("load_checkpoint", "save_checkpoint"),
        "optim_core.run.horizon": ("Horizon",),
        "optim_core.run.loop": ("StepResult",),
    },
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
