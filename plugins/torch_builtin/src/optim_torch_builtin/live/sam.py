"""SAM: the optimizer that its plugin class builds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from optim_core.errors import OptimError
from optim_torch_builtin.live.around import Around, copy_into

__all__ = ["SAM"]

# Added to the norm of the gradients, which may be zero.
SMALLEST = 1e-12
_HALVES = (torch.float16, torch.bfloat16)


class SAM(Around):
    """Steps of an inner optimizer by the gradient at the worst weights nearby.

    Args:
        optimizer: the inner optimizer.
        rho: how far away the worst weights are looked for, ≥ 0.
        adaptive: whether distances are measured in multiples of each weight, as ASAM does.
    """

    def __init__(self, optimizer: Optimizer, *, rho: float, adaptive: bool) -> None:
        super().__init__(optimizer)
        self.rho = rho
        self.adaptive = adaptive

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"rho": self.rho, "adaptive": self.adaptive}

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Go to the worst weights nearby, take the gradient there, go back, and step the inner optimizer.

        Args:
            closure: zeroes the gradients, computes the loss and its gradients, and returns the loss; called twice.

        Returns:
            The loss at the weights as they were.

        Raises:
            OptimError: there is no closure, or a gradient is sparse; nothing is changed.
        """
        if closure is None:
            raise OptimError(
                "SAM takes two gradients in a step: give step a closure that zeroes the gradients, computes the loss "
                "and its gradients, and returns the loss"
            )
        evaluate = torch.enable_grad()(closure)
        loss = evaluate()
        moved = [each for group in self.param_groups for each in group["params"] if each.grad is not None]
        kept = self._ascend(moved)
        try:
            evaluate()
        finally:
            _return(moved, kept)
        self.optimizer.step()
        return loss

    @torch.no_grad()
    def _ascend(self, weights: list[Tensor]) -> list[Tensor]:
        """Move the weights uphill, by `rho` in all; return copies of what they were."""
        gradients = [_dense(weight.grad) for weight in weights]
        downhill = {id(each) for group in self.param_groups if group.get("maximize", False) for each in group["params"]}
        kept = [weight.clone() for weight in weights]
        if not weights:
            return kept
        sizes = [weight.abs() for weight in weights] if self.adaptive else []
        scaled = torch._foreach_mul(gradients, sizes) if self.adaptive else gradients
        scale = self.rho / (_norm(scaled) + SMALLEST)
        scales = {device: scale.to(device) for device in {weight.device for weight in weights}}
        steps = list(torch._foreach_mul(scaled, sizes) if self.adaptive else gradients)
        for weight, step in zip(weights, steps, strict=True):
            factor = scales[weight.device]
            weight.add_(step * (-factor if id(weight) in downhill else factor))
        return kept


def _dense(gradient: Tensor | None) -> Tensor:
    if gradient is None or gradient.layout != torch.strided:
        raise OptimError("SAM takes no sparse gradients: make the embedding without sparse=True")
    return gradient


def _norm(gradients: Sequence[Tensor]) -> Tensor:
    """Return the norm of all gradients together, of shape (), on the device of the first; half precision in single."""
    norms = [torch.linalg.vector_norm(each, dtype=_wide(each)) for each in gradients]
    total = torch.linalg.vector_norm(torch.stack([norm.to(norms[0].device) for norm in norms]))
    # The norm of a DTensor is one, of which each process has a part.
    whole: Tensor = total.full_tensor() if hasattr(total, "full_tensor") else total
    return whole


def _wide(gradient: Tensor) -> torch.dtype | None:
    return torch.float32 if gradient.dtype in _HALVES else None


@torch.no_grad()
def _return(weights: list[Tensor], kept: list[Tensor]) -> None:
    if weights:
        copy_into(weights, kept)
