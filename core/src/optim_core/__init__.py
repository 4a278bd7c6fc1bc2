"""optim-core: a config names an optimizer, a schedule and clipping; this builds them, whoever wrote them."""

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
