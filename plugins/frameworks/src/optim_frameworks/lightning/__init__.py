"""Recipes in Lightning: `RecipeModule` trains a LightningModule by one, `ClipGradients` clips, `lengths` counts steps.

It works with ``lightning`` and with ``pytorch_lightning``, and imports neither: the module and the trainer say which.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optim_frameworks.lightning.clipping import ClipGradients
    from optim_frameworks.lightning.module import RecipeModule
    from optim_frameworks.lightning.run_lengths import lengths

__all__ = ["ClipGradients", "RecipeModule", "lengths"]

_HOMES = {"ClipGradients": "clipping", "RecipeModule": "module", "lengths": "run_lengths"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
