"""RecipeModule: what makes a LightningModule train as its recipe says."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import attrs

from optim_core import HorizonError, OptimError, Recipe
from optim_core.plugin_tools import listing
from optim_core.recipe import SINGLE
from optim_frameworks.lightning.by_hand import ByHand
from optim_frameworks.lightning.callback import is_attached, recipe_callback
from optim_frameworks.lightning.clipping import scaler_of
from optim_frameworks.lightning.copies import has_base
from optim_frameworks.lightning.live import Held, Watched
from optim_frameworks.lightning.recipes import as_plain_data, recipe_of
from optim_frameworks.lightning.refusals import refuse_live, refuse_what_does_not_go_together
from optim_frameworks.lightning.resuming import check, evaluated, trained
from optim_frameworks.lightning.run_lengths import lengths, repair_of
from optim_frameworks.lightning.schedules import scheduler_config
from optim_frameworks.lightning.tools import RATE, refuse_tools, waits_for_groups

if TYPE_CHECKING:
    from optim_core.recipe import Optimization

__all__ = ["RecipeModule"]

_OPTIMIZED = "optimized"


class RecipeModule:
    """The half of a LightningModule that a recipe is: optimizers, schedules at their own pace, clipping.

    Write it before Lightning's class, and set `self.recipe`, a recipe or its config; everything else of the module is
    as ever. `self.optimized` is what is trained: the module itself, or a model, or, for a recipe of named optimizers,
    a mapping of their names to models. `self.run` is what the recipe created, during and after ``fit``.

    What would go wrong in silence is an `OptimError` before the first step: clipping in the Trainer beside the
    recipe's, a plateau without a `monitor`, a length that a schedule needs and the Trainer does not know, and the like.

    Example:
        >>> import lightning as L, torch
        >>> from optim_core import registry
        >>> from optim_frameworks.lightning import RecipeModule
        >>> class Model(RecipeModule, L.LightningModule):
        ...     def __init__(self, recipe):
        ...         super().__init__()
        ...         self.recipe = recipe
        ...         self.layer = torch.nn.Linear(8, 2)
        ...     def training_step(self, batch):
        ...         return self.layer(batch).square().mean()
        >>> config = {"optimizer": {"type": "AdamW"}, "scheduler": "cosine", "gradient_clipping": {"max_norm": 1.0}}
        >>> model = Model(registry.recipe(config))
        >>> quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu")
        >>> trainer = L.Trainer(max_epochs=2, enable_model_summary=False, **quiet)
        >>> trainer.fit(model, torch.utils.data.DataLoader(torch.ones(10, 8)))
        >>> model.run.horizon.total_steps, model.run.scheduler.get_last_lr()
        (20, [0.0])
    """

    changed: Any = "error"
    """What happens where a run goes on with another config or length than it was saved with: "error", "saved",
    "config", or a list of paths, as `Optimization.load_state_dict` takes it."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        own, others = cls.__mro__.index(RecipeModule), [base for base in cls.__mro__ if has_base(base, _MODULE)]
        lightnings = [base for base in others if base.__name__ == _MODULE and not issubclass(base, RecipeModule)]
        if any(cls.__mro__.index(base) < own for base in lightnings):
            raise OptimError(
                f"{cls.__name__} names RecipeModule after LightningModule, whose methods would be taken in place of "
                f"RecipeModule's: class {cls.__name__}(RecipeModule, LightningModule)"
            )
        if lightnings:
            # TorchScript compiles every property that is not listed.
            listed = getattr(lightnings[0], "__jit_unused_properties__", [])
            cls.__jit_unused_properties__ = [*listed, "run", RATE, _OPTIMIZED]  # type: ignore[attr-defined]

    def __setattr__(self, name: str, value: Any) -> None:
        # A model that is set on a module becomes a part of it, with its weights in every checkpoint once more.
        if name == _OPTIMIZED and not isinstance(vars(type(self)).get(name), property):
            vars(self)["_optimized"] = value
        else:
            super().__setattr__(name, value)

    @property
    def optimized(self) -> Any:
        """What is trained: a model, or a mapping of the optimizers' names to models; by default the module itself."""
        return vars(self).get("_optimized", self)

    @property
    def run(self) -> Optimization:
        """What the recipe created for the last ``fit``: its optimizers, schedules and clipping.

        Raises:
            OptimError: there was no ``fit`` yet.
        """
        run: Optimization | None = self._live().run
        # TorchScript looks at every property, whether it is used or not.
        if run is None and not getattr(self, "_jit_is_scripting", False):
            raise OptimError(
                f"{type(self).__name__} has no run before trainer.fit(…), which creates it in configure_optimizers"
            )
        return cast("Optimization", run)

    @property
    def recipe_lr(self) -> float:
        """The rate of the recipe's one optimizer, as ``Tuner(trainer).lr_find(model, attr_name="recipe_lr")`` sets it.

        Setting it changes `self.recipe`, for runs that begin later.
        """
        rate: float = recipe_of(self).optimizer.config.lr
        return rate

    @recipe_lr.setter
    def recipe_lr(self, rate: float) -> None:
        module, recipe = cast("Any", self), recipe_of(self)
        name = next(iter(recipe.optimizers))
        module.recipe = attrs.evolve(recipe, optimizers={name: recipe.optimizer.changed(lr=float(rate))})
        if "recipe" in getattr(module, "hparams", {}):
            module.hparams["recipe"] = as_plain_data(module.recipe)

    def _live(self) -> Held:
        held: Held = vars(self).setdefault("_held", Held())
        return held

    # -- what Lightning asks ---------------------------------------------------------------------------------------

    def configure_callbacks(self) -> Any:
        """Return the callbacks of the module, of which one is the recipe's.

        Example:
            >>> import lightning as L
            >>> from optim_frameworks.lightning import RecipeModule
            >>> class Model(RecipeModule, L.LightningModule):
            ...     pass
            >>> [type(callback).__name__ for callback in Model().configure_callbacks()]
            ['RecipeCallback']
        """
        lightning = cast("Any", super())
        given = lightning.configure_callbacks()
        others = list(given) if isinstance(given, (list, tuple)) else [given]
        trainer = vars(self).get("_trainer")
        return others if trainer is not None and is_attached(trainer) else [*others, recipe_callback(self)]

    def configure_optimizers(self) -> Any:
        """Create what the recipe asks for, and tell Lightning of it: intervals, monitors, frequencies and names.

        Raises:
            OptimError: the module, the recipe and the Trainer do not go together.

        Example:
            >>> import lightning as L, torch
            >>> from optim_core import registry
            >>> from optim_frameworks.lightning import RecipeModule
            >>> class Model(RecipeModule, L.LightningModule):
            ...     def configure_optimizers(self):
            ...         told = super().configure_optimizers()
            ...         print(told["lr_scheduler"]["name"], told["lr_scheduler"]["interval"])
            ...         return told
            ...     def training_step(self, batch):
            ...         return self.layer(batch).mean()
            >>> model = Model()
            >>> model.layer = torch.nn.Linear(8, 2)
            >>> model.recipe = registry.recipe({"optimizer": {"type": "SGD"}, "scheduler": "cosine"})
            >>> quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu")
            >>> trainer = L.Trainer(max_steps=2, enable_model_summary=False, **quiet)
            >>> trainer.fit(model, torch.utils.data.DataLoader(torch.ones(10, 8)))
            lr-SGD step
        """
        module = cast("Any", self)
        trainer, recipe = module.trainer, recipe_of(self)
        self._refuse_without_callback(trainer)
        refuse_what_does_not_go_together(recipe, trainer, module)
        run = self._create(recipe, trainer)
        refuse_live(recipe, trainer, run.optimizers)
        refuse_tools(trainer, run)
        self._refuse_strangers(run)
        watched = {
            name: Watched(
                type(optimizer).__name__ if name == SINGLE else name,
                is_clipped=recipe.clipping_of(name) is not None,
                has_closure="closure" in recipe.needs_of(name),
            )
            for name, optimizer in run.optimizers.items()
        }
        held = self._live()
        held.begin(run, watched, ByHand(self))
        if held.saved is not None:
            held.later_groups = waits_for_groups(run, held.saved, trainer)
            if not held.later_groups:
                check(run, held.saved, self.changed)
        by_hand = not module.automatic_optimization
        told: list[dict[str, Any]] = []
        for name, optimizer in run.optimizers.items():
            told.append({"optimizer": optimizer})
            if name in run.schedulers:
                told[-1]["lr_scheduler"] = scheduler_config(recipe, name, run, trainer, by_hand=by_hand)
        return told[0] if len(told) == 1 else told

    def _refuse_without_callback(self, trainer: Any) -> None:
        if not is_attached(trainer):
            raise OptimError(
                f"configure_callbacks of {type(self).__name__} leaves out the callback of RecipeModule: return "
                "[*super().configure_callbacks(), …]"
            )

    def _refuse_strangers(self, run: Optimization) -> None:
        """Refuse to train only parameters that the module has not, and which no loss of its depends on."""
        own = {id(parameter) for parameter in cast("Any", self).parameters()}
        for name in run.optimizers:
            if not any(id(parameter) in own for parameter in run[name].parameters()):
                what = "self.optimized" if name == SINGLE else f'self.optimized["{name}"]'
                raise OptimError(
                    f"{what} has none of the parameters of {type(self).__name__}, which would not be trained: set it "
                    "where the model is made that training_step calls, such as in configure_model"
                )

    def _create(self, recipe: Recipe, trainer: Any) -> Optimization:
        """Make the live objects, for the lengths that the run will have."""
        try:
            horizon: dict[str, Any] = {**lengths(trainer)}
            # A run that only tries the code is shorter than a warmup may be.
            return recipe.create(self._models(recipe), **horizon, any_length=bool(trainer.fast_dev_run))
        except HorizonError as error:
            if error.needs is None:
                raise
            raise HorizonError(f"{error.reason}, which the Trainer does not know: {repair_of(trainer)}") from None

    def _models(self, recipe: Recipe) -> Any:
        models = self.optimized
        is_mapping = isinstance(models, Mapping) or (models is not self and hasattr(models, "keys"))
        if len(recipe.optimizers) > 1 and not is_mapping:
            mapping = ", ".join(f'"{name}": self.…' for name in recipe.optimizers)
            raise OptimError(
                f"the recipe has several optimizers, {listing(recipe.optimizers)}, and one model: set self.optimized = "
                f"{{{mapping}}} in the __init__ of {type(self).__name__}"
            )
        return models

    def configure_gradient_clipping(
        self, optimizer: Any, gradient_clip_val: Any = None, gradient_clip_algorithm: Any = None
    ) -> None:
        """Clip as the recipe says; where it does not clip, as the Trainer says.

        Args:
            optimizer: that is about to step; its gradients are there and unscaled.
            gradient_clip_val: the Trainer's, None where the recipe clips.
            gradient_clip_algorithm: the Trainer's.

        Example:
            >>> from optim_frameworks.lightning import RecipeModule
            >>> callable(RecipeModule.configure_gradient_clipping)
            True
        """
        if not self._live().clip(optimizer):
            lightning = cast("Any", super())
            lightning.configure_gradient_clipping(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        """Step a schedule, unless a GradScaler left out the step of the optimizer, or its metric is not new.

        Args:
            scheduler: one of the run's.
            metric: what a schedule that waits for a metric is given, else None.

        Example:
            >>> from optim_frameworks.lightning import RecipeModule
            >>> callable(RecipeModule.lr_scheduler_step)
            True
        """
        held = self._live()
        name = held.name_by_scheduler(scheduler)
        if name is not None:
            loop = held.run[name]
            if "metric" in loop.needs and held.metrics.is_old(name, cast("Any", self).trainer):
                return
            if loop.interval == "step" and self._was_skipped(held.watched[name]):
                return
        lightning = cast("Any", super())
        lightning.lr_scheduler_step(scheduler, metric)

    def log(self, name: str, value: Any, *args: Any, **kwargs: Any) -> None:
        """Log as Lightning does, and note when a metric is new for which a schedule waits.

        Args:
            name: as Lightning takes it.
            value: as Lightning takes it.
            args: as Lightning takes them.
            kwargs: as Lightning takes them.

        Example:
            >>> from optim_frameworks.lightning import RecipeModule
            >>> callable(RecipeModule.log)
            True
        """
        lightning = cast("Any", super())
        lightning.log(name, value, *args, **kwargs)
        trainer = vars(self).get("_trainer")
        if trainer is not None and not trainer.sanity_checking:
            self._live().metrics.logged(name, trainer)

    def _was_skipped(self, watched: Watched) -> bool:
        skipped = watched.was_skipped()
        return skipped and scaler_of(cast("Any", self).trainer) is not None

    def backward(self, loss: Any, *args: Any, **kwargs: Any) -> None:
        """Compute gradients, with a graph of them where the optimizer differentiates them again.

        Raises:
            OptimError: ``configure_optimizers`` was overridden, so that the recipe has made nothing.

        Example:
            >>> from optim_frameworks.lightning import RecipeModule
            >>> callable(RecipeModule.backward)
            True
        """
        lightning = cast("Any", super())
        held = self._live()
        if held.run is None and vars(self).get("_trainer") is not None:
            raise OptimError(
                f"configure_optimizers of {type(self).__name__} overrides RecipeModule's, so that its recipe does "
                "nothing: take it away, or return super().configure_optimizers()"
            )
        if held.run is None or "create_graph" not in held.run.recipe.needs:
            lightning.backward(loss, *args, **kwargs)
            return
        with warnings.catch_warnings():
            # The gradients, and with them their graph, go when they are set to None, before the next backward.
            warnings.filterwarnings("ignore", message=".*create_graph=True.*")
            lightning.backward(loss, *args, **{"create_graph": True, **kwargs})

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leave the weights for evaluation in a checkpoint of weights alone, where those that are trained are others.

        Args:
            checkpoint: that is about to be written.

        Example:
            >>> from optim_frameworks.lightning import RecipeModule
            >>> callable(RecipeModule.on_save_checkpoint)
            True
        """
        lightning, module = cast("Any", super()), cast("Any", self)
        lightning.on_save_checkpoint(checkpoint)
        run, trainer = self._live().run, module.trainer
        if run is None or "optimizer_states" in checkpoint or trainer.strategy.restore_checkpoint_after_setup:
            return
        weights = trained(run, module)
        if weights and not any(run[name].in_eval for name in run.optimizers):
            checkpoint["state_dict"] = evaluated(run, trainer, weights)

    def save_hyperparameters(self, *args: Any, **kwargs: Any) -> None:
        """Save hyperparameters as Lightning does, and a recipe among them as its config.

        A checkpoint then holds plain data, which loads with ``weights_only=True`` and which loggers can write.

        Args:
            args: as Lightning takes them.
            kwargs: as Lightning takes them.

        Example:
            >>> import lightning as L
            >>> from optim_core import registry
            >>> from optim_frameworks.lightning import RecipeModule
            >>> class Model(RecipeModule, L.LightningModule):
            ...     def __init__(self, recipe):
            ...         super().__init__()
            ...         self.save_hyperparameters()
            ...         self.recipe = recipe
            >>> Model(registry.recipe({"type": "SGD"})).hparams.recipe["optimizer"]["type"]
            'SGD'
        """
        lightning, module = cast("Any", super()), cast("Any", self)
        frame = inspect.currentframe()
        kwargs.setdefault("frame", frame.f_back if frame is not None else None)
        lightning.save_hyperparameters(*args, **kwargs)
        held = module.hparams
        changed = {name: plain for name, value in held.items() if (plain := as_plain_data(value)) is not value}
        if changed:
            held.update(changed)
            module._hparams_initial = deepcopy(held)


_MODULE = "LightningModule"
