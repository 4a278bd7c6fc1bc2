"""TrainedModule: a torch module with a loss, as Lightning trains it, with a recipe."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from optim_core import OptimError, Recipe
from optim_core.plugin_tools import listing
from optim_core.recipe import SINGLE
from optim_frameworks.lightning import RecipeModule
from optim_training.averages import Averages, items_of
from optim_training.predictions import Predictions
from optim_training.strategies.sharding import shard, within
from optim_training.validation import first_is_awaited

__all__ = ["TrainedModule", "trains_itself", "with_recipe"]

Losses = Mapping[str, Callable[[], Tensor]]


class TrainedModule(RecipeModule, LightningModule):
    """What a Trainer fits: the model of a plugin, and the recipe that trains it.

    A model with ``losses`` is trained by hand: each optimizer takes its step, over all batches that make one, before
    the next one's losses are computed.

    Args:
        model: has ``loss(batch)``, or ``losses(batch)`` and ``trained``; may have ``metrics(batch)``, and
            ``predictions(batch)`` with ``metrics_of_all(predictions)``.
        recipe: how it is trained.
        accumulated: batches whose gradients make a step.
        name: of the model, for messages.
        is_sharded: whether the processes divide the parameters of the model between them.

    Raises:
        OptimError: model and recipe do not go together.
    """

    def __init__(
        self,
        model: nn.Module,
        recipe: Recipe,
        *,
        accumulated: int = 1,
        name: str = "the model",
        is_sharded: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.recipe = recipe
        self._accumulated = accumulated
        self._name = name
        self._is_sharded = is_sharded
        self._waiting: list[Any] = []
        self._losses = Averages()
        self._validation = Averages()
        self._predictions = Predictions()
        self.automatic_optimization = not callable(getattr(model, "losses", None))
        # The recipe's names of parameters are those of the model, without this module around it.
        setattr(self, "optimized", model if self.automatic_optimization else self._trained())  # noqa: B010 - a property
        if self.automatic_optimization and not callable(getattr(model, "loss", None)):
            raise OptimError(
                f"{name} builds a {type(model).__name__}, which has neither `loss(batch)` nor `losses(batch)`"
            )
        if self.automatic_optimization and len(recipe.optimizers) > 1:
            raise OptimError(
                f"the recipe has several optimizers, {listing(recipe.optimizers)}, and {name} has one loss: "
                "name one optimizer, or give the model `losses(batch)` and `trained`"
            )

    def _trained(self) -> dict[str, nn.Module]:
        """Return the modules that each optimizer of the recipe trains."""
        trained = getattr(self.model, "trained", None)
        if not isinstance(trained, Mapping) or not trained:
            raise OptimError(f"{self._name} has `losses`, and no `trained`, a mapping of the same names to modules")
        names = list(self.recipe.optimizers)
        if set(trained) != set(names):
            raise OptimError(
                f"{self._name} trains {listing(trained)}, and the recipe has "
                f"{'one optimizer without a name' if names == [SINGLE] else listing(names)}: name them as the model "
                f"does, training: {{optimizer_configs: {{{next(iter(trained))}: {{optimizer: …}}, …}}}}"
            )
        return dict(trained)

    # -- training ----------------------------------------------------------------------------------------------------

    def configure_model(self) -> None:
        """Shard the model, once the processes are there that hold the parts."""
        if self._is_sharded and self.device_mesh is not None:
            shard(self.model, self.device_mesh["data_parallel"])

    def steps_of_epoch(self, batches: int) -> int:
        """Return how often each optimizer steps in an epoch, where the module steps by hand."""
        return -(-batches // self._accumulated)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor | None:
        """Return the loss of a batch; by hand, step the optimizers where it is the last of those that make a step."""
        if not self.automatic_optimization:
            self._step_by_hand(batch)
            return None
        losses = self._losses_of(within(self.model, self.model.loss, batch))
        first = next(iter(losses))
        self._refuse_constant(losses[first], f"loss(batch) of {self._name}")
        self._losses.add(losses, 1)
        if not self.trainer.fit_loop.epoch_loop._should_accumulate():
            self._tell_of_step()
        return losses[first]

    def _losses_of(self, given: Any) -> dict[str, Tensor]:
        losses = self._scalars(given if isinstance(given, Mapping) else {"loss": given}, "loss(batch)")
        if not losses:
            raise OptimError(f"loss(batch) of {self._name} gives tensors of shape (), and not an empty mapping")
        return losses

    def _scalars(self, given: Any, method: str) -> dict[str, Tensor]:
        """Return named tensors of shape (), which a method of the model has given."""
        if not isinstance(given, Mapping):
            raise OptimError(
                f"{method} of {self._name} gives a mapping of names to tensors of shape (), and not {_kind(given)}"
            )
        wrong = {name: value for name, value in given.items() if not isinstance(value, Tensor) or value.numel() != 1}
        if wrong:
            what = ", ".join(f"{name}: {_kind(value)}" for name, value in wrong.items())
            raise OptimError(f"{method} of {self._name} gives tensors of shape (), and not {what}")
        return dict(given)

    def _refuse_constant(self, loss: Tensor, whose: str) -> None:
        if not loss.requires_grad:
            raise OptimError(
                f"{whose} depends on no parameter that is trained: it was computed without gradients, by `.detach()`, "
                "`.item()` or torch.no_grad(), or from other things than the model's parameters"
            )

    def _step_by_hand(self, batch: Any) -> None:
        self._waiting.append(batch)
        is_last = self.trainer.fit_loop.epoch_loop.batch_progress.is_last_batch
        if len(self._waiting) < self._accumulated and not is_last:
            return
        batches, self._waiting = self._waiting, []
        each = [self._named_losses(waiting) for waiting in batches]
        for name in each[0]:
            # What other losses have left there is no gradient of this one.
            self.run[name].optimizer.zero_grad(set_to_none=True)
            *first, last = [losses[name] for losses in each]
            for compute in first:
                self.manual_backward(self._loss_by_hand(name, compute) / len(each))
            self.run[name].step(self._loss_by_hand(name, last) / len(each))
        self._tell_of_step()

    def _named_losses(self, batch: Any) -> Losses:
        losses: Losses = within(self.model, self.model.losses, batch)
        if not isinstance(losses, Mapping) or not all(callable(compute) for compute in losses.values()):
            kinds = listing(map(_kind, losses.values())) if isinstance(losses, Mapping) else _kind(losses)
            raise OptimError(
                f"losses(batch) of {self._name} gives a mapping of the optimizers' names to functions, each of which "
                f"computes a loss when it is called, and not {kinds}"
            )
        if set(losses) != set(self.recipe.optimizers):
            raise OptimError(
                f"losses(batch) of {self._name} gives {listing(losses) or 'nothing'}, and the recipe has "
                f"{listing(self.recipe.optimizers)}"
            )
        return losses

    def _loss_by_hand(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        loss = self._scalars({name: within(self.model, compute)}, "losses(batch)")[name]
        self._refuse_constant(loss, f"the loss `{name}` of {self._name}")
        self._losses.add({name: loss}, 1)
        return loss

    def _tell_of_step(self) -> None:
        """Log the mean losses of the batches that make this step, and the rates with which it is taken."""
        told = {f"train/{name}": value for name, value in self._losses.take().items()}
        self.log_dict(told, prog_bar=False, batch_size=1)
        for name, optimizer in self.run.optimizers.items():
            begin = "train/lr" if name == SINGLE else f"train/lr/{name}"
            for index, group in enumerate(optimizer.param_groups):
                title = begin if not index else f"{begin}/{group.get('name', index)}"
                # In single precision, 0.005 would not be 0.005.
                self.log(title, torch.as_tensor(group["lr"], dtype=torch.float64), batch_size=1)

    def on_train_epoch_end(self) -> None:
        """End the epoch of the run where it is stepped by hand, as Lightning ends others."""
        if self.automatic_optimization:
            return
        metrics, held = self.trainer.callback_metrics, self._live().metrics
        waiting = [name for name in self.recipe.optimizers if "metric" in self.run[name].needs]
        # A metric of an earlier epoch is no epoch without progress.
        old = {name for name in waiting if held.is_old(name, self.trainer)}
        if first_is_awaited(self.trainer):
            old |= {name for name in waiting if self.run[name].monitor not in metrics}
        self.run.end_epoch(metrics, without=old)

    # -- validation --------------------------------------------------------------------------------------------------

    def on_validation_epoch_start(self) -> None:
        """Begin to average."""
        self._validation, self._predictions = Averages(), Predictions()

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        """Compute the losses and metrics of a batch."""
        found = self._validated(batch)
        metrics = getattr(self.model, "metrics", None)
        if callable(metrics):
            found |= self._scalars(within(self.model, metrics, batch), "metrics(batch)")
        self._validation.add(found, items_of(batch))
        predictions = getattr(self.model, "predictions", None)
        if callable(predictions) and callable(getattr(self.model, "metrics_of_all", None)):
            self._predictions.add(within(self.model, predictions, batch))

    def _validated(self, batch: Any) -> dict[str, Tensor]:
        if self.automatic_optimization:
            return self._losses_of(within(self.model, self.model.loss, batch))
        computed = {name: within(self.model, compute) for name, compute in self._named_losses(batch).items()}
        return self._scalars(computed, "losses(batch)")

    def on_validation_epoch_end(self) -> None:
        """Log the means over all items, and what the model says of all items together."""
        found = self._validation.take(self._sum_over_processes)
        predictions = self._predictions.take(self.trainer.world_size)
        if predictions:
            given = self.model.metrics_of_all(predictions)  # type: ignore[operator]
            whole = self._scalars(given, "metrics_of_all(predictions)")
            found |= {name: value.detach() for name, value in whole.items()}
        self.log_dict({f"val/{name}": value for name, value in found.items()}, batch_size=1)

    def _sum_over_processes(self, value: Tensor) -> Tensor:
        if self.trainer.world_size == 1:
            return value
        summed: Tensor = self.trainer.strategy.reduce(value.to(self.device), reduce_op="sum")
        return summed


def _kind(value: Any) -> str:
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else f"{type(value).__name__}"


def trains_itself(model: Any) -> bool:
    """Return whether a model is a LightningModule that says how it is trained."""
    own = getattr(type(model), "configure_optimizers", None)
    return isinstance(model, LightningModule) and own is not LightningModule.configure_optimizers


def with_recipe(module: LightningModule, recipe: Recipe) -> LightningModule:
    """Return a LightningModule that trains with a recipe; its own steps count.

    Args:
        module: of a plugin.
        recipe: how it is trained, whatever the module says.
    """
    if isinstance(module, RecipeModule):
        module.recipe = recipe  # type: ignore[assignment]
        return module
    cls, has_own = type(module), trains_itself(module)
    if has_own:
        warnings.warn(
            f"configure_optimizers of {cls.__name__} is not asked: what the model config says below `training` counts",
            UserWarning,
            stacklevel=2,
        )
    # In front of the bases of a class that has them already, so that everything else of the module is as it was.
    space = {"configure_optimizers": RecipeModule.configure_optimizers} if has_own else {}
    module.__class__ = type(cls.__name__, (RecipeModule, cls), {"__module__": cls.__module__, **space})
    module.recipe = recipe  # type: ignore[assignment]
    return module
