"""The classes of one of torch's modules: from the module where it is loaded, else from its source.

Reading the source keeps ``optim list`` and ``optim validate`` fast, and free of torch's import.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from optim_core.bridge import Argument, LibraryClass, Opaque, SourceModule, is_plain, unquoted

__all__ = ["Namespace", "described", "is_below", "live_classes", "source_names"]

_CLASS = re.compile(r"^class (\w+)", re.MULTILINE)


@attrs.frozen
class Namespace:
    """A module, and the base class of what is looked for in it.

    Args:
        module: "torch.optim", or one below it.
        base: the name of the base class, which is itself left out.
    """

    module: str
    base: str


def live_classes(namespace: Namespace) -> dict[str, type[Any]] | None:
    """Return the subclasses in the module, without the base; None where the module is not, or not wholly, imported."""
    module = sys.modules.get(namespace.module)
    base = getattr(module, namespace.base, None)
    if base is None:
        return None
    return {
        name: found
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, base) and found is not base
    }


def source_names(module: SourceModule, base: str, wanted: Callable[[str], bool]) -> Iterator[str]:
    """Yield the names of the subclasses that the source of a module shows, where they are wanted.

    Raises:
        LookupError: a file cannot be read.
    """
    # Parsing a large file takes long, and most often nothing in it is wanted: a look at the text says so.
    names = dict.fromkeys(_CLASS.findall(module.file.read_text(encoding="utf-8")))
    if module.file.name == "__init__.py":
        names |= dict.fromkeys(module.imports)
    return (name for name in filter(wanted, names) if is_below(module, name, base))


def is_below(module: SourceModule, name: str, base: str) -> bool:
    """Return whether `name` is a class that has `base` among its ancestors."""
    return name != base and any(node.name == base for _, node in module.outlines(name))


def described(name: str, found: type[Any]) -> LibraryClass:
    """Return what the signature of a class that is imported shows."""
    parameters = [
        parameter
        for parameter in inspect.signature(found).parameters.values()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    return LibraryClass(name=name, arguments=tuple(map(_argument, parameters)), docstring=inspect.getdoc(found) or "")


def _argument(parameter: inspect.Parameter) -> Argument:
    annotation, default = parameter.annotation, parameter.default
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    node = None if annotation is parameter.empty else unquoted(ast.Constant(text))
    if default is parameter.empty:
        return Argument(parameter.name, node, attrs.NOTHING)
    return Argument(parameter.name, node, default if is_plain(default) else Opaque(repr(default)))
