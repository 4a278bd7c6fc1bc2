"""DistributedOptimizer: each of several processes holds a share of the optimizer's state."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import attrs

from optim_core.compat.factory import recipe_and_horizon, require_name
from optim_core.errors import CheckpointMismatchError, OptimError
from optim_core.recipe import SINGLE, Optimization, Recipe
from optim_core.run.horizon import Horizon

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributed.optim import ZeroRedundancyOptimizer
    from torch.nn import Module
    from torch.optim.lr_scheduler import LRScheduler

    from optim_core.protocols import Clipper
    from optim_core.run.loop import Loss, Metric, StepResult

__all__ = ["DistributedOptimizer"]

# What an optimizer may need that a share of the parameters cannot give it.
_NOT_IN_SHARES = frozenset({"closure", "gradients", "modes"})


class DistributedOptimizer:
    """An optimizer whose state is divided among processes, over torch's ZeroRedundancyOptimizer.

    Each process has the whole model and trains on its own part of the data; `step` is called in all of them. Where the
    model is under DistributedDataParallel, that averages the gradients; of another model `step` does so itself, and a
    parameter without a gradient counts as one whose gradient is 0. After a step all processes have the same weights.
    `step` also clips where the config has clipping, steps a schedule that goes by steps, and empties the gradients, as
    `run.step` does.

    Args:
        model: what is trained, on the device of the process.
        world_size: how many processes there are, ≥ 1; by default as many as torch.distributed has.
        config: as of `create_optimizer_and_scheduler`: the name of the optimizer and its fields, and where wanted a
            schedule, its lengths, and clipping.

    Raises:
        OptimError: torch.distributed is not initialised, or with another number of processes; or the optimizer cannot
            work on a share of the parameters.
        ConfigError: with all that is wrong with `config`.

    Example:
        >>> import torch
        >>> from optim_core import OptimError
        >>> from optim_core.compat import DistributedOptimizer
        >>> try:
        ...     DistributedOptimizer(torch.nn.Linear(8, 2), optimizer_type="adamw", learning_rate=1e-4, world_size=4)
        ... except OptimError as error:
        ...     print(str(error).partition(":")[0])
        DistributedOptimizer needs torch.distributed, which is not initialised
    """

    def __init__(self, model: Module, *, world_size: int | None = None, **config: Any) -> None:
        require_name("optimizer", config)
        recipe, horizon = recipe_and_horizon(config, {})
        _refuse_other_world(world_size)
        _refuse_needs(recipe)
        self.run = _run(recipe, model, horizon)
        self._names = {id(parameter): name for name, parameter in _named(model)}

    def __repr__(self) -> str:
        return f"<DistributedOptimizer: {self.run.recipe.optimizer.type}, process {_rank()} of {_world_size()}>"

    @property
    def optimizer(self) -> ZeroRedundancyOptimizer:
        """The optimizer itself, for whoever asks for torch's."""
        return cast("ZeroRedundancyOptimizer", self.run.optimizer)

    @property
    def scheduler(self) -> LRScheduler | None:
        """The schedule, None where the config has none."""
        return self.run.scheduler

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The parameter groups, which hold the parameters of all processes."""
        return self.run.optimizer.param_groups

    def step(self, loss: Loss = None, *, metric: Metric = None) -> StepResult:
        """Take one step, in all processes; the gradients are empty afterwards.

        Args:
            loss: None after ``loss.backward()``; or the loss, or a function that computes it.
            metric: what a schedule that waits for a metric after each step is given, the same in all processes.

        Returns:
            what `run.step` returns: the loss, the norm before clipping, the rates.

        Raises:
            OptimError: something is missing that the optimizer needs.

        Example:
            >>> import torch
            >>> from torch import distributed
            >>> from optim_core.compat import DistributedOptimizer
            >>> distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
            >>> model = torch.nn.Linear(8, 2)
            >>> optimizer = DistributedOptimizer(model, optimizer_type="sgd", learning_rate=0.5)
            >>> optimizer.step(model(torch.ones(1, 8)).sum()).lr
            0.5
            >>> distributed.destroy_process_group()
        """
        return self.run.step(loss, metric=metric)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Empty the gradients, as `step` does after each step.

        Example:
            >>> import torch
            >>> from torch import distributed
            >>> from optim_core.compat import DistributedOptimizer
            >>> distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
            >>> model = torch.nn.Linear(8, 2)
            >>> optimizer = DistributedOptimizer(model, optimizer_type="sgd", learning_rate=0.5)
            >>> optimizer.zero_grad()
            >>> distributed.destroy_process_group()
        """
        self.run.optimizer.zero_grad(set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state, with the shares of all processes; every process calls this and has it.

        ``torch.load(weights_only=True)`` reads it. Any number of processes can load it.

        Example:
            >>> import torch
            >>> from torch import distributed
            >>> from optim_core.compat import DistributedOptimizer
            >>> distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
            >>> model = torch.nn.Linear(8, 2)
            >>> optimizer = DistributedOptimizer(model, optimizer_type="sgd", learning_rate=0.5)
            >>> sorted(optimizer.state_dict())
            ['groups', 'optimizer', 'scheduler', 'type']
            >>> distributed.destroy_process_group()
        """
        from torch import distributed

        optimizer = self.optimizer
        optimizer.consolidate_state_dict(to=0)
        whole = [optimizer.state_dict() if _rank() == 0 else None]
        distributed.broadcast_object_list(whole, src=0)
        scheduler = self.scheduler
        return {
            "type": self.run.recipe.optimizer.type,
            "groups": self._groups(),
            "optimizer": whole[0],
            "scheduler": None if scheduler is None else scheduler.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where `state` was saved; it is copied. Every process calls this.

        Raises:
            CheckpointMismatchError: it is of another optimizer, of other parameters or other groups; nothing has been
                loaded.

        Example:
            >>> import torch
            >>> from torch import distributed
            >>> from optim_core.compat import DistributedOptimizer
            >>> distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
            >>> model = torch.nn.Linear(8, 2)
            >>> optimizer = DistributedOptimizer(model, optimizer_type="sgd", learning_rate=0.5)
            >>> optimizer.load_state_dict(optimizer.state_dict())
            >>> distributed.destroy_process_group()
        """
        now = {"type": self.run.recipe.optimizer.type, "groups": self._groups()}
        differing = [name for name, value in now.items() if state.get(name) != value]
        scheduler = self.scheduler
        if (scheduler is None) != (state.get("scheduler") is None):
            differing.append("scheduler")
        if differing:
            raise CheckpointMismatchError(
                "the saved state does not fit the DistributedOptimizer:\n    "
                + "\n    ".join(f"{name}: saved {state.get(name)}, is {now.get(name, scheduler)}" for name in differing)
            )
        self.optimizer.load_state_dict(deepcopy(state["optimizer"]))
        if scheduler is not None:
            scheduler.load_state_dict(deepcopy(state["scheduler"]))

    def _groups(self) -> list[dict[str, list[int]]]:
        """Return the shapes of the parameters by their names, group by group."""
        return [
            {self._names[id(parameter)]: list(parameter.shape) for parameter in group["params"]}
            for group in self.param_groups
        ]


def _run(recipe: Recipe, model: Module, horizon: Horizon) -> Optimization:
    """Return the run, whose optimizer is divided among the processes."""
    factory: Any = recipe.optimizer.factory(model)
    optimizer = _zero_redundancy_optimizer()(factory.groups(), optimizer_class=factory)
    schedule, schedulers = recipe.scheduler, {}
    if schedule is not None:
        schedulers[SINGLE] = schedule.create_scheduler(optimizer, horizon=horizon, any_length=True)
    clipper = None if recipe.clipper is None else recipe.clipper.create_clipper()
    return Optimization(
        recipe=recipe,
        optimizers={SINGLE: optimizer},
        schedulers=schedulers,
        clipper=clipper if _averages_itself(model) else _Averaged(clipper),
        horizon=horizon,
    )


def _zero_redundancy_optimizer() -> type[ZeroRedundancyOptimizer]:
    """Import the class, without torch's own warning about how it is made."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
        from torch.distributed.optim import ZeroRedundancyOptimizer
    return ZeroRedundancyOptimizer


@attrs.frozen
class _Averaged:
    """Averages gradients over the processes, before they are clipped; it stands where a run has its clipping."""

    clipper: Clipper | None

    def clip(self, parameters: Iterable[Tensor]) -> Any:
        from torch import distributed, zeros_like

        given = list(parameters)
        count, waiting = _world_size(), []
        for parameter in given:
            if parameter.grad is None:
                parameter.grad = zeros_like(parameter)
            waiting.append(distributed.all_reduce(parameter.grad.div_(count), async_op=True))
        for work in waiting:
            work.wait()
        return None if self.clipper is None else self.clipper.clip(given)


def _averages_itself(model: Module) -> bool:
    from torch.nn.parallel import DistributedDataParallel

    return any(isinstance(module, DistributedDataParallel) for module in model.modules())


def _named(model: Module) -> list[tuple[str, Tensor]]:
    from optim_core.groups.model.wrappers import clean_names

    named = dict(model.named_parameters())
    return [(name, named[raw]) for raw, name in clean_names(model, named).items()]


def _rank() -> int:
    from torch import distributed

    return distributed.get_rank()


def _world_size() -> int:
    from torch import distributed

    return distributed.get_world_size()


def _refuse_other_world(world_size: int | None) -> None:
    from torch import distributed

    wanted = "" if world_size is None else f" {world_size}"
    repair = (
        'call torch.distributed.init_process_group("nccl"), or "gloo" on CPUs, before it, in each of the processes '
        f"that torchrun --nproc-per-node={world_size or 'N'} starts"
    )
    if not distributed.is_available() or not distributed.is_initialized():
        raise OptimError(f"DistributedOptimizer needs torch.distributed, which is not initialised: {repair}")
    if world_size is not None and _world_size() != world_size:
        raise OptimError(
            f"DistributedOptimizer is to divide its work among{wanted} processes, and torch.distributed has "
            f"{_world_size()}: leave world_size out, or start{wanted} processes, torchrun --nproc-per-node={world_size}"
        )


def _refuse_needs(recipe: Recipe) -> None:
    found = sorted(recipe.needs & _NOT_IN_SHARES)
    if found:
        name = recipe.optimizer.type
        raise OptimError(
            f"{name} cannot work on a share of the parameters (it needs {', '.join(found)}): "
            f"make it with create_optimizer, in every process, for a model under DistributedDataParallel"
        )
