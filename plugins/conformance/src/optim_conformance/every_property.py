"""Loads every module that adds to the table, in the order in which the properties are checked."""

from __future__ import annotations

from importlib import import_module

__all__ = ["load"]

_MODULES = (
    "classes",
    "configs",
    "first_step",
    "fields",
    "steps",
    "entries",
    "long_runs",
    "gradients",
    "rates",
    "options",
    "states",
    "loading",
    "modes",
    "loops",
    "tensors",
    "schedulers",
    "scheduler_states",
    "lengths",
    "clippers",
    "gradients_to_clip",
    "models",
    "datasets",
    "loggers",
    "demos",
    "processes",
    "copies",
)


def load() -> None:
    """Import the modules of all properties; none imports torch."""
    for module in _MODULES:
        import_module(f"optim_conformance.properties.{module}")
