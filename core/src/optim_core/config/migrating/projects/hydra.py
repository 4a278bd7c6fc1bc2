"""Configs of Hydra that name classes by ``_target_``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.issues import ConfigPath
from optim_core.config.migrating.constructed import Style, has_target, read_constructed
from optim_core.config.migrating.origins import Sure
from optim_core.config.migrating.source import Source

__all__ = ["read", "recognise"]

_TARGET = "_target_"
# What these say is of how Hydra makes the object, and changes nothing of it.
_OF_HYDRA = ("_partial_", "_recursive_", "_convert_")


def recognise(value: Any) -> Sure:
    """Say yes to `_target_` anywhere."""
    return "yes" if has_target(value, _TARGET) else "no"


def read(source: Source) -> None:
    """Read the classes that are named, and Lightning's clipping where its Trainer is among them."""
    read_constructed(source, Style(_TARGET, _arguments, short=False))


def _arguments(source: Source, value: Mapping[str, Any], path: ConfigPath) -> tuple[dict[str, Any], ConfigPath]:
    for key in (_TARGET, *_OF_HYDRA):
        source.take(*path, key)
    if value.get("_args_"):
        source.no_equal((*path, "_args_"), "an argument without a name", "give each argument by its name")
    source.take(*path, "_args_")
    return {key: below for key, below in value.items() if not key.startswith("_")}, path
