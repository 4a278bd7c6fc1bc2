"""Configs of pytorch-template and its kin: ``optimizer: {type, args}``, ``lr_scheduler: {type, args}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.migrating.library_names import known, known_of_torch, names_of_torch
from optim_core.config.migrating.named_components import put_component
from optim_core.config.migrating.origins import Sure
from optim_core.config.migrating.source import MISSING, Source
from optim_core.kinds import Kind
from optim_core.text.spelling import nearest
from optim_core.text.values import shown

__all__ = ["read", "recognise"]

_KEYS: dict[str, tuple[Kind, str]] = {
    "optimizer": ("optimizer", "torch.optim"),
    "lr_scheduler": ("scheduler", "torch.optim.lr_scheduler"),
    "scheduler": ("scheduler", "torch.optim.lr_scheduler"),
}


def recognise(value: Any) -> Sure:
    """Say yes to an optimizer with `type` and `args`."""
    optimizer = value.get("optimizer") if isinstance(value, Mapping) else None
    return "yes" if isinstance(optimizer, Mapping) and {"type", "args"} <= set(optimizer) else "no"


def read(source: Source) -> None:
    """Read the classes of torch that the config names; its trainer steps the schedule once an epoch."""
    if source.at(("optimizer",)) in (MISSING, None):
        source.wrong(("optimizer",), "is missing", "this project's configs have `optimizer: {type: Adam, args: {…}}`")
    for key, (kind, module) in _KEYS.items():
        if source.at((key,)) not in (MISSING, None):
            _component(source, key, kind, module)


def _component(source: Source, key: str, kind: Kind, module: str) -> None:
    name, arguments = source.take(key, "type"), source.at((key, "args"))
    if not isinstance(name, str):
        source.wrong(
            (key, "type"), f"must name a class of {module}, is {'missing' if name is MISSING else shown(name)}"
        )
        return
    found = known_of_torch(name, kind) or known(name)
    if found is None or found.kind != kind:
        near = nearest(name, names_of_torch(kind))
        full = name if "." in name else f"{module}.{name}"
        source.no_equal((key, "type"), full, f"did you mean `{near}`?" if near else None)
        return
    given = {} if arguments in (MISSING, None) else arguments
    if not isinstance(given, Mapping):
        source.wrong((key, "args"), f"must be a mapping, is {shown(given)}")
        return
    put_component(source, (kind,), found, given, (key, "args"))
    source.put((kind, "type"), found.type, (key, "type"))
    if kind == "scheduler":
        source.put((kind, "interval"), "epoch")
        source.assume("scheduler.interval: epoch, as its trainer steps a schedule")
        if name == "ReduceLROnPlateau":
            source.assume("scheduler.config.monitor: none, as the config does not say what is passed to `step`")
