"""One matrix on a CPU; symmetric products of a large one are computed below the diagonal, in panels, and mirrored."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["HALVED_FROM", "Panels"]

# The shorter side from which computing one triangle is faster.
HALVED_FROM = 384
# The rows of a panel. With lower panels more is mirrored instead of computed, and multiplying is slower, the more so
# the shorter its rows are: the Gram matrix has the longest.
_ROWS = 128
_ROWS_OF_LARGE = 256
_LARGE = 640
_LARGE_GRAM = 1024


class Panels:
    """The products of one matrix.

    Args:
        matrix: a tensor of shape (rows, columns). A tall one counts as its transpose, without being transposed.
    """

    def __init__(self, matrix: Tensor) -> None:
        self.matrix = matrix
        self._is_tall = matrix.shape[0] > matrix.shape[1]
        self._is_halved = min(matrix.shape) >= HALVED_FROM

    def gram(self) -> Tensor:
        """Return R of the matrix."""
        wide = self.matrix.mT if self._is_tall else self.matrix
        if not self._is_halved:
            return wide @ wide.mT
        gram = wide.new_empty(len(wide), len(wide))
        panels = _panels(len(wide), _LARGE_GRAM)
        for start, end in panels:
            torch.mm(wide[start:end], wide[:end].mT, out=gram[start:end, :end])
        return _mirrored(gram, panels)

    def product(
        self, left: Tensor, right: Tensor, add: Tensor | None = None, beta: float = 1.0, alpha: float = 1.0
    ) -> Tensor:
        """Return ``left @ right``, or ``beta * add + alpha * left @ right``, which is symmetric."""
        if not self._is_halved:
            return left @ right if add is None else torch.addmm(add, left, right, beta=beta, alpha=alpha)
        found = torch.empty_like(left)
        panels = _panels(len(left), _LARGE)
        for start, end in panels:
            panel = found[start:end, :end]
            if add is None:
                torch.mm(left[start:end], right[:, :end], out=panel)
            else:
                torch.addmm(add[start:end, :end], left[start:end], right[:, :end], beta=beta, alpha=alpha, out=panel)
        return _mirrored(found, panels)

    def apply(self, factor: Tensor) -> None:
        """Make `factor` X the new X."""
        self.matrix = self.matrix @ factor if self._is_tall else factor @ self.matrix


def _panels(length: int, large: int) -> list[tuple[int, int]]:
    """Return start and end of each panel; they are higher from a length of `large` on."""
    rows = _ROWS if length < large else _ROWS_OF_LARGE
    return [(start, min(start + rows, length)) for start in range(0, length, rows)]


def _mirrored(square: Tensor, panels: list[tuple[int, int]]) -> Tensor:
    """Return `square` with what is right of each panel filled in."""
    for start, end in panels:
        if start:
            square[:start, start:end].copy_(square[start:end, :start].mT)
    return square
