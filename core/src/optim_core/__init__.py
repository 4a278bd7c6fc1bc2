"""optim-core: a config names an optimizer, a schedule and clipping; this builds them, whoever wrote them."""

from optim_core.errors import (
    BlockedPluginError,
    CheckpointMismatchError,
    ConfigError,
    DuplicatePluginError,
    HorizonError,
    IncompatiblePluginError,
    MissingTypeError,
    OptimError,
    ParamGroupError,
    PluginError,
    PluginLoadError,
    Problem,
    UnknownNameError,
    UnknownTypeError,
)
from optim_core.groups.parameter_info import ParameterInfo
from optim_core.recipe import Optimization, Recipe
from optim_core.registry import Catalog, ExtensionRecord, Fault, PluginRecord, Registry, registry
from optim_core.run.durations import Duration
from optim_core.run.horizon import Horizon
from optim_core.specs import ClipperSpec, OptimizerSpec, SchedulerSpec
from optim_core.version import __version__

__all__ = [
    "BlockedPluginError",
    "Catalog",
    "CheckpointMismatchError",
    "ClipperSpec",
    "ConfigError",
    "DuplicatePluginError",
    "Duration",
    "ExtensionRecord",
    "Fault",
    "Horizon",
    "HorizonError",
    "IncompatiblePluginError",
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
    "UnknownNameError",
    "UnknownTypeError",
    "__version__",
    "registry",
]
