"""What the clippers share: finding the gradients and their norm, and what happens where that is not finite."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["NonFiniteGradientWarning", "by_mesh", "clip_if_finite", "total_norm"]


class NonFiniteGradientWarning(RuntimeWarning):
    """Gradients hold a NaN or an infinity, or their norm overflows; they were left as they are."""


def clip_if_finite(
    parameters: Tensor | Iterable[Tensor],
    change: Callable[[list[Tensor], Tensor], None],
    *,
    norm_type: float = 2.0,
    error_if_nonfinite: bool,
) -> Tensor:
    """Change the gradients, unless their norm is not finite: no factor mends those, and most factors spread the NaN.

    Args:
        parameters: a tensor or an iterable of tensors; those without a gradient are passed over.
        change: is given the parameters that have a gradient, and the norm.
        norm_type: which norm, > 0, inf included.
        error_if_nonfinite: raise rather than warn.

    Returns:
        The norm before the change, of shape (), on the device of the first gradient.

    Raises:
        RuntimeError: the norm is not finite, and `error_if_nonfinite` is set.
    """
    import torch

    given = [parameters] if isinstance(parameters, torch.Tensor) else parameters
    with_gradient = [parameter for parameter in given if parameter.grad is not None]
    with torch.no_grad():
        norm = total_norm(with_gradient, norm_type)
        if norm.isfinite():
            change(with_gradient, norm)
            return norm
    message = f"the norm of the gradients is {norm.item()}: they were left as they are, nothing was clipped"
    if error_if_nonfinite:
        raise RuntimeError(message)
    warnings.warn(message, NonFiniteGradientWarning, stacklevel=3)
    return norm


def total_norm(parameters: list[Tensor], norm_type: float) -> Tensor:
    """Return the norm of all gradients together, of shape (); 0 where there are none.

    That of DTensors is the norm over all ranks. DTensors of several meshes, and plain tensors beside them, which torch
    cannot put into one list, are taken in turn.
    """
    import torch

    norms: list[Tensor] = []
    for group in by_mesh(parameters):
        norm = torch.nn.utils.get_total_norm(
            [parameter.grad for parameter in group if parameter.grad is not None], norm_type
        )
        norms.append(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)
    if len(norms) == 1:
        return norms[0]
    if not norms:
        return torch.tensor(0.0)
    together: Tensor = torch.linalg.vector_norm(torch.stack([norm.to(norms[0].device) for norm in norms]), norm_type)
    return together


def by_mesh(parameters: Iterable[Tensor]) -> Iterable[list[Tensor]]:
    """Yield the parameters of each device mesh over which gradients are spread, and those of plain tensors together."""
    groups: dict[Any, list[Tensor]] = {}
    for parameter in parameters:
        groups.setdefault(getattr(parameter.grad, "device_mesh", None), []).append(parameter)
    return groups.values()
