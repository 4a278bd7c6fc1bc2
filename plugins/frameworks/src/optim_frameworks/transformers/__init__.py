"""A recipe inside the Trainer of transformers: ``class MyTrainer(RecipeTrainer, Trainer)``."""

from optim_frameworks.transformers.trainer import RecipeTrainer

__all__ = ["RecipeTrainer"]
