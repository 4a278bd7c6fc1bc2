"""Many matrices of one shorter side at once: one stack of their n x n matrices, and a stack of X for each shape."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["Stacks"]


class Stacks:
    """The products of matrices that have the length of the shorter side, n, in common.

    Args:
        stacks: tensors of shape (k, rows, columns), all of one dtype and device. A tall X counts as its transpose,
            without being transposed.
    """

    def __init__(self, stacks: Sequence[Tensor]) -> None:
        self.stacks = list(stacks)

    def gram(self) -> Tensor:
        """Return R of each matrix, in the order of the stacks."""
        shorter = min(self.stacks[0].shape[1:])
        grams = self.stacks[0].new_empty(sum(map(len, self.stacks)), shorter, shorter)
        for stack, gram in zip(self.stacks, self._parts(grams), strict=True):
            left, right = (stack.mT, stack) if _is_tall(stack) else (stack, stack.mT)
            torch.bmm(left, right, out=gram)
        return grams

    def product(
        self, left: Tensor, right: Tensor, add: Tensor | None = None, beta: float = 1.0, alpha: float = 1.0
    ) -> Tensor:
        """Return ``left @ right``, or ``beta * add + alpha * left @ right``."""
        if add is None:
            return torch.bmm(left, right)
        return torch.baddbmm(add, left, right, beta=beta, alpha=alpha)

    def apply(self, factor: Tensor) -> None:
        """Make `factor` X the new X."""
        self.stacks = [
            torch.bmm(stack, part) if _is_tall(stack) else torch.bmm(part, stack)
            for stack, part in zip(self.stacks, self._parts(factor), strict=True)
        ]

    def _parts(self, square: Tensor) -> tuple[Tensor, ...]:
        return (square,) if len(self.stacks) == 1 else square.split_with_sizes([len(stack) for stack in self.stacks])


def _is_tall(stack: Tensor) -> bool:
    return stack.shape[1] > stack.shape[2]
