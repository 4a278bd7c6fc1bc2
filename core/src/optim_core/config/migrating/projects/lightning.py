"""Configs of Lightning's CLI, and of jsonargparse, that name classes by ``class_path``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.issues import ConfigPath
from optim_core.config.migrating.constructed import Style, has_target, read_constructed
from optim_core.config.migrating.origins import Sure
from optim_core.config.migrating.source import Source
from optim_core.text.values import shown

__all__ = ["read", "recognise"]

_TARGET = "class_path"


def recognise(value: Any) -> Sure:
    """Say yes to `class_path` anywhere."""
    return "yes" if has_target(value, _TARGET) else "no"


def read(source: Source) -> None:
    """Read the classes that are named, and the clipping of the Trainer."""
    read_constructed(source, Style(_TARGET, _arguments, short=True))


def _arguments(source: Source, value: Mapping[str, Any], path: ConfigPath) -> tuple[dict[str, Any], ConfigPath]:
    source.take(*path, _TARGET)
    given = value.get("init_args")
    if given is not None and not isinstance(given, Mapping):
        source.wrong((*path, "init_args"), f"must be a mapping, is {shown(given)}")
        given = None
    more = source.take(*path, "dict_kwargs")
    return {**(given or {}), **(more if isinstance(more, Mapping) else {})}, (*path, "init_args")
