"""What Hydra finds of optim-core when an application starts: it imports every module in `hydra_plugins`."""

from optim_frameworks.hydra import PluginConfigs, PluginSearchPath

__all__ = ["PluginConfigs", "PluginSearchPath"]
