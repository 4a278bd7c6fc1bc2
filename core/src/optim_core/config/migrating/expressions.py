"""Factors of LambdaLR as text, for curves that no plugin has under a name."""

from __future__ import annotations

from typing import Any

from optim_core.config.issues import ConfigPath
from optim_core.config.migrating.library_names import TORCH, qualified
from optim_core.config.migrating.source import Source

__all__ = ["between", "number", "put_lambda", "share"]


def number(value: float) -> str:
    """Return a number as an expression has it: whole ones without a point."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def share(part: float, whole: float) -> str:
    """Return a rate as a share of another: ``0`` or ``1e-06 / 0.0005``, which is exact."""
    return "0" if not part else f"{number(part)} / {number(whole)}"


def between(lowest: str, factor: str) -> str:
    """Return what lies between `lowest`, at a factor of 0, and 1."""
    return factor if lowest == "0" else f"{lowest} + (1 - {lowest}) * ({factor})"


def put_lambda(source: Source, expression: str, interval: str, path: ConfigPath) -> None:
    """Put a schedule into the recipe that multiplies the rate by an expression in `step`."""
    config: dict[str, Any] = {"lr_lambda": expression}
    source.put(("scheduler", "type"), qualified(TORCH, "LambdaLR"), path)
    source.put(("scheduler", "config"), config, path)
    source.put(("scheduler", "interval"), interval, path)
