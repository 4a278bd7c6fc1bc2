"""What the clippers share: finding the gradients, their norm, and scaling them by a factor that stays on the device."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["local", "scale", "total_norm"]


def total_norm(gradients: list[Tensor], norm_type: float) -> Tensor:
    """Return the norm of all gradients together, of shape (); 0 where there are none.

    That of DTensors is the norm over all ranks. DTensors of several meshes, and plain tensors beside them, which torch
    cannot put into one list, are taken in turn.
    """
    import torch

    if _are_plain(gradients):
        return torch.nn.utils.get_total_norm(gradients, norm_type)
    norms: list[Tensor] = []
    for group in _apart(gradients, _mesh):
        norm = torch.nn.utils.get_total_norm(group, norm_type)
        norms.append(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)
    if len(norms) == 1:
        return norms[0]
    if not norms:
        return torch.tensor(0.0)
    together: Tensor = torch.linalg.vector_norm(torch.stack([norm.to(norms[0].device) for norm in norms]), norm_type)
    return together


def scale(gradients: list[Tensor], factor: Tensor) -> None:
    """Multiply the gradients in place by a factor of shape (), of any device and floating dtype."""
    import torch

    # To look for what they have in common takes a few µs for each; on the CPU there is no kernel to choose.
    if factor.is_cpu and _are_plain(gradients) and all(gradient.is_cpu for gradient in gradients):
        torch._foreach_mul_(gradients, factor)
        return
    for group in _apart(gradients, _kernel):
        there = factor.to(group[0].device)
        # Subclasses of Tensor other than DTensor need not know the operations on lists.
        if type(group[0]) is torch.Tensor or _mesh(group[0]) is not None:
            torch._foreach_mul_(group, there)
        else:
            for gradient in group:
                gradient.mul_(there)


def local(gradient: Tensor) -> Tensor:
    """Return the part of a DTensor that this process holds, which shares its memory, and a plain tensor as it is."""
    held: Tensor = gradient.to_local() if hasattr(gradient, "to_local") else gradient
    return held


def _are_plain(gradients: list[Tensor]) -> bool:
    """Tell whether there are gradients, and none is of a subclass of Tensor, such as a DTensor."""
    import torch

    return set(map(type, gradients)) == {torch.Tensor}


def _mesh(gradient: Tensor) -> Hashable:
    """Return the device mesh over which a gradient is spread, None for a plain tensor."""
    import torch

    # A plain tensor takes long to say that it has no such attribute.
    mesh: Hashable = None if type(gradient) is torch.Tensor else getattr(gradient, "device_mesh", None)
    return mesh


def _kernel(gradient: Tensor) -> Hashable:
    """Return what the gradients of one call of an operation on lists have in common."""
    return _mesh(gradient), type(gradient), gradient.device, gradient.dtype


def _apart(gradients: Iterable[Tensor], key: Callable[[Tensor], Any]) -> Iterable[list[Tensor]]:
    """Yield the gradients of each key together, in the order of the first of each."""
    groups: dict[Any, list[Tensor]] = {}
    for gradient in gradients:
        groups.setdefault(key(gradient), []).append(gradient)
    return groups.values()
