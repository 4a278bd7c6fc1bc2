"""A recipe in a Learner of fastai."""

from typing import Any

from fastai.callback.core import CancelStepException
from fastai.callback.schedule import ParamScheduler
from fastai.learner import Callback, Learner
from fastai.optimizer import OptimWrapper

from optim_core import OptimError, Recipe


class RecipeCallback(Callback):
    """Step by a recipe, in `learn.fit(epochs)`."""

    # After MixedPrecision, which unscales gradients, and after Recorder, which has the metrics.
    order = 60

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def before_fit(self) -> None:
        """Make the run, in the place of the optimizer that fastai has made, and whose rate `fit` has set."""
        if any(isinstance(each, ParamScheduler) for each in self.learn.cbs):
            raise OptimError("fit_one_cycle and its like set the rate over the recipe's schedule: call learn.fit")
        steps = len(self.dls.train)
        self.made = self.recipe.create(self.learn.model, total_steps=self.n_epoch * steps, steps_per_epoch=steps)
        self.learn.opt = OptimWrapper(opt=self.made.optimizer)

    def before_train(self) -> None:
        self.made.train()

    def before_step(self) -> None:
        """Clip, step and move the schedule; fastai's own step is left out."""
        self.made.step()
        raise CancelStepException

    def before_validate(self) -> None:
        self.made.eval()

    def after_epoch(self) -> None:
        self.made.train()
        self.made.end_epoch(dict(zip(self.recorder.metric_names[1:], self.learn.final_record, strict=False)))


def train(dls: Any, model: Any, loss: Any, recipe: Recipe, *, epochs: int) -> Any:
    """Train a model; the metrics of schedules that wait for one are fastai's: `valid_loss`."""
    callback = RecipeCallback(recipe)
    Learner(dls, model, loss, cbs=callback).fit(epochs)
    return callback.made
