"""The momentum of matrices: a tensor for each parameter, and small ones of one shape in one piece of memory."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

__all__ = ["as_one", "begin", "lay_together"]

State = MutableMapping[Tensor, dict[str, Any]]

# How many numbers torch hands to each thread of a CPU at least: of smaller tensors each would be one thread's work.
_FEW = 2**15
_BUFFER = "momentum_buffer"


def begin(params: Sequence[Tensor], state: State) -> None:
    """Give a momentum of zeros to those of some parameters of one shape, dtype and device that have none yet."""
    new = [param for param in params if not state[param]]
    together = _in_one_piece(new)
    for param, buffer in zip(new, together or map(_zeros, new), strict=True):
        state[param][_BUFFER] = buffer


def lay_together(params: Sequence[Tensor], state: State) -> None:
    """Put what lay in one piece of memory into one again, which saving and loading undoes.

    Args:
        params: parameters of any shapes.
        state: the momentum of those that have taken a step.
    """
    alike: dict[tuple[Any, ...], list[Tensor]] = {}
    for param in params:
        if state.get(param):
            alike.setdefault((param.shape, param.dtype, param.device), []).append(param)
    for some in alike.values():
        for param, buffer in zip(some, _in_one_piece(some), strict=False):
            state[param][_BUFFER] = buffer.copy_(state[param][_BUFFER])


def as_one(buffers: Sequence[Tensor]) -> Tensor | None:
    """Return one tensor with these in its rows, which shares their memory; None where they do not lie together."""
    first, size = buffers[0], buffers[0].nbytes
    # Tensors of other classes, such as torch's fake ones, may have no memory that could be asked for.
    if len(buffers) == 1 or type(first) is not Tensor or first.numel() >= _FEW or first.device.type != "cpu":
        return None
    start = first.data_ptr()
    follow = list(map(Tensor.data_ptr, buffers)) == list(range(start, start + size * len(buffers), size))
    room = first.untyped_storage().nbytes() - first.storage_offset() * first.element_size()
    if not follow or room < size * len(buffers) or not all(map(Tensor.is_contiguous, buffers)):
        return None
    return first.as_strided((len(buffers), *first.shape), (first.numel(), *first.stride()))


def _in_one_piece(params: Sequence[Tensor]) -> Sequence[Tensor]:
    """Return zeros for each of some parameters of one shape, in one piece of memory; nothing where that is no use."""
    if len(params) < 2 or params[0].numel() >= _FEW or params[0].device.type != "cpu":
        return ()
    if not all(type(param) is Parameter and param.is_contiguous() for param in params):
        return ()
    return torch.zeros(len(params), *params[0].shape, dtype=params[0].dtype).unbind()


def _zeros(param: Tensor) -> Tensor:
    return torch.zeros_like(param, memory_format=torch.preserve_format)
