"""Muon as others write it, for benchmarks/muon.py: what each batches, and in which order it works, as short as that is.

Each function takes parameters that have gradients, and returns one that takes a step. None has AdamW's half.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

__all__ = ["batched_by_shape", "matrix_by_matrix"]

A, B, C = 3.4445, -4.7750, 2.0315
STEPS = 5


def matrix_by_matrix(params: list[nn.Parameter], lr: float = 0.02, momentum: float = 0.95) -> Callable[[], None]:
    """Return a step as KellerJordan writes it: each matrix by itself, the update in the gradient's own memory."""
    buffers = [torch.zeros_like(param) for param in params]

    @torch.no_grad()
    def step() -> None:
        for param, buffer in zip(params, buffers, strict=True):
            grad = param.grad
            if grad is None:
                continue
            buffer.lerp_(grad, 1 - momentum)
            update = _newton_schulz(grad.lerp_(buffer, momentum))
            update *= max(1, param.shape[0] / param.shape[1]) ** 0.5
            param.add_(update, alpha=-lr)

    return step


def batched_by_shape(params: list[nn.Parameter], lr: float = 0.02, momentum: float = 0.95) -> Callable[[], None]:
    """Return a step as dion writes it: sums of gradients as momentum, and one stack for each shape."""
    buffers = {param: torch.zeros_like(param) for param in params}
    shapes: dict[torch.Size, list[nn.Parameter]] = {}
    for param in params:
        shapes.setdefault(param.shape, []).append(param)

    @torch.no_grad()
    def step() -> None:
        for shape, alike in shapes.items():
            grads = [param.grad for param in alike if param.grad is not None]
            sums = [buffers[param] for param in alike if param.grad is not None]
            torch._foreach_mul_(sums, momentum)
            torch._foreach_add_(sums, grads)
            ahead = torch._foreach_mul(sums, momentum)
            torch._foreach_add_(ahead, grads)
            updates = _newton_schulz(torch.stack(ahead)).to(alike[0].dtype)
            factor = max(1, shape[0] / shape[1]) ** 0.5
            torch._foreach_add_(
                [param for param in alike if param.grad is not None], updates.unbind(), alpha=-lr * factor
            )

    return step


def _newton_schulz(matrices: Tensor) -> Tensor:
    """Apply the plain Newton-Schulz iteration to a matrix or to a stack of matrices."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    found: Tensor = matrices.bfloat16().mT if tall else matrices.bfloat16()
    found = found / (found.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(STEPS):
        gram = found @ found.mT
        found = A * found + (B * gram + C * gram @ gram) @ found
    return found.mT if tall else found
