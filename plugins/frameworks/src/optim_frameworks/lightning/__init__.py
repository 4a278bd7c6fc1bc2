"""Recipes in Lightning: `RecipeModule` trains a LightningModule by one, `ClipGradients` clips, `lengths` counts steps.

`RecipeCLI` is LightningCLI with a recipe, and `recipe_from` for programs that parse their own options.

It works with ``lightning`` and with ``pytorch_lightning``, and imports neither: the module and the trainer say which;
`RecipeCLI` is that of the one that is imported before it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optim_frameworks.lightning.cli import RecipeCLI
    from optim_frameworks.lightning.cli_recipe import recipe_from
    from optim_frameworks.lightning.clipping import ClipGradients
    from optim_frameworks.lightning.module import RecipeModule
    from optim_frameworks.lightning.run_lengths import lengths

__all__ = ["ClipGradients", "RecipeCLI", "RecipeModule", "lengths", "recipe_from"]

_HOMES = {
    "ClipGradients": "clipping",
    "RecipeCLI": "cli",
    "RecipeModule": "module",
    "lengths": "run_lengths",
    "recipe_from": "cli_recipe",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
