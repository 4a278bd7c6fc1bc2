"""How a parameter is spread over processes: as a DTensor of FSDP2's, or as one copy in each."""

from __future__ import annotations

import sys
from collections.abc import Hashable
from typing import TYPE_CHECKING, TypeGuard

import attrs
import torch.distributed as dist
from torch import Tensor

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor, Placement

__all__ = ["Spread", "local", "local_gradient", "placement", "shown_placements", "spread_of"]


@attrs.frozen
class Spread:
    """The processes over which a matrix is spread, and what each of them has.

    Args:
        group: the processes that have the matrix, or pieces of it.
        dim: the dimension along which each process has a piece, as torch.chunk cuts it: the last pieces may be smaller
            or empty. None where each process has the whole.
        shape: the shape of the whole parameter.
    """

    group: dist.ProcessGroup
    dim: int | None
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many processes there are."""
        return self.group.size()

    @property
    def rank(self) -> int:
        """The rank of this process among them."""
        return self.group.rank()

    def extent(self, rank: int) -> tuple[int, int, int]:
        """Return the dimension that is cut, and start and length of what the process `rank` has of it."""
        dim = self.dim or 0
        whole = self.shape[dim]
        if self.dim is None:
            return dim, 0, whole
        piece = -(-whole // self.size)
        start = min(rank * piece, whole)
        return dim, start, min(piece, whole - start)

    def shape_in(self, rank: int) -> tuple[int, ...]:
        """Return the shape of what the process `rank` has."""
        dim, _, length = self.extent(rank)
        return (*self.shape[:dim], length, *self.shape[dim + 1 :])


def spread_of(param: Tensor, divide_work: bool) -> Spread | None:
    """Return how a matrix is spread; None where this process is to compute it alone.

    Args:
        param: a parameter.
        divide_work: whether a matrix that each process has whole is to be computed by one of them.

    Raises:
        ValueError: the matrix is spread in a way that Muon cannot put together again.
    """
    if _is_spread(param):
        return _spread_over(param)
    world = dist.group.WORLD if divide_work and dist.is_available() else None
    return Spread(world, None, tuple(param.shape)) if world is not None and world.size() > 1 else None


def placement(param: Tensor) -> Hashable:
    """Return what tells parameters of one shape apart that are spread differently; None for a plain tensor."""
    return (param.device_mesh, param.placements) if _is_spread(param) else None


def local(tensor: Tensor) -> Tensor:
    """Return what this process has of a tensor: all of it, if it is no DTensor."""
    return tensor._local_tensor if _is_spread(tensor) else tensor


def local_gradient(param: Tensor, grad: Tensor) -> Tensor:
    """Return what this process has of a parameter's gradient.

    Raises:
        RuntimeError: the gradient is not spread as the parameter is.
    """
    placed, wanted = getattr(grad, "placements", None), getattr(param, "placements", None)
    if placed != wanted:
        raise RuntimeError(
            f"a gradient is placed as {shown_placements(placed)} and its parameter, of shape {tuple(param.shape)}, as "
            f"{shown_placements(wanted)}; Muon takes gradients that are spread as their parameters: call "
            "grad.redistribute(placements=param.placements) before the step"
        )
    return local(grad)


def _is_spread(tensor: Tensor) -> TypeGuard[DTensor]:
    """Return whether a tensor is a DTensor, without importing that class, which takes long, where nothing else has."""
    module = sys.modules.get("torch.distributed.tensor")
    return module is not None and isinstance(tensor, module.DTensor)


def _spread_over(param: DTensor) -> Spread | None:
    from torch.distributed.tensor import Replicate, Shard

    placements = param.placements
    cut = [place for place, how in enumerate(placements) if not isinstance(how, Replicate)]
    if not cut:
        return None
    first = placements[cut[0]]
    if len(cut) > 1 or not isinstance(first, Shard):
        raise ValueError(
            f"is placed as {shown_placements(placements)}, which Muon cannot put together: it takes Shard on one "
            "dimension of the mesh with Replicate on all others, as fully_shard leaves a model; where tensor "
            "parallelism cuts it too, put it into a group with use_muon=False"
        )
    return Spread(param.device_mesh.get_group(cut[0]), first.dim, tuple(param.shape))


def shown_placements(placements: tuple[Placement, ...] | None) -> str:
    """Return placements as messages show them: ``(Replicate(), Shard(0))``."""
    if placements is None:
        return "a plain tensor"
    from torch.distributed.tensor import Partial, Replicate, Shard

    words = []
    for how in placements:
        if type(how) is Shard:
            words.append(f"Shard({how.dim})")
        elif isinstance(how, Replicate | Partial):
            words.append(f"{type(how).__name__}()")
        else:
            words.append(repr(how))
    return f"({', '.join(words)})"
