"""Newton-Schulz iterations in the Gram form: most of the work is done on n x n matrices, n the shorter side.

An iteration maps X to Z X with Z = a I + b R + c R² and R = X Xᵀ. Several need X only once, as the R of the next is
Z R Z (Zhang, Amsel, Chen, Dao 2026). R is formed anew from X before rounding errors grow: in bfloat16 after two
iterations, in float32 after three. That is safe for the classic coefficients; with others each iteration forms R.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from optim_muon.orthogonal.coefficients import CLASSIC, Triple

__all__ = ["Products", "diagonals", "iterate", "multiply", "sharing_a_gram"]

# How many iterations share one R where products are rounded to bfloat16 (or TF32), and where they are not.
_ROUNDED = 2
_EXACT = 3


class Products(Protocol):
    """The matrices X that are iterated, and how their products are computed.

    All n x n matrices are symmetric, and commute, as they are polynomials of one R. A class may therefore compute one
    triangle of a product and mirror it.
    """

    def gram(self) -> Tensor:
        """Return R of what X is now."""
        ...

    def product(
        self, left: Tensor, right: Tensor, add: Tensor | None = None, beta: float = 1.0, alpha: float = 1.0
    ) -> Tensor:
        """Return ``left @ right``, or ``beta * add + alpha * left @ right``."""
        ...

    def apply(self, factor: Tensor) -> None:
        """Make `factor` X the new X."""
        ...


def sharing_a_gram(triples: Sequence[Triple], dtype: torch.dtype) -> list[Sequence[Triple]]:
    """Return the iterations, as many together as may share one R.

    Args:
        triples: the coefficients of each iteration.
        dtype: the dtype in which they are computed.
    """
    exact = dtype == torch.float32 and torch.get_float32_matmul_precision() == "highest"
    classic = all(triple == CLASSIC for triple in triples)
    together = (_EXACT if exact else _ROUNDED) if classic else 1
    return [triples[start : start + together] for start in range(0, len(triples), together)]


def iterate(products: Products, groups: Sequence[Sequence[Triple]], gram: Tensor, scale: Tensor | float) -> None:
    """Apply all iterations to the X that `products` holds.

    Args:
        products: holds X before it is normalised; that is done by the first factor, and so costs nothing.
        groups: the coefficients of each iteration; iterations that share an R are together.
        gram: R of the normalised X.
        scale: what normalises X: a number, or one for each matrix, after which two dimensions of size 1 follow.
    """
    for place, triples in enumerate(groups):
        products.apply(_factor(products, triples, products.gram() if place else gram, None if place else scale))


def _factor(products: Products, triples: Sequence[Triple], gram: Tensor, scale: Tensor | float | None) -> Tensor:
    """Return what these iterations together multiply X by, times `scale` if there is one."""
    factor: Tensor | None = None
    for left, (a, b, c) in zip(reversed(range(len(triples))), triples, strict=True):
        step = products.product(gram, gram, add=gram, beta=b, alpha=c)
        diagonals(step).add_(a)
        if left:
            gram = products.product(step, products.product(step, gram))
        if factor is None and scale is not None:
            multiply(step, scale)
        factor = step if factor is None else products.product(step, factor)
    if factor is None:
        raise ValueError("there is no iteration")
    return factor


def multiply(matrix: Tensor, scale: Tensor | float) -> None:
    """Multiply `matrix` by `scale` in place."""
    if isinstance(scale, float) or scale.dtype == matrix.dtype:
        matrix.mul_(scale)
    else:
        # torch is slow at multiplying tensors of different dtypes.
        matrix.copy_(matrix.float().mul_(scale))


def diagonals(square: Tensor) -> Tensor:
    """Return a view of the diagonal of one matrix, or, in its columns, of each of a stack of them.

    On a CPU, torch is three times as fast with it as with what torch.diagonal returns.

    Args:
        square: a contiguous tensor of shape (n, n) or (k, n, n).
    """
    length = square.shape[-1]
    return square.as_strided((length, *square.shape[:-2]), (length + 1, *square.stride()[:-2]))
