"""What the clippers share: finding the gradients, their norm, and scaling them by a factor that stays on the device."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["gradients_of", "local", "scale", "total_norm"]


def gradients_of(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Return the gradients of those parameters that have one."""
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def total_norm(gradients: Iterable[Tensor], norm_type: float) -> Tensor:
    """Return the norm of all gradients together, of shape (); 0 where there are none.

    That of DTensors is the norm over all ranks. DTensors of several meshes, and plain tensors beside them, which torch
    cannot put into one list, are taken in turn.
    """
    import torch

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


def scale(gradients: Iterable[Tensor], factor: Tensor) -> None:
    """Multiply the gradients in place by a factor of shape (), of any device and floating dtype."""
    import torch

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


def _mesh(gradient: Tensor) -> Hashable:
    """Return the device mesh over which a gradient is spread, None for a plain tensor."""
    mesh: Hashable = getattr(gradient, "device_mesh", None)
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
