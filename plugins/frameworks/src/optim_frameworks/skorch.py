"""A recipe inside skorch: `RecipeNet` before `NeuralNetClassifier`, or any other net, and ``recipe=…``.

Example:
    >>> import numpy, torch
    >>> from optim_core import registry
    >>> from optim_frameworks.skorch import RecipeNet
    >>> from skorch import NeuralNetRegressor
    >>> class Net(RecipeNet, NeuralNetRegressor):
    ...     '''A regressor that is trained as a recipe says.'''
    >>> recipe = registry.recipe({"optimizer": {"type": "AdamW"}, "scheduler": {"type": "cosine"}})
    >>> net = Net(torch.nn.Linear(8, 1), recipe=recipe, optimizer__lr=0.01, max_epochs=2, verbose=0)
    >>> fitted = net.fit(numpy.ones((64, 8), "float32"), numpy.ones((64, 1), "float32"))
    >>> net.run_.optimizer.param_groups[0]["lr"]
    0.0
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs
from skorch import NeuralNet
from skorch.callbacks import GradientNormClipping, LRScheduler
from skorch.dataset import unpack_data
from skorch.utils import TeeGenerator

from optim_core import ConfigError, Horizon, HorizonError, OptimError, Recipe, registry
from optim_core.plugin_tools import listing
from optim_core.specs import OptimizerSpec, PluginSpec

if TYPE_CHECKING:
    from torch import Tensor

    from optim_core import Optimization

# To a type checker the mixin is a net; in a class it stands before the net that it changes.
_Net: Any = NeuralNet if TYPE_CHECKING else object

__all__ = ["RecipeNet"]

# What a recipe says in place of these arguments of a net.
REPLACED = ("optimizer", "lr")
PARTS = ("optimizer", "scheduler", "clipper")
LENGTHS = ("total_steps", "steps_per_epoch", "epochs")
MONITOR = "valid_loss"


class RecipeNet(_Net):  # type: ignore[misc]
    """What a net of skorch needs to be trained as a recipe says; it stands before the net: ``(RecipeNet, NeuralNet)``.

    Optimizer, schedule and clipping are those of the recipe, stepped as `run.step` does it; ``optimizer`` and ``lr``
    are not given. ``optimizer__lr``, ``scheduler__num_warmup_steps`` or ``clipper__max_norm`` replace a field of the
    recipe, in the constructor, in `set_params` and in a grid search, which may go over whole recipes, too. A schedule
    that waits for a metric follows ``valid_loss``, or the column of the history that its `monitor` names.

    Args:
        args: what the net takes: the module.
        recipe: a recipe, or the mapping or file that `registry.recipe` makes one of.
        total_epochs: the length of the run, for a schedule that depends on it, where several calls of `partial_fit`
            make up the run; None is the number of epochs of the first.
        kwargs: what the net takes, ``max_epochs`` and all.

    A net that is initialized has the live objects as ``run_``. What it saves as ``f_optimizer`` is the whole run, with
    its schedule; what is loaded is checked as `run.load_state_dict` does.

    Raises:
        OptimError: `optimizer` or `lr` is given beside the recipe.

    Example:
        >>> import torch
        >>> from optim_core import ConfigError
        >>> from optim_frameworks.skorch import RecipeNet
        >>> from skorch import NeuralNetClassifier
        >>> class Net(RecipeNet, NeuralNetClassifier):
        ...     '''A classifier that is trained as a recipe says.'''
        >>> try:
        ...     Net(torch.nn.Linear(8, 2), recipe={"type": "AdamW"}, optimizer__lrr=0.1).initialize()
        ... except ConfigError as error:
        ...     print(str(error).partition("?")[0])
        optimizer__lrr: unknown key
            did you mean `lr`
    """

    run_: Optimization | None = None
    recipe_: Recipe | None = None
    epoch_is_due_ = False
    # The batches of this epoch that are trained on and were no step of the run.
    untaken_ = 0
    is_training_ = False
    epochs_asked_: int | None = None
    is_whole_ = False

    def __init__(
        self,
        *args: Any,
        recipe: Recipe | OptimizerSpec | Mapping[str, Any] | str | os.PathLike[str] | None = None,
        total_epochs: int | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(self, NeuralNet):
            raise OptimError("RecipeNet is no net by itself: class Net(RecipeNet, NeuralNetClassifier)")
        _refuse_replaced(kwargs)
        super().__init__(*args, **kwargs)
        defaults = inspect.signature(NeuralNet.__init__).parameters
        _refuse_replaced({key: 1 for key in REPLACED if getattr(self, key) != defaults[key].default})
        self.recipe = recipe
        self.total_epochs = total_epochs
        self.prefixes_ = [*self.prefixes_, *PARTS[1:]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        bases = cls.__mro__
        if NeuralNet in bases and bases.index(NeuralNet) < bases.index(RecipeNet):
            raise OptimError(f"RecipeNet stands before the net that it changes: class {cls.__name__}(RecipeNet, …)")

    def _get_param_names(self) -> list[str]:
        return [name for name in super()._get_param_names() if name not in REPLACED]

    # -- the live objects ----------------------------------------------------------------------------------------

    def initialize_optimizer(self, triggered_directly: Any = None) -> RecipeNet:
        """Make the optimizer of the recipe, and its schedule where that needs no length of the run.

        Args:
            triggered_directly: of no use, as in skorch.

        Raises:
            OptimError: there is no recipe, or one that skorch cannot carry out.
        """
        recipe = self._wanted()
        model = self._model()
        self.epoch_is_due_ = False
        try:
            run = recipe.create(model)
        except HorizonError:
            # How long the run is shows when it is given data.
            self.run_, self.recipe_ = None, recipe
            self.optimizer_ = recipe.optimizer.create_optimizer(model)
        else:
            self._hold(run)
        return self

    def _hold(self, run: Optimization) -> None:
        """Take a run for the one of this net."""
        with self._current_init_context("optimizer"):
            self.run_, self.recipe_, self.optimizer_ = run, run.recipe, run.optimizer

    def _wanted(self) -> Recipe:
        """Return the recipe with the fields that arguments of the net replace.

        Raises:
            ConfigError: the recipe is wrong, or one of these arguments.
            OptimError: there is no recipe, or one that skorch cannot carry out.
        """
        name = type(self).__name__
        if self.recipe is None:
            raise OptimError(f"{name} has no recipe: {name}(module, recipe=registry.recipe(…))")
        if hasattr(self, "accelerator"):
            raise OptimError(
                f"{name} has an accelerator, which steps optimizers in its own way: take the AccelerateMixin out, or "
                "train in a loop of your own, with optim_frameworks.accelerate"
            )
        recipe = _as_recipe(self.recipe)
        if len(recipe.optimizers) != 1:
            raise OptimError(f"a net has one optimizer, and the recipe has several: {listing(recipe.optimizers)}")
        replaced = self._with_arguments(recipe)
        schedule = replaced.scheduler
        if schedule is not None and schedule.waits_for_metric and schedule.interval == "step":
            raise OptimError(f"{schedule.type} waits for a metric at each step, and a net has one after each epoch")
        return replaced

    def _with_arguments(self, recipe: Recipe) -> Recipe:
        """Return a recipe with the fields that ``optimizer__lr`` and its like replace."""
        (name,) = recipe.optimizers
        specs = {
            "optimizer": recipe.optimizers[name],
            "scheduler": recipe.schedulers.get(name),
            "clipper": recipe.clipper,
        }
        given = {part: dict(self.get_params_for(part)) for part in PARTS}
        if not any(given.values()):
            return recipe
        changed = {part: _changed(part, spec, given[part]) for part, spec in specs.items()}
        recipe = attrs.evolve(
            recipe,
            optimizers={name: changed["optimizer"]},
            schedulers={} if changed["scheduler"] is None else {name: changed["scheduler"]},
            clipper=changed["clipper"],
        )
        _refuse_together(recipe)
        return recipe

    def _model(self) -> Any:
        """Return what has all the parameters that skorch trains: the module, or it with others and the criterion."""
        from torch.nn import Module, ModuleDict

        parts = {name: getattr(self, f"{name}_") for name in [*self._modules, *self._criteria]}
        trained = {
            name: part
            for name, part in parts.items()
            if isinstance(part, Module) and any(parameter.requires_grad for parameter in part.parameters())
        }
        return next(iter(trained.values())) if len(trained) == 1 else ModuleDict(trained)

    def set_params(self, **kwargs: Any) -> RecipeNet:
        """Set arguments of the net; a field of the recipe that changes in a run that has begun changes there.

        Args:
            kwargs: as in skorch. ``optimizer__lr=0.1`` leaves moments and counters as they are, and the schedule goes
                on from there as if it had always had this rate; another ``recipe`` begins anew.

        Raises:
            ConfigError: a field is unknown, or a value is not possible.
            OptimError: `optimizer` or `lr` is set beside the recipe.
        """
        _refuse_replaced(kwargs)
        fields = {key: value for key, value in kwargs.items() if key.partition("__")[0] in PARTS and "__" in key}
        super().set_params(**{key: value for key, value in kwargs.items() if key not in fields})
        if not fields and "recipe" not in kwargs:
            return self
        before = {key: self.__dict__[key] for key in fields if key in self.__dict__}
        self._params_to_validate |= fields.keys()
        self.__dict__.update(fields)
        if self.initialized_:
            try:
                self._renew("recipe" in kwargs)
            except OptimError:
                for key in fields:
                    self.__dict__.pop(key)
                self.__dict__.update(before)
                raise
        return self

    def _renew(self, anew: bool) -> None:
        """Make the run what the arguments say now; `anew` leaves nothing of the one before."""
        if anew or self.run_ is None:
            self._initialize_optimizer(reason=self._format_reinit_msg("optimizer", triggered_directly=False))
            return
        with _training(self.run_):
            run = self._wanted().create(self._model(), **_lengths_of(self.run_))
            run.load_state_dict(self.run_.state_dict(), changed="config")
            self._hold(run)

    # -- the loop ------------------------------------------------------------------------------------------------

    def partial_fit(self, X: Any, y: Any = None, classes: Any = None, **fit_params: Any) -> Any:  # noqa: N803 - skorch's
        """Train the net, which goes on where it was trained before.

        Args:
            X: as in skorch.
            y: as in skorch.
            classes: as in skorch.
            fit_params: as in skorch.

        Raises:
            OptimError: a callback does what the recipe does too, or the schedule does not fit the length of the run.
        """
        self.is_training_ = True
        try:
            return super().partial_fit(X, y, classes, **fit_params)
        finally:
            self.is_training_ = False

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **kwargs: Any) -> Any:  # noqa: N803 - skorch's
        """Train for some epochs, as skorch does it.

        Args:
            X: as in skorch.
            y: as in skorch.
            epochs: how many; None is ``max_epochs``.
            kwargs: as in skorch.
        """
        self.epochs_asked_ = self.max_epochs if epochs is None else epochs
        # What `fit` does is the whole run, unless it goes on with one.
        is_whole = kwargs.get("_routing_method") == "fit" and not self.warm_start
        self.is_whole_ = is_whole or self.total_epochs is not None
        try:
            return super().fit_loop(X, y, epochs, **kwargs)
        finally:
            self.epochs_asked_ = None

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        """Return what gives the batches; the length of that for training is the length of an epoch.

        Args:
            dataset: as in skorch.
            training: whether it is for training.

        Raises:
            OptimError: the schedule needs a length that is not known, or that is not the one it was made for.
        """
        iterator = super().get_iterator(dataset, training=training)
        if training and self.epochs_asked_:
            self._begin(iterator, self.epochs_asked_)
            self.epochs_asked_ = None
        return iterator

    def _begin(self, iterator: Any, epochs: int) -> None:
        """Make the run, where that has waited for its length, or check that it is long enough."""
        run = self.run_
        whole = epochs if self.total_epochs is None else self.total_epochs
        if epochs > whole:
            raise OptimError(f"total_epochs={whole} is the whole run, and {epochs} epochs are asked for: max_epochs")
        if run is not None and run.horizon.epochs is None:
            self._refuse_misfits(run, iterator, whole)
            return
        steps = _length(iterator)
        if run is None:
            self._hold(self._wanted().create(self._model(), steps_per_epoch=steps, epochs=whole))
            return
        horizon, schedule = run.horizon, run.recipe.scheduler
        name = schedule.type if schedule is not None else "the schedule"
        if steps != horizon.steps_per_epoch:
            made_for = horizon.steps_per_epoch
            raise OptimError(f"{name} was made for {made_for} steps an epoch, and the data has {steps} now")
        left = ((horizon.total_steps or 0) - self._loop().steps) // steps
        if epochs > left:
            raise OptimError(
                f"{name} was made for {horizon.epochs} epochs, of which {left} are left, and {epochs} are asked for: "
                f"set max_epochs={left}; or give the length of the whole run before it begins, total_epochs=…; or take "
                "a schedule that depends on no length"
            )

    def _refuse_misfits(self, run: Optimization, iterator: Any, epochs: int) -> None:
        """Refuse lengths in the config that a run of so many epochs cannot hold, where this call begins all of it.

        Raises:
            HorizonError: a warmup is as long as the run, or a milestone lies beyond it.
        """
        schedule = run.recipe.scheduler
        if schedule is None or not self.is_whole_ or self._loop().steps or not hasattr(iterator, "__len__"):
            return
        horizon = Horizon(steps_per_epoch=len(iterator), epochs=epochs)
        wrong = [
            f"{name}.{misfit.field} {misfit.sentence}: {misfit.hint}" for name, misfit in schedule.misfits(horizon)
        ]
        if wrong:
            raise HorizonError("; ".join(wrong))

    def train_step(self, batch: Any, **fit_params: Any) -> Any:
        """Take a step, with all that belongs to it: clipping, the optimizer's step, the schedule's.

        Args:
            batch: as in skorch.
            fit_params: as in skorch.
        """
        run = self._run()
        self._be_in("train")
        run.optimizer.zero_grad()
        accumulator = self.get_train_step_accumulator()

        def compute() -> Tensor:
            step = self.train_step_single(batch, **fit_params)
            accumulator.store_step(step)
            loss: Tensor = step["loss"]
            return loss

        def computed() -> None:
            named = TeeGenerator(self.get_all_learnable_params())
            self.notify("on_grad_computed", named_parameters=named, batch=batch, training=True)

        loop = self._loop()
        loop.host = _InSkorch(computed)
        try:
            loop.step(compute)
        finally:
            # It holds the net, which would be pickled with the run.
            loop.host = None
        self.untaken_ -= 1
        return accumulator.get_step()

    def train_step_single(self, batch: Any, **fit_params: Any) -> Any:
        """Compute the loss and its gradients.

        Args:
            batch: as in skorch.
            fit_params: as in skorch.
        """
        if "create_graph" not in self._run().recipe.needs:
            return super().train_step_single(batch, **fit_params)
        # As in skorch, but for backward(), which the step calls in the way that the optimizer needs.
        self._set_training(True)
        inputs, targets = unpack_data(batch)
        predicted = self.infer(inputs, **fit_params)
        return {"loss": self.get_loss(predicted, targets, X=inputs, training=True), "y_pred": predicted}

    def _run(self) -> Optimization:
        if self.run_ is None:
            raise OptimError("the run has not begun: call fit or partial_fit, which know how long it is")
        return self.run_

    def _loop(self) -> Any:
        run = self._run()
        return next(run[name] for name in run.optimizers)

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Call the callbacks; the schedules that go by epochs move after them.

        Args:
            method_name: as in skorch.
            cb_kwargs: as in skorch.

        Raises:
            OptimError: a callback does what the recipe does too.
        """
        if method_name == "on_train_begin":
            self._refuse_callbacks()
        if method_name == "on_epoch_begin":
            self.untaken_ = 0
        if method_name == "on_batch_begin" and cb_kwargs.get("training"):
            self.untaken_ += 1
        if method_name == "on_epoch_end":
            self._refuse_untaken()
            self.epoch_is_due_ = True
        super().notify(method_name, **cb_kwargs)
        if method_name == "on_epoch_end":
            self._end_epoch()

    def _refuse_untaken(self) -> None:
        """Refuse an epoch in which a `train_step` of the net's own took the place of the recipe's.

        Raises:
            OptimError: not each batch was a step.
        """
        if self.untaken_ > 0 and type(self).train_step is not RecipeNet.train_step:
            raise OptimError(
                f"{self.untaken_} batches of this epoch were no steps of the recipe, which neither clipped nor moved "
                f"its schedule: {type(self).__name__}.train_step does not call super().train_step(batch, **fit_params) "
                "once for each batch; a loss of your own belongs into get_loss or train_step_single"
            )

    def _end_epoch(self) -> None:
        """Step the schedules that go by epochs, once; a callback that saves the run does not wait for the others."""
        if self.epoch_is_due_:
            self._run().end_epoch(self._metric())
            self.epoch_is_due_ = False

    def _metric(self) -> Any:
        """Return what the schedule waits for at the end of an epoch, None where it waits for nothing."""
        schedule = self._run().recipe.scheduler
        if schedule is None or not schedule.waits_for_metric:
            return None
        monitor = schedule.monitor or MONITOR
        row = self.history[-1]
        if monitor not in row:
            has = [name for name, value in row.items() if isinstance(value, float)]
            raise OptimError(
                f"{schedule.type} follows `{monitor}`, and the history of the epoch has {listing(has)}: name one of "
                "these in the config, monitor: …; or let there be validation data, train_split=…; or place the scoring "
                "callback before the one that saves"
            )
        return row[monitor]

    def _refuse_callbacks(self) -> None:
        """Refuse callbacks that do what the recipe does."""
        recipe = self.recipe_
        for name, callback in self.callbacks_:
            clips = isinstance(callback, GradientNormClipping) and callback.gradient_clip_value is not None
            if clips and recipe is not None and recipe.clipper is not None:
                raise OptimError(
                    f"the callback {name} clips gradients, and so does the recipe, by {recipe.clipper.type}: take one "
                    "of the two out"
                )
            if isinstance(callback, LRScheduler) and recipe is not None and recipe.scheduler is not None:
                raise OptimError(
                    f"the callback {name} is a schedule, and the recipe has one, {recipe.scheduler.type}: take one of "
                    "the two out"
                )

    # -- modes ---------------------------------------------------------------------------------------------------

    def _set_training(self, training: bool = True) -> None:
        self._be_in("train" if training else "eval")
        super()._set_training(training)

    def _be_in(self, mode: str) -> None:
        """Tell an optimizer that has modes what is done now."""
        run = self.run_
        if run is not None and "modes" in run.recipe.needs and _is_in_eval(run) != (mode == "eval"):
            getattr(run, mode)()

    # -- saving and loading --------------------------------------------------------------------------------------

    def _get_module(self, name: str, msg: str) -> Any:
        return _SavedRun(self) if name == "optimizer_" else super()._get_module(name, msg)

    def save_params(self, f_params: Any = None, f_optimizer: Any = None, *args: Any, **kwargs: Any) -> None:
        """Save parts of the net; ``f_optimizer`` is the whole run.

        Args:
            f_params: as in skorch. With the run, and while the net is trained, the weights of an optimizer that has
                modes are those that it trains, else those that the net predicts with.
            f_optimizer: where the run goes: optimizer, schedule, counters and the recipe.
            args: as in skorch.
            kwargs: as in skorch.
        """
        if f_optimizer is None and not self.is_training_:
            super().save_params(f_params, f_optimizer, *args, **kwargs)
            return
        with _training(self.run_):
            super().save_params(f_params, f_optimizer, *args, **kwargs)

    def load_params(self, *args: Any, **kwargs: Any) -> None:
        """Load parts of the net, as `save_params` saved them.

        Args:
            args: as in skorch.
            kwargs: as in skorch.

        Raises:
            CheckpointMismatchError: the run that was saved is another one than that of this net.
        """
        self._be_in("train")
        super().load_params(*args, **kwargs)

    def _saved_run(self) -> dict[str, Any]:
        self._end_epoch()
        return self._run().state_dict()

    def _load_run(self, state: Mapping[str, Any]) -> None:
        """Go on with a saved run; one whose schedule depends on its length has the length that it was saved with."""
        run = self.run_
        lengths = state.get("lengths")
        if run is None:
            if not isinstance(lengths, Mapping):
                raise OptimError("f_optimizer was not saved by a RecipeNet: it holds no run")
            run = self._wanted().create(self._model(), **lengths)
        run.load_state_dict(state)
        self._hold(run)

    def __getstate__(self) -> dict[str, Any]:
        run = self.run_
        if run is None:
            state: dict[str, Any] = super().__getstate__()
            return state
        # An optimizer that is pickled loses what is no option of its groups, and a copy of it would have parameters of
        # its own: what is kept is how the run was made, and its state.
        live = {name: self.__dict__.pop(name) for name in ("run_", "optimizer_")}
        try:
            with _training(run) as was_in_eval:
                self.__dict__["run_state_"] = (_lengths_of(run), run.state_dict(), was_in_eval)
                state = super().__getstate__()
        finally:
            del self.__dict__["run_state_"]
            self.__dict__.update(live)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        saved = self.__dict__.pop("run_state_", None)
        if saved is not None and self.recipe_ is not None:
            lengths, run_state, was_in_eval = saved
            run = self.recipe_.create(self._model(), **lengths)
            run.load_state_dict(run_state)
            self._hold(run)
            if was_in_eval:
                run.eval()

    def trim_for_prediction(self) -> None:
        """Take out all that is for training."""
        super().trim_for_prediction()
        self.run_ = None


class _InSkorch:
    """The loop of skorch: `train_step_single` calls ``backward()``, unless the optimizer needs it in another way."""

    scaler = None

    def __init__(self, computed: Callable[[], None]) -> None:
        self._computed = computed

    def is_due(self, loop: Any, loss: Any) -> bool:
        return True

    def backward(self, loss: Tensor, **arguments: Any) -> None:
        if arguments:
            loss.backward(**arguments)
        self._computed()

    def after_step(self, loop: Any, done: Any) -> None:
        """Do nothing."""


class _SavedRun:
    """What skorch saves and loads as the optimizer."""

    def __init__(self, net: RecipeNet) -> None:
        self._net = net

    def state_dict(self) -> dict[str, Any]:
        return self._net._saved_run()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._net._load_run(state)


def _is_in_eval(run: Optimization) -> bool:
    return any(run[name].in_eval for name in run.optimizers)


@contextmanager
def _training(run: Optimization | None) -> Iterator[bool]:
    """Have the weights that are trained in the model, then those that were there; tell whether these are others."""
    was_in_eval = run is not None and _is_in_eval(run)
    if run is not None and was_in_eval:
        run.train()
    try:
        yield was_in_eval
    finally:
        if run is not None and was_in_eval:
            run.eval()


def _lengths_of(run: Optimization) -> dict[str, Any]:
    return {name: getattr(run.horizon, name) for name in LENGTHS}


def _refuse_replaced(given: Iterable[str]) -> None:
    """Refuse arguments in whose place the recipe stands."""
    for key in REPLACED:
        if key in given:
            raise OptimError(
                f"`{key}` is given beside a recipe, which says it: take it out; optimizer__lr=… replaces the rate of "
                "the recipe, and other fields likewise"
            )


def _as_recipe(given: Any) -> Recipe:
    if isinstance(given, Recipe):
        return given
    return Recipe(optimizers={"default": given}) if isinstance(given, OptimizerSpec) else registry.recipe(given)


def _changed(part: str, spec: PluginSpec | None, fields: dict[str, Any]) -> Any:
    """Return a spec with other values in some fields, told by the arguments of the net where they are wrong."""
    if spec is None:
        if fields:
            raise OptimError(f"{part}__{next(iter(fields))} is set, and the recipe has no {part}")
        return None
    if part == "optimizer" and "param_groups" in fields:
        raise OptimError("optimizer__param_groups is skorch's: write param_groups in the config of the recipe")
    try:
        return spec.changed(**fields)
    except ConfigError as error:
        raise type(error)(
            [attrs.evolve(problem, path=f"{part}__{problem.path}") for problem in error.problems]
        ) from None


def _refuse_together(recipe: Recipe) -> None:
    """Refuse fields that are right by themselves, and not beside each other."""
    reader = recipe.made_by.registry
    if reader is None:
        return
    try:
        config = reader.to_config(recipe)
    except ConfigError:
        # A field holds what no file can, such as a function, so that no config says it.
        return
    reader.recipe(config)


def _length(iterator: Any) -> int:
    try:
        return len(iterator)
    except TypeError:
        raise OptimError(
            f"the schedule needs the length of an epoch, and {type(iterator).__name__} has none: take a schedule whose "
            "config says its length, or data whose length is known"
        ) from None
