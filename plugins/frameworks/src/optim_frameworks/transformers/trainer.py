"""RecipeTrainer: a mixin that gives transformers' Trainer optimizer, schedule and clipping of a recipe."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import transformers
from torch.nn.utils import get_total_norm
from transformers import Trainer

from optim_core import OptimError, Recipe, registry
from optim_core.plugin_tools import group_names, listing
from optim_core.recipe import Optimization
from optim_frameworks.transformers.arguments import metric_in, refuse_arguments, refuse_needs, refuse_strangers
from optim_frameworks.transformers.pace import EpochEnds, Pace

if TYPE_CHECKING:
    from torch import Tensor

    _Base = Trainer
else:
    _Base = object

__all__ = ["RecipeTrainer"]

# Methods of Trainer that are not public and have no public stand-in; a version without one could not be trusted.
RELIED_ON = ("_clip_grad_norm", "_evaluate", "_load_best_model", "_save_checkpoint")
# What RecipeTrainer does in place of Trainer. Another class that does it too would never be asked.
REPLACED = ("create_optimizer", "create_scheduler", "create_optimizer_and_scheduler", "_clip_grad_norm")


class _Lengths(NamedTuple):
    total_steps: int
    steps_per_epoch: int | None


class RecipeTrainer(_Base):
    """Give Trainer the optimizer, the schedule and the clipping of a recipe; stand before it in the bases.

    Every other argument is Trainer's. What a recipe says must not be said by TrainingArguments too, and vice versa: a
    rate, a decay, a warmup, a schedule, a norm that is set there is an error.

    Args:
        recipe: a recipe, or the path or mapping that `registry.recipe` reads. ``trainer.recipe = …`` replaces it for
            the next `train`.
        changed: what happens where a run is resumed with another recipe or length than it was saved with: "error",
            "saved", "config" or a list of paths, as for `load_checkpoint`.

    Attributes:
        run: what the recipe made for the model, from `train` on; each `train` makes another.

    Example:
        >>> from transformers import Trainer
        >>> from optim_core import OptimError
        >>> from optim_frameworks.transformers import RecipeTrainer
        >>> class MyTrainer(RecipeTrainer, Trainer):
        ...     pass
        >>> try:
        ...     MyTrainer(model=None)
        ... except OptimError as error:
        ...     print(error)
        the recipe is missing: MyTrainer(…, recipe="train.yaml")
    """

    run: Optimization | None
    lr_scheduler: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if issubclass(cls, Trainer):
            _refuse_order(cls)
            _refuse_other_version()

    def __init__(self, *args: Any, recipe: Any = None, changed: Any = "error", **kwargs: Any) -> None:
        if not isinstance(self, Trainer):
            raise OptimError(
                f"{type(self).__name__} has no Trainer: class {type(self).__name__}(RecipeTrainer, Trainer)"
            )
        if recipe is None:
            raise OptimError(f'the recipe is missing: {type(self).__name__}(…, recipe="train.yaml")')
        self.run = None
        self._pace: Pace | None = None
        self._lengths: _Lengths | None = None
        self._resuming: Any = None
        self._recipe = _as_recipe(recipe)
        self._changed = changed
        super().__init__(*args, **kwargs)
        refuse_strangers(self)
        self._refuse_unfit()
        self.add_callback(EpochEnds(self))

    @property
    def recipe(self) -> Recipe:
        """The recipe of the next `train`; one that is set is checked as the first was."""
        return self._recipe

    @recipe.setter
    def recipe(self, recipe: Any) -> None:
        self._recipe = _as_recipe(recipe)
        self._refuse_unfit()
        if self._pace is not None:
            # An optimizer that was made before is not for this one.
            self._pace.begun = True

    def _refuse_unfit(self) -> None:
        refuse_arguments(self.args)
        refuse_needs(self._recipe, self)

    # -- making --------------------------------------------------------------------------------------------------

    def train(self, resume_from_checkpoint: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Train as Trainer does; an optimizer with modes leaves the model as it is to be evaluated."""
        self._resuming = resume_from_checkpoint or None
        try:
            output = super().train(resume_from_checkpoint, *args, **kwargs)
        finally:
            self._resuming = None
            if self._pace is not None:
                # What a train that failed has loaded is not for the next one.
                self._pace.begun = True
        if self.run is not None:
            self.run.eval()
        return output

    def set_initial_training_values(self, args: Any, dataloader: Any, *rest: Any) -> Any:
        """Note how long the run is going to be."""
        values = super().set_initial_training_values(args, dataloader, *rest)
        self._lengths = _Lengths(values[-1], values[1] if _has_length(dataloader) else None)
        return values

    def create_optimizer(self, model: Any = None) -> Any:
        """Make the run for the model; each `train` has one of its own, unless one was made for it and not used."""
        if self.optimizer is None or self._pace is None or self._pace.begun:
            self._refuse_unfit()
            model = self.model if model is None else model
            lengths = self._known_lengths()
            self.run = self._recipe.create(
                model, total_steps=lengths.total_steps, steps_per_epoch=lengths.steps_per_epoch
            )
            self._pace = Pace(self.run, self._changed, lengths.steps_per_epoch)
            self.optimizer = self.run.optimizer
            _differentiate(self.accelerator, twice="create_graph" in self._recipe.needs)
        return self.optimizer

    def _known_lengths(self) -> _Lengths:
        """Return the lengths of the run that begins, or, where nothing has begun, of one that would."""
        if self._lengths is None:
            self.set_initial_training_values(self.args, self.get_train_dataloader())
        lengths, self._lengths = self._lengths, None
        if lengths is None:
            raise OptimError("Trainer did not say how long the run is going to be")
        return lengths

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Return what moves the recipe's schedule; there is one, too, where the recipe has none, and nothing moves."""
        if self.run is None or self._pace is None:
            raise OptimError("the optimizer was not made by RecipeTrainer: call super().create_optimizer() in yours")
        if num_training_steps != self.run.horizon.total_steps:
            raise OptimError(
                f"the run was made for {self.run.horizon.total_steps} steps, and Trainer asks for a schedule of "
                f"{num_training_steps}"
            )
        self.lr_scheduler = self._pace
        return self.lr_scheduler

    def begin_run(self) -> None:
        """Check, before the first step, that what Trainer holds is the recipe's; `EpochEnds` calls it.

        Raises:
            OptimError: another optimizer or schedule stands there, or a run that was to go on did not find its state.
        """
        if self._pace is None or self.run is None or not _is_around(self.optimizer, self.run.optimizer):
            raise OptimError(
                f"Trainer is about to step an optimizer, {self.optimizer!r:.60}, that the recipe has not made: "
                "call super().create_optimizer() where you override it, and set no optimizer by hand"
            )
        if self.lr_scheduler is not self._pace:
            raise OptimError(
                "Trainer is about to move a schedule that is not the recipe's: call "
                "super().create_scheduler(num_training_steps) where you override it, and set no schedule by hand"
            )
        if self._resuming is not None and not self._pace.loaded:
            raise OptimError(
                f"resume_from_checkpoint={self._resuming!r}: Trainer found no optimizer and schedule there, and would "
                "go on with fresh ones: the checkpoint needs optimizer.pt and scheduler.pt (save_only_model=False). To "
                "begin anew with its weights, load them with from_pretrained, and train without resume_from_checkpoint"
            )
        self._refuse_lost_epochs(self.run)
        self._pace.begin()

    def _refuse_lost_epochs(self, run: Optimization) -> None:
        schedule = run.recipe.scheduler
        if schedule is None or schedule.interval != "epoch" or schedule.waits_for_metric:
            return
        if self._resuming is not None and self.pace.epoch is None:
            raise OptimError(
                f"{schedule.type} goes by epochs, and Trainer does not know in which epoch a run stopped whose data "
                "has no length: write interval: step beside its type, or give the data a length"
            )

    @property
    def pace(self) -> Pace:
        """What moves the schedule of the run, for `EpochEnds`.

        Raises:
            OptimError: there is no run yet.
        """
        if self._pace is None:
            raise OptimError("there is no run before train()")
        return self._pace

    # -- a step --------------------------------------------------------------------------------------------------

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        """Compute gradients as Trainer does, with an optimizer that has modes in training."""
        if self.run is not None:
            self.run.train()
        if self._pace is not None and not self._pace.begun:
            raise OptimError("the callback EpochEnds was removed, without which schedules by epochs do not move")
        return super().training_step(*args, **kwargs)

    def _clip_grad_norm(self, model: Any) -> Any:
        """Clip as the recipe says, and return the norm before; Trainer's own max_grad_norm does nothing."""
        if self.run is None or self._pace is None:
            return super()._clip_grad_norm(model)  # type: ignore[no-untyped-call]
        self.accelerator.unscale_gradients()
        norm = self._pace.clip(self.accelerator.scaler)
        # Trainer would compute a norm where there is none, and multiply the gradients by 1 as it does.
        return _norm_of(self._pace.loop.parameters()) if norm is None else norm

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log, beside the rate of the first group, that of each by its name."""
        if "learning_rate" in logs and self._pace is not None:
            rates = self._pace.rates
            names = group_names(self._pace.run.optimizer)
            by_name = {f"lr/{name}": rate for name, rate in zip(names, rates, strict=True)}
            logs = {**logs, "learning_rate": rates[0], **by_name}
        super().log(logs, *args, **kwargs)

    def _evaluate(self, trial: Any, ignore_keys_for_eval: Any, skip_scheduler: bool = False) -> dict[str, float]:
        metrics: dict[str, float] = super()._evaluate(trial, ignore_keys_for_eval, skip_scheduler=skip_scheduler)
        if self.run is not None and self._pace is not None and not skip_scheduler:
            schedule = self.run.recipe.scheduler
            if schedule is not None and schedule.waits_for_metric:
                self.run.end_epoch(metric_in(metrics, schedule, self.args))
        return metrics

    # -- optimizers that have other weights in evaluation --------------------------------------------------------

    def save_model(self, *args: Any, **kwargs: Any) -> None:
        """Save the model as it is evaluated."""
        with self._as_evaluated():
            super().save_model(*args, **kwargs)

    def _save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        # The optimizer is saved in training, from which a run goes on exactly.
        if self.run is not None:
            self.run.train()
        super()._save_checkpoint(*args, **kwargs)

    def _load_best_model(self) -> None:
        # The weights that are loaded are those of an evaluation; changing the mode later would change them.
        if self.run is not None:
            self.run.eval()
        super()._load_best_model()

    @contextlib.contextmanager
    def _as_evaluated(self) -> Iterator[None]:
        """Put the optimizer into evaluation, and after it back to exactly the weights that were there."""
        if self.run is None or self._pace is None or not self._pace.has_modes or self._pace.loop.in_eval:
            yield
            return
        parameters = list(self._pace.loop.parameters())
        kept = [parameter.detach().clone() for parameter in parameters]
        self.run.eval()
        try:
            yield
        finally:
            self.run.train()
            for parameter, weight in zip(parameters, kept, strict=True):
                parameter.data.copy_(weight)


def _as_recipe(recipe: Any) -> Recipe:
    if isinstance(recipe, Optimization):
        raise OptimError(
            "recipe= is given a run, which belongs to one model and one length: give the recipe, from which a run is "
            "made for each train()"
        )
    return recipe if isinstance(recipe, Recipe) else registry.recipe(recipe)


def _refuse_order(cls: type) -> None:
    order = cls.__mro__
    place, end = order.index(RecipeTrainer), order.index(Trainer)
    if place > end:
        first = next(base for base in order if issubclass(base, Trainer) and not issubclass(base, RecipeTrainer))
        raise OptimError(
            f"{cls.__name__}: RecipeTrainer stands after {first.__name__}, whose optimizer, schedule and clipping "
            f"would be taken: class {cls.__name__}(RecipeTrainer, {first.__name__})"
        )
    for base in order[place + 1 : end]:
        found = [name for name in REPLACED if name in vars(base)]
        if found:
            raise OptimError(
                f"{cls.__name__}: {listing(f'{base.__name__}.{name}' for name in found)} would never be called, as "
                "RecipeTrainer does the same by the recipe; take another base, or train with it and without a recipe"
            )


def _refuse_other_version() -> None:
    missing = [name for name in RELIED_ON if not callable(getattr(Trainer, name, None))]
    if missing:
        raise OptimError(
            f"Trainer of transformers {transformers.__version__} has no {listing(missing)}, which RecipeTrainer stands "
            "on; it was tried with transformers 5.23, and 5.3 is the oldest that has it"
        )


def _has_length(dataloader: Any) -> bool:
    try:
        return len(dataloader) is not None
    except (TypeError, NotImplementedError):
        return False


def _is_around(optimizer: Any, own: Any) -> bool:
    """Tell whether an optimizer is `own`, or what accelerate wraps around it."""
    while optimizer is not own and hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    return optimizer is own


def _differentiate(accelerator: Any, *, twice: bool) -> None:
    """Let the gradients keep their graph, or no longer; what Trainer calls for a loss has no argument for it."""
    if hasattr(accelerator.backward, "is_twice"):
        del accelerator.backward
    if not twice:
        return
    backward = type(accelerator).backward

    @wraps(backward)
    def with_graph(loss: Any, **kwargs: Any) -> None:
        with warnings.catch_warnings():
            # The step drops the gradients, after which the cycle that torch warns of is gone.
            warnings.filterwarnings("ignore", message=".*create_graph=True.*")
            backward(accelerator, loss, create_graph=True, **kwargs)

    with_graph.is_twice = True  # type: ignore[attr-defined]
    accelerator.backward = with_graph


def _norm_of(parameters: Iterable[Tensor]) -> Tensor:
    return get_total_norm([each.grad for each in parameters if each.grad is not None])
