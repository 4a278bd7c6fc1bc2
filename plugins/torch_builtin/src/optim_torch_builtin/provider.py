"""Providers for what a newer torch adds: optimizers and schedulers that have no config class here yet."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Any, ClassVar, Literal

import attrs

from optim_core.bridge import Library, LibraryClass, SourceModule, parse_docstring
from optim_torch_builtin import optimizers as own_optimizers
from optim_torch_builtin import schedulers as own_schedulers
from optim_torch_builtin.derived import plugin_class
from optim_torch_builtin.torch_classes import Namespace, described, is_below, live_classes, source_names

__all__ = ["TorchProvider", "optimizers", "schedulers"]


@attrs.frozen(eq=False)
class TorchProvider:
    """The public subclasses of a base class in one of torch's modules that have no plugin class in a module here.

    torch is not imported for it: its source files are read. Where it is imported already, what it has got since counts.

    Args:
        kind: "optimizer" or "scheduler".
        namespace: where in torch to look, and for what.
        own: the package that has a module for each class that is left out, named as the class, in any spelling.
    """

    kind: Literal["optimizer", "scheduler"]
    namespace: Namespace
    own: ModuleType
    # A torch that adds nothing is as it should be.
    may_be_empty: ClassVar[bool] = True
    _library: Library = attrs.field(init=False, repr=False)
    # Class to its plugin class, for classes that the source of torch does not show.
    _added: dict[type[Any], type[Any]] = attrs.field(init=False, repr=False, factory=dict)

    @_library.default
    def _library_of_namespace(self) -> Library:
        return Library(self.namespace.module, self._of_source)

    def names(self) -> Iterable[str]:
        """Return the names of the classes, sorted.

        Raises:
            LookupError: a file of torch cannot be read.
        """
        own = {module.name.replace("_", "") for module in pkgutil.iter_modules(self.own.__path__)}

        def wanted(name: str) -> bool:
            return not name.startswith("_") and name.lower() not in own

        live = live_classes(self.namespace)
        if live is not None:
            return sorted(filter(wanted, live))
        try:
            module = self._library.module()
        except ModuleNotFoundError:
            return []
        return sorted(source_names(module, self.namespace.base, wanted))

    def load(self, name: str) -> type[Any]:
        """Return the plugin class derived from the signature of the class called `name`.

        Raises:
            ModuleNotFoundError: torch is not installed.
            LookupError: the installed torch has no such class, or it cannot be made from a config.
        """
        live = (live_classes(self.namespace) or {}).get(name)
        if live is None or live.__module__.partition(".")[0] == "torch":
            try:
                return self._library.plugin_class(name)
            except (LookupError, ModuleNotFoundError):
                if live is None:
                    raise
        if live not in self._added:
            self._added.setdefault(live, self._plugin_class(described(name, live)))
        return self._added[live]

    def summary(self, name: str) -> str | None:
        """Return the first line that torch's class says of itself."""
        live = (live_classes(self.namespace) or {}).get(name)
        return self._library.summary(name) if live is None else parse_docstring(live.__doc__).summary or None

    def _of_source(self, module: SourceModule, name: str) -> type[Any]:
        found = module.find(name) if is_below(module, name, self.namespace.base) else None
        if found is None:
            raise LookupError(f"{self.namespace.module} has no {self.namespace.base} called {name}")
        return self._plugin_class(found)

    def _plugin_class(self, found: LibraryClass) -> type[Any]:
        return plugin_class(self.kind, self.namespace.module, found, provider=f"{__name__}:{self.kind}s")


optimizers = TorchProvider("optimizer", Namespace("torch.optim", "Optimizer"), own_optimizers)
schedulers = TorchProvider("scheduler", Namespace("torch.optim.lr_scheduler", "LRScheduler"), own_schedulers)
