"""The kinds of plugins."""

from __future__ import annotations

from typing import Literal

__all__ = ["BUILD_ARGUMENTS", "KINDS", "Kind"]

Kind = Literal["optimizer", "scheduler", "clipper"]

KINDS: tuple[Kind, ...] = ("optimizer", "scheduler", "clipper")

# What `build` is called with, after self.
BUILD_ARGUMENTS: dict[Kind, tuple[str, ...]] = {
    "optimizer": ("params",),
    "scheduler": ("optimizer", "horizon"),
    "clipper": (),
}
