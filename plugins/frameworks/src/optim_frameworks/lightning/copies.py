"""``lightning`` and ``pytorch_lightning`` are two copies of the same classes; each has to be given its own."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["callback_bases", "has_base", "is_of", "own_class"]

ROOTS = ("lightning.pytorch", "pytorch_lightning")


def has_base(cls: type[Any], name: str) -> bool:
    """Tell whether a class is, or is made from, the class of Lightning's that is called `name`, of either copy."""
    return any(base.__name__ == name and base.__module__.startswith(ROOTS) for base in cls.__mro__)


def is_of(instance: Any, name: str) -> bool:
    """Tell whether an object is of the class of Lightning's that is called `name`, of either copy."""
    return has_base(type(instance), name)


def own_class(cls: type[Any], bases: tuple[type[Any], ...]) -> type[Any]:
    """Return a class that is `cls` and of Lightning's classes `bases` as well; the same one each time."""
    key = (cls, bases)
    if key not in _MADE:
        _MADE[key] = type(cls.__name__, (cls, *bases), {"__module__": cls.__module__, "__doc__": cls.__doc__})
    return _MADE[key]


def callback_bases(root: str | None = None) -> tuple[type[Any], ...]:
    """Return the class of callbacks of a copy; without `root` those of each copy that is imported.

    Where none is imported yet, one that is installed is.
    """
    roots = [each for each in ROOTS if each in sys.modules] if root is None else [root]
    if not roots:
        installed = [each for each in ROOTS if find_spec(each.partition(".")[0])]
        roots = installed[:1] or ["lightning.pytorch"]
    return tuple(import_module(each).Callback for each in roots)


def root_of(instance: Any) -> str:
    """Return the copy that a LightningModule or a Trainer comes from."""
    for base in type(instance).__mro__:
        for root in ROOTS:
            if base.__module__.startswith(root):
                return root
    return ROOTS[0]


_MADE: dict[tuple[type[Any], tuple[type[Any], ...]], type[Any]] = {}
