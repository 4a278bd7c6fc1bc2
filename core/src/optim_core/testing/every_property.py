"""Loads every module that adds to the table, in the order in which the properties are checked."""

from __future__ import annotations

from importlib import import_module

__all__ = ["load"]

_MODULES = (
    "of_classes",
    "of_configs",
    "of_first_step",
    "of_fields",
    "of_steps",
    "of_entries",
    "of_long_runs",
    "of_gradients",
    "of_rates",
    "of_options",
    "of_states",
    "of_loading",
    "of_modes",
    "of_tensors",
    "of_schedulers",
    "of_scheduler_states",
    "of_lengths",
    "of_clippers",
    "of_gradients_to_clip",
    "of_processes",
    "of_copies",
)


def load() -> None:
    """Imports them; none imports torch."""
    for module in _MODULES:
        import_module(f"optim_core.testing.{module}")
