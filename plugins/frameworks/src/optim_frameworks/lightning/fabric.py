"""A run in a loop of Lightning Fabric: `run.step` differentiates, scales and clips there as it does anywhere."""

from __future__ import annotations

from typing import Any

from optim_core import OptimError
from optim_core.plugin_tools import Host
from optim_core.recipe import Optimization

__all__ = ["prepare"]

_LINES = "`model = fabric.setup(model)` and then `run = prepare(recipe.create(model, …), fabric)`"
# These clip and step by themselves, or leave each process a part of a gradient whose norm is not that of the whole.
_OTHERS = ("DeepSpeedStrategy", "FSDPStrategy", "XLAStrategy", "XLAFSDPStrategy")


def prepare(run: Optimization, fabric: Any) -> Optimization:
    """Make a run right in a loop of Fabric.

    ``run.step(loss)`` is then the step: it calls ``fabric.backward``, unscales before it clips, and moves the schedule
    where the scaler did not leave the step out. Batches whose gradients are only added are
    ``with fabric.no_backward_sync(model): fabric.backward(loss)``, as ever. ``fabric.save(path, {"run": run, …})`` and
    ``fabric.load`` save and load it.

    Args:
        run: what ``recipe.create(model)`` gave for a model that ``fabric.setup(model)`` returned. It is changed in
            place, and returned.
        fabric: the Fabric.

    Raises:
        OptimError: the run was created for a model that is not set up, or this strategy steps by itself.

    Example:
        >>> import lightning as L, torch
        >>> from optim_core import registry
        >>> from optim_frameworks.lightning.fabric import prepare
        >>> fabric = L.Fabric(accelerator="cpu", devices=1)
        >>> model = fabric.setup(torch.nn.Linear(8, 2))
        >>> run = prepare(registry.recipe({"type": "AdamW"}).create(model), fabric)
        >>> run.step(model(torch.ones(4, 8)).square().mean()).skipped
        False
    """
    strategy = type(fabric.strategy).__name__
    if strategy in _OTHERS:
        raise OptimError(
            f"a run cannot step under {strategy}, which leaves each process a part of each gradient, or steps by "
            "itself: use ModelParallelStrategy or DDPStrategy"
        )
    for name, model in run.models.items():
        if not (_is_set_up(model) or _is_set_up(getattr(model, "_orig_mod", None))):
            raise OptimError(
                f"the run was created for {_called(name)}{type(model).__name__}, which fabric.setup has not returned: "
                f"{_LINES}"
            )
        if fabric.world_size > 1:
            _refuse_alone(run, name)
        run[name].host = _OfFabric(fabric, run.optimizers[name])
    return run


def _is_set_up(model: Any) -> bool:
    return type(model).__name__ == "_FabricModule"


def _called(name: str) -> str:
    return "" if name == "default" else f"{name}, "


def _refuse_alone(run: Optimization, name: str) -> None:
    """Refuse what several processes could not do alike."""
    if {"closure", "create_graph"} & run[name].needs:
        raise OptimError(
            f"{type(run.optimizers[name]).__name__} decides by the loss, or differentiates gradients again, and each "
            "process would take another step: train in one process, or take another optimizer"
        )


class _OfFabric(Host):
    """The Fabric, as the loop of one optimizer sees it."""

    def __init__(self, fabric: Any, optimizer: Any) -> None:
        self._fabric = fabric
        self._optimizer = optimizer
        # With DistributedDataParallel the gradients are the same in every process, with fully_shard in none.
        self._is_compared = fabric.world_size == 1 or type(fabric.strategy).__name__ != "DDPStrategy"

    # A copy of the run is stepped with the same Fabric.
    def __deepcopy__(self, memo: dict[int, Any]) -> _OfFabric:
        return self

    @property
    def scaler(self) -> Any:
        """The scaler of the precision, None where it has none."""
        return getattr(self._fabric.strategy.precision, "scaler", None)

    def is_due(self, loop: Any, loss: Any) -> bool:
        """Return true: Fabric leaves to the loop when a step is taken."""
        if loss is None:
            self._compare()
        return True

    def backward(self, loss: Any, **arguments: Any) -> None:
        """Differentiate as Fabric does."""
        self._fabric.backward(loss, **arguments)
        self._compare()

    def after_step(self, loop: Any, done: Any) -> None:
        """Tell Fabric's callbacks of the step, as its own optimizers do."""
        self._fabric.call("on_after_optimizer_step", strategy=self._fabric.strategy, optimizer=loop.optimizer)

    def _compare(self) -> None:
        """Raise OptimError before the first step where the processes have not the same gradients."""
        if self._is_compared:
            return
        self._is_compared = True
        parameters = [each for group in self._optimizer.param_groups for each in group["params"]]
        sums = [each.grad.double().abs().sum() for each in parameters if each.grad is not None]
        here = sum(sums[1:], sums[0]) if sums else parameters[0].new_zeros(()).double()
        everywhere = self._fabric.all_gather(here)
        # What is not a number equals nothing, and is the same everywhere as well.
        if not bool((everywhere.nan_to_num() == everywhere.nan_to_num()[0]).all()):
            raise OptimError(
                "the processes have different gradients, and would train different models: call the model that "
                "fabric.setup returned, and not the one inside it, and take the step outside of fabric.no_backward_sync"
            )
