"""The provider: it takes names from the library's list of optimizers, and makes plugin classes from constructors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import attrs

from optim_core.bridge import Library, SourceModule, declared, wrapping
from optim_pytorch_optimizer.declared import DECLARED, needed
from optim_pytorch_optimizer.field_types import COEFFICIENT_CHECKS, types_of
from optim_pytorch_optimizer.groups import group_members
from optim_pytorch_optimizer.keyword_options import OPTION_CHECKS, OPTION_TEXTS, keyword_options
from optim_pytorch_optimizer.left_out import LEFT_OUT, reason
from optim_pytorch_optimizer.lora import by_pairs, lora_members
from optim_pytorch_optimizer.neighbours import NEIGHBOURS
from optim_pytorch_optimizer.ranges import checks_of
from optim_pytorch_optimizer.rates import rate_members
from optim_pytorch_optimizer.sources import about

__all__ = ["PytorchOptimizers", "optimizers"]

LIBRARY = "pytorch_optimizer"
_MODULE = f"{LIBRARY}.optimizer"
_LIST = "OPTIMIZER_LIST"


@attrs.frozen
class PytorchOptimizers:
    """Every optimizer that the library lists as its own and that is made from parameters and plain data alone.

    Neither torch nor the library is imported before something is built.
    """

    kind = "optimizer"

    def names(self) -> list[str]:
        """Return the names of the classes, sorted.

        Raises:
            ModuleNotFoundError: the library is not installed.
            LookupError: the library's list of optimizers is not where known releases have it, or cannot be read.
        """
        names = set(_listed(_library.module()))
        if not names:
            raise LookupError(
                f"the installed {LIBRARY} has no list of its optimizers, {_MODULE}.{_LIST}; install versions that fit: "
                f"pip install --upgrade optim-pytorch-optimizer {LIBRARY}"
            )
        return sorted(names - LEFT_OUT.keys())

    def load(self, name: str) -> type[Any]:
        """Return the plugin class for the optimizer called `name`.

        Raises:
            ModuleNotFoundError: the library is not installed.
            LookupError: the library has no such optimizer, or a config cannot describe it.
        """
        if name in LEFT_OUT:
            raise LookupError(f"{LIBRARY}.{name} {LEFT_OUT[name]}")
        return _library.plugin_class(name)

    def summary(self, name: str) -> str | None:
        """Return the first line that the library's class says of itself, and what is called alike."""
        return " ".join(filter(None, (_library.summary(name), NEIGHBOURS.get(name)))) or None

    def why_not(self, name: str) -> str | None:
        """Return why the library's class of this name is not offered, None for any other name."""
        said = reason(name)
        return None if said is None else f"it {said}"


def _plugin_class(module: SourceModule, name: str) -> type[Any]:
    found = module.find(name)
    if found is None:
        raise LookupError(f"the installed {LIBRARY} has no optimizer called {name}")
    made = wrapping(
        found,
        LIBRARY,
        types=types_of(found),
        checks={**checks_of(found), **OPTION_CHECKS, **COEFFICIENT_CHECKS},
        more=keyword_options(found),
        texts=OPTION_TEXTS,
        about=about(name),
        neighbours=NEIGHBOURS.get(name, ""),
        members={
            **group_members(found),
            **needed(name),
            **lora_members(name),
            **rate_members(name),
            "conformance": declared(DECLARED, name),
        },
        provider=f"{__name__}:optimizers",
    )
    if name == "LoRARite":
        made.build = by_pairs(made.build)
    return made


def _listed(module: SourceModule) -> Iterator[str]:
    """Yield the optimizers of the library's list, without those that it only passes on from torch."""
    listed = module.values.get(_LIST)
    for item in listed.elts if isinstance(listed, ast.List) else ():
        if isinstance(item, ast.Name) and module.imports.get(item.id, ("", ""))[0].startswith(LIBRARY):
            yield item.id


_library = Library(_MODULE, _plugin_class)
optimizers = PytorchOptimizers()
