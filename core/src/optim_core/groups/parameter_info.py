"""ParameterInfo: what an optimizer's plugin class is told about a parameter when it chooses its group's options."""

from __future__ import annotations

from math import prod

import attrs

__all__ = ["ParameterInfo"]


@attrs.frozen(kw_only=True)
class ParameterInfo:
    """One parameter, as its name, its tensor and the modules around it show it.

    What only a model shows is None where an iterable of tensors was given instead of one.

    Args:
        name: the name in the model; None for a tensor without one. A tied parameter has the name of its first place.
        shape: the shape of the tensor, () for a scalar.
        module: the class name of the module that owns it; "" where no model was given.
        is_bias: whether its name says that it is one: ``bias``, ``in_proj_bias``, ``bias_hh_l0``.
        is_norm: whether it is a weight or bias of a normalisation module, with one dimension that is not 1.
        is_embedding: whether its module is an embedding, or it is tied to one, or is a position embedding or a token.
        is_head: whether it is a weight or bias of an output layer.
        in_block: whether it lies in one of the repeated layers.
        depth: 0 for embeddings and what else comes before the first layer, i for layer i, counted from 1, and
            ``num_layers + 1`` for the head and what else comes after the last layer; None where no layers were found.
        num_layers: how many layers its model has, ≥ 1; None where none were found.
        lr_multiplier: the product of all factors on its rate, > 0.
        multiplier_from: what gave the factors: ``param_groups[1]``, ``layer_decay``, ``lr_multipliers``.

    Example:
        >>> from optim_core import ParameterInfo
        >>> info = ParameterInfo(name="head.weight", shape=(10, 64), module="Linear", is_head=True)
        >>> info.ndim, info.numel
        (2, 640)
    """

    name: str | None
    shape: tuple[int, ...]
    module: str = ""
    is_bias: bool = False
    is_norm: bool = False
    is_embedding: bool | None = None
    is_head: bool | None = None
    in_block: bool | None = None
    depth: int | None = None
    num_layers: int | None = None
    lr_multiplier: float = 1.0
    multiplier_from: tuple[str, ...] = ()

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        return len(self.shape)

    @property
    def numel(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)
