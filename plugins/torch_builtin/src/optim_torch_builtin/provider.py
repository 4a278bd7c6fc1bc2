"""Providers for what a newer torch adds: optimizers and schedulers that have no config class here yet."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Any, Literal

import attrs

from optim_torch_builtin import optimizers as own_optimizers
from optim_torch_builtin import schedulers as own_schedulers
from optim_torch_builtin.derived import plugin_class
from optim_torch_builtin.torch_classes import Namespace, class_names, signature_of

__all__ = ["TorchProvider", "optimizers", "schedulers"]


@attrs.frozen
class TorchProvider:
    """Every public subclass of a base class in one of torch's modules, those left out that have a module of their own.

    torch is not imported for it: unless that has happened already, its source files are read.

    Args:
        kind: "optimizer" or "scheduler".
        namespace: where in torch to look, and for what.
        own: the package that has a module for each class that is left out, named as the class, in any spelling.
    """

    kind: Literal["optimizer", "scheduler"]
    namespace: Namespace
    own: ModuleType

    def names(self) -> Iterable[str]:
        """The names of the classes, sorted."""
        own = {module.name.replace("_", "") for module in pkgutil.iter_modules(self.own.__path__)}
        return class_names(self.namespace, leave_out=own)

    def load(self, name: str) -> type[Any]:
        """The plugin class derived from the signature of the class called `name`.

        Raises:
            LookupError: the installed torch has no such class.
        """
        return plugin_class(self.kind, self.namespace.module, signature_of(self.namespace, name))


optimizers = TorchProvider("optimizer", Namespace("torch.optim", "Optimizer"), own_optimizers)
schedulers = TorchProvider("scheduler", Namespace("torch.optim.lr_scheduler", "LRScheduler"), own_schedulers)
