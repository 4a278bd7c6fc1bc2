"""Take weight normalisation off the modules that have it."""

from __future__ import annotations

from typing import NamedTuple

from torch import nn
from torch.nn.utils import parametrize, remove_weight_norm
from torch.nn.utils.parametrizations import _WeightNorm
from torch.nn.utils.weight_norm import WeightNorm

__all__ = ["Removed", "remove_from"]


class Removed(NamedTuple):
    """What came of it.

    Args:
        names: the modules that had weight normalisation.
        left: those with a weight and without it.
    """

    names: list[str]
    left: list[str]

    def lines(self) -> list[str]:
        r"""Say it, a line for each name.

        Example:
            >>> from optim_training.weights.weight_norm import Removed
            >>> print(*Removed(["layer"], ["head"]).lines(), sep="\n")
            weight normalisation is taken off 1 module of the pretransform
              taken off  layer
              has none   head
        """
        many = "" if len(self.names) == 1 else "s"
        return [
            f"weight normalisation is taken off {len(self.names)} module{many} of the pretransform",
            *(f"  taken off  {name}" for name in self.names),
            *(f"  has none   {name}" for name in self.left),
        ]


def remove_from(model: nn.Module) -> Removed:
    """Take weight normalisation off all modules of a model; what they compute stays the same.

    It may be that of ``torch.nn.utils.weight_norm`` or of ``torch.nn.utils.parametrizations.weight_norm``.

    Args:
        model: is changed in place.

    Example:
        >>> import torch
        >>> from optim_training.weights.weight_norm import remove_from
        >>> model = torch.nn.Sequential(torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 2)))
        >>> remove_from(model), list(model.state_dict())
        (Removed(names=['0'], left=[]), ['0.bias', '0.weight'])
    """
    removed, left = [], []
    for name, module in list(model.named_modules()):
        if isinstance(module, (parametrize.ParametrizationList, _WeightNorm)):
            continue
        if _remove(module):
            removed.append(name)
        elif isinstance(getattr(module, "weight", None), nn.Parameter):
            left.append(name)
    return Removed(removed, left)


def _remove(module: nn.Module) -> bool:
    found = False
    for hook in list(module._forward_pre_hooks.values()):
        if isinstance(hook, WeightNorm):
            remove_weight_norm(module, hook.name)
            found = True
    for tensor in list(getattr(module, "parametrizations", ())):
        ways = module.parametrizations[tensor]  # type: ignore[index]
        if len(ways) == 1 and isinstance(ways[0], _WeightNorm):
            parametrize.remove_parametrizations(module, tensor, leave_parametrized=True)
            found = True
    return found
