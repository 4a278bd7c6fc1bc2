"""What a strategy that steps by itself asks of a recipe: DeepSpeed clips and steps within its engine."""

from __future__ import annotations

import attrs

from optim_core import Recipe
from optim_core.plugin_tools import listing

__all__ = ["clipped_by_engine", "refused_by_engine"]

_ENGINE = "deepspeed"


def refused_by_engine(strategy: str, recipe: Recipe | None) -> list[str]:
    """Say what a recipe asks for that a strategy does not do; nothing where it does all of it.

    Args:
        strategy: a `Strategy` of the training arguments.
        recipe: None of a module that says itself how it is trained.

    Example:
        >>> from optim_core import registry
        >>> from optim_training.strategies.stepping import refused_by_engine
        >>> clips = {"type": "value", "clip_value": 0.5}
        >>> recipe = registry.recipe({"optimizer": {"type": "AdamW"}, "gradient_clipping": clips})
        >>> refused_by_engine("ddp", recipe), refused_by_engine("deepspeed", recipe)
        ([], ['clips by the norm of all gradients alone, and the recipe by value'])
    """
    if strategy != _ENGINE or recipe is None:
        return []
    told = []
    if len(recipe.optimizers) > 1:
        told.append(f"trains with one optimizer, and the recipe has several: {listing(recipe.optimizers)}")
    if recipe.clippings and not _is_by_norm(recipe):
        types = listing([spec.type for spec in recipe.clippings])
        told.append(f"clips by the norm of all gradients alone, and the recipe by {types}")
    return told


def clipped_by_engine(strategy: str, recipe: Recipe | None) -> tuple[Recipe | None, float | None]:
    """Return a recipe without the clipping that the strategy does, and the norm above which it clips.

    Args:
        strategy: a `Strategy` of the training arguments.
        recipe: that `refused_by_engine` says nothing of.

    Example:
        >>> from optim_core import registry
        >>> from optim_training.strategies.stepping import clipped_by_engine
        >>> recipe = registry.recipe({"optimizer": {"type": "AdamW"}, "gradient_clipping": {"max_norm": 0.5}})
        >>> clipped, norm = clipped_by_engine("deepspeed", recipe)
        >>> clipped.clipper is None, norm, clipped_by_engine("ddp", recipe)[1]
        (True, 0.5, None)
    """
    if strategy != _ENGINE or recipe is None or recipe.clipper is None:
        return recipe, None
    return attrs.evolve(recipe, clipper=None), float(recipe.clipper.config.max_norm)


def _is_by_norm(recipe: Recipe) -> bool:
    clipper = recipe.clipper
    return clipper is not None and clipper.type == "norm" and clipper.config.norm_type == 2
