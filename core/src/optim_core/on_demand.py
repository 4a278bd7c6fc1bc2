"""Names of a module that come from others, which are imported when such a name is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["names_on_demand"]


def names_on_demand(scope: dict[str, Any], homes: Mapping[str, Iterable[str]]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module.

    Args:
        scope: the module's ``globals()``, which keep what was asked for once.
        homes: full name of another module to the names that come from it.
    """
    home_of = {name: module for module, names in homes.items() for name in names}

    def attribute(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {scope['__name__']!r} has no attribute {name!r}")
        scope[name] = getattr(import_module(home_of[name]), name)
        return scope[name]

    return attribute
