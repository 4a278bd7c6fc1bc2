"""The provider: names from the library's list of optimizers, plugin classes from their constructors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from typing import Any

import attrs

from optim_core.bridge import SourceModule, SourcePackage, wrapping
from optim_pytorch_optimizer.left_out import LEFT_OUT
from optim_pytorch_optimizer.ranges import checks_of

__all__ = ["PytorchOptimizers", "optimizers"]

LIBRARY = "pytorch_optimizer"
_LIST = "OPTIMIZER_LIST"


@attrs.frozen
class PytorchOptimizers:
    """Every optimizer that the library lists as its own and that is made from parameters and plain data alone.

    Neither torch nor the library is imported before something is built.
    """

    kind = "optimizer"

    def names(self) -> list[str]:
        """The names of the classes, sorted."""
        return sorted(set(_listed()) - LEFT_OUT.keys())

    def load(self, name: str) -> type[Any]:
        """The plugin class for the optimizer called `name`.

        Raises:
            LookupError: the installed library has none, or it cannot be made from a config.
        """
        if name in LEFT_OUT:
            raise LookupError(f"{LIBRARY}.{name} {LEFT_OUT[name]}")
        return _plugin_class(name)


@cache
def _plugin_class(name: str) -> type[Any]:
    module = _module()
    found = module.find(name) if module else None
    if found is None:
        raise LookupError(f"the installed {LIBRARY} has no optimizer called {name}")
    return wrapping(found, LIBRARY, checks=checks_of(found))


def _listed() -> Iterator[str]:
    """The optimizers of the library's list; those that it only passes on from torch are not its own."""
    module = _module()
    listed = module.values.get(_LIST) if module else None
    for item in listed.elts if module and isinstance(listed, ast.List) else ():
        if isinstance(item, ast.Name) and module and module.imports.get(item.id, ("", ""))[0].startswith(LIBRARY):
            yield item.id


@cache
def _module() -> SourceModule | None:
    package = SourcePackage.find(LIBRARY)
    return package.module(f"{LIBRARY}.optimizer") if package else None


optimizers = PytorchOptimizers()
