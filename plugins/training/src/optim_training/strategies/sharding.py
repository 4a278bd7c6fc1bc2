"""Sharding a model over processes by FSDP2, whatever methods of it a training step calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from types import MethodType
from typing import Any

from lightning.pytorch import LightningModule
from torch import nn
from torch.distributed.fsdp import FSDPModule, fully_shard, register_fsdp_forward_method

from optim_core import OptimError

__all__ = ["gathered", "require_sharding", "shard", "within"]

_WITHIN = "_call_within"


def shard(model: nn.Module, mesh: Any) -> None:
    """Divide the parameters of a model between the processes of a mesh.

    Each module in a ``ModuleList`` is gathered when it is called and freed after, the rest of the model with the model
    itself: by `within`.

    Args:
        model: as its `build` made it; it is changed in place, and nothing is done where it is sharded already.
        mesh: of the data-parallel processes: ``lightning_module.device_mesh["data_parallel"]``.
    """
    if isinstance(model, FSDPModule):
        return
    for block in _blocks(model):
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)
    setattr(model, _WITHIN, MethodType(_call, model))
    register_fsdp_forward_method(model, _WITHIN)


def require_sharding(module: Any) -> None:
    """Refuse a LightningModule that does not say how it is sharded; its own steps call its parts as they like.

    Raises:
        OptimError: its class has no ``configure_model``.

    Example:
        >>> import lightning as L
        >>> from optim_training.strategies.sharding import require_sharding
        >>> class Module(L.LightningModule):
        ...     def configure_model(self):
        ...         pass
        >>> require_sharding(Module())
    """
    if type(module).configure_model is LightningModule.configure_model:
        raise OptimError(
            f"--strategy fsdp: {type(module).__name__} has no configure_model, in which a LightningModule calls "
            'fully_shard with mesh=self.device_mesh["data_parallel"]: write one, or take another strategy'
        )


def within(model: nn.Module, function: Any, *arguments: Any) -> Any:
    """Call a function that computes with a model, as if it were the model's ``forward``.

    FSDP2 gathers the parameters of a model when its ``forward`` is called, and has gradients reduced that depend on
    what that returns. A method such as ``loss`` has to be called so.

    Args:
        model: sharded or not.
        function: what computes with it, such as ``model.loss``.
        arguments: its arguments.

    Returns:
        What the function returns.

    Example:
        >>> import torch
        >>> from optim_training.strategies.sharding import within
        >>> class Model(torch.nn.Linear):
        ...     def loss(self, batch):
        ...         return self(batch).square().mean()
        >>> model = Model(2, 1)
        >>> within(model, model.loss, torch.zeros(3, 2)).shape
        torch.Size([])
    """
    called = getattr(model, _WITHIN, None)
    return function(*arguments) if called is None else called(function, *arguments)


class gathered:  # noqa: N801 - a context manager, called as torch.no_grad is
    """Have the whole of a sharded model in each process for a while, which all processes begin together.

    Within it a process may call the model without the others. A model that is not sharded stays as it is.

    Args:
        model: sharded or not.

    Example:
        >>> import torch
        >>> from optim_training.strategies.sharding import gathered
        >>> with gathered(torch.nn.Linear(2, 1)) as model:
        ...     model(torch.zeros(3, 2)).shape
        torch.Size([3, 1])
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._sharded = [module for module in model.modules() if isinstance(module, FSDPModule)]

    def __enter__(self) -> nn.Module:
        for module in self._sharded:
            module.unshard()
            module.set_reshard_after_forward(reshard_after_forward=False, recurse=False)
        return self._model

    def __exit__(self, *_: object) -> None:
        for module in self._sharded:
            is_root = module is self._model
            module.set_reshard_after_forward(reshard_after_forward=not is_root, recurse=False)
            module.reshard()


def _call(_: nn.Module, function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def _blocks(model: nn.Module) -> list[nn.Module]:
    """Return the modules in lists, outermost ones, that have parameters and share none with others."""
    owners = Counter(id(parameter) for _, parameter in model.named_parameters(remove_duplicate=False))

    def found(module: nn.Module) -> Iterator[nn.Module]:
        for child in module.children():
            if isinstance(module, nn.ModuleList) and _is_apart(child, owners):
                yield child
            else:
                yield from found(child)

    return list(found(model))


def _is_apart(module: nn.Module, owners: Counter[int]) -> bool:
    own = Counter(id(parameter) for _, parameter in module.named_parameters(remove_duplicate=False))
    return bool(own) and all(owners[parameter] == times for parameter, times in own.items())
