"""The recipe of a module, from whatever the module has of it; and recipes as plain data among hyperparameters."""

from __future__ import annotations

from typing import Any

from optim_core import OptimError, OptimizerSpec, Recipe, registry
from optim_core.plugin_tools import with_article
from optim_core.recipe import SINGLE

__all__ = ["as_plain_data", "recipe_of"]


def recipe_of(module: Any) -> Recipe:
    """Return the recipe of a module: ``self.recipe``, which may also be a config, its path, or an optimizer's spec.

    Raises:
        OptimError: it has none.
        ConfigError: a config is wrong.
    """
    name = type(module).__name__
    given = getattr(module, "recipe", None)
    if given is None:
        raise OptimError(
            f'{name} has no recipe: set self.recipe = registry.recipe("train.yaml") in its __init__, after '
            "super().__init__()"
        )
    if isinstance(given, Recipe):
        return given
    if isinstance(given, OptimizerSpec):
        return Recipe(optimizers={SINGLE: given})
    if callable(given) or isinstance(given, (int, float)):
        raise OptimError(f"self.recipe of {name} is {with_article(type(given).__name__)}; it is a recipe or a config")
    return registry.recipe(given)


def as_plain_data(value: Any) -> Any:
    """Return a recipe or a spec as the config that builds it again, and anything else as it is."""
    return registry.to_config(value) if isinstance(value, (Recipe, OptimizerSpec)) else value
