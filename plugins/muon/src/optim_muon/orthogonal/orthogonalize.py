"""Matrices that are nearly the nearest orthogonal ones: what Muon moves its matrices by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Literal

import attrs
import torch
from torch import Tensor

from optim_muon.orthogonal.coefficients import Triple
from optim_muon.orthogonal.newton_schulz import diagonals, iterate, multiply, sharing_a_gram
from optim_muon.orthogonal.panels import HALVED_FROM, Panels
from optim_muon.orthogonal.stacks import Stacks

__all__ = ["Iterations", "NSDtype", "compute_dtype", "one_by_one", "orthogonalize"]

NSDtype = Literal["auto", "bfloat16", "float32"]

# The shorter side from which a CPU is as fast with a matrix by itself as with a stack.
_ALONE_FROM = 320
# The shorter sides below which a CPU multiplies in float32 as quickly as in bfloat16: of matrices whose rows fill its
# registers, and of any others.
_BFLOAT16_FROM = {True: 64, False: 112}
_REGISTER = 32
# The ratio of the sides from which sharing an R is less work: with whole products, and with one triangle of each.
_WORTH_SHARING = 1.75
_WORTH_SHARING_HALVED = 1.3

# Sums of squares between these two, and their squares, do not leave the range of float32.
_LEAST_SQUARE = 1e-20
_MOST_SQUARE = 1e30
_MOST_EXPONENT = 126
# A matrix that is not zero has a larger norm than this, once it is brought near 1.
_LEAST_NORM = 1e-12


@attrs.frozen
class Iterations:
    """The iterations that are applied to each matrix.

    Args:
        triples: the coefficients of each iteration.
        eps: the least norm that a matrix is divided by, ≥ 0.
        dtype: the dtype in which the iterations are computed.
    """

    triples: tuple[Triple, ...]
    eps: float
    dtype: NSDtype


def orthogonalize(stacks: Sequence[Tensor], iterations: Iterations) -> list[Tensor]:
    """Return U Vᵀ for each matrix U S Vᵀ, as near as the iterations come to it.

    A matrix of zeros stays one. A matrix with a value that is not finite becomes NaN, and no other does.

    Args:
        stacks: tensors of shape (k, rows, columns), of one shorter side, one device and the dtype that `compute_dtype`
            gives. They may be overwritten.
        iterations: the iterations for each matrix.
    """
    if stacks[0].device.type == "cpu" and (one_by_one(stacks[0]) or sum(map(len, stacks)) == 1):
        return [_one_after_the_other(stack, iterations) for stack in stacks]
    products = Stacks(stacks)
    shorter = min(stacks[0].shape[1:])
    longer = sum(len(stack) * max(stack.shape[1:]) for stack in stacks) / sum(map(len, stacks))
    gram, scale = _normalised(products, iterations.eps)
    iterate(products, _groups(iterations, gram.dtype, longer / shorter, _WORTH_SHARING), gram, scale)
    return products.stacks


def one_by_one(stack: Tensor) -> bool:
    """Return whether matrices of this shape and device are best handled one by one."""
    return stack.device.type == "cpu" and min(stack.shape[-2:]) >= _ALONE_FROM


def compute_dtype(choice: NSDtype, device: torch.device, shorter: int) -> torch.dtype:
    """Return the dtype in which matrices with this shorter side are iterated."""
    if choice != "auto":
        return torch.bfloat16 if choice == "bfloat16" else torch.float32
    small = device.type == "cpu" and shorter < _BFLOAT16_FROM[shorter % _REGISTER == 0]
    return torch.bfloat16 if not small and _multiplies_bfloat16(device) else torch.float32


@cache
def _multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether the device has units for products of bfloat16."""
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    return device.type == "xpu"


def _groups(iterations: Iterations, dtype: torch.dtype, ratio: float, least: float) -> list[Sequence[Triple]]:
    """Return the iterations, those together that share an R; each by itself where `ratio` is below `least`."""
    if ratio < least:
        return [(triple,) for triple in iterations.triples]
    return sharing_a_gram(iterations.triples, dtype)


def _one_after_the_other(stack: Tensor, iterations: Iterations) -> Tensor:
    found = [_alone(matrix, iterations) for matrix in stack.unbind()]
    return found[0][None] if len(found) == 1 else torch.stack(found)


def _alone(matrix: Tensor, iterations: Iterations) -> Tensor:
    products = Panels(matrix)
    gram = products.gram()
    squares = _sums_of_squares(gram).item()
    if _LEAST_SQUARE < squares < _MOST_SQUARE:
        scale = 1 / max(math.sqrt(squares), iterations.eps)
        gram.mul_(scale * scale)
    else:
        one = Stacks([matrix[None]])
        grams, scales = _normalised(one, iterations.eps)
        gram, scale = grams[0], scales.item()
    ratio = max(matrix.shape) / min(matrix.shape)
    least = _WORTH_SHARING_HALVED if min(matrix.shape) >= HALVED_FROM else _WORTH_SHARING
    iterate(products, _groups(iterations, gram.dtype, ratio, least), gram, scale)
    return products.matrix


def _normalised(products: Stacks, eps: float) -> tuple[Tensor, Tensor]:
    """Return R of each X divided by its Frobenius norm, and the factor that divides X by it.

    The square of the norm is the trace of R, which is there anyway. Where squares leave the range of float32, X is
    brought near 1 before, by a power of two, which is exact; where looking would wait for the device, it always is.
    """
    squares: Tensor | None = None
    floor: Tensor | float = max(eps, _LEAST_NORM)
    if products.stacks[0].device.type == "cpu":
        gram = products.gram()
        squares = _sums_of_squares(gram)
        least, most = squares.aminmax()
        # Neither comparison holds where a sum is NaN, so that such a stack is treated as out of range.
        if not (least.item() > _LEAST_SQUARE and most.item() < _MOST_SQUARE):
            squares = None
    if squares is None:
        floor = (eps * torch.cat([_brought_near_one(stack) for stack in products.stacks])).clamp_(min=_LEAST_NORM)
        gram = products.gram()
        squares = _sums_of_squares(gram)
    scale = squares.sqrt_().clamp_(min=floor).reciprocal_().view(-1, 1, 1)
    multiply(gram, scale.square())
    return gram, scale


def _sums_of_squares(gram: Tensor) -> Tensor:
    """Return the sum of squares of each matrix whose R this is, in float32."""
    # Told to sum in float32, torch converts one number at a time.
    return diagonals(gram).float().sum(0)


def _brought_near_one(stack: Tensor) -> Tensor:
    """Multiply each matrix by a power of two that brings it near 1, and return the powers."""
    largest = torch.linalg.vector_norm(stack, float("inf"), dim=(1, 2), dtype=torch.float32)
    exponents = largest.log2().floor_().clamp_(-_MOST_EXPONENT, _MOST_EXPONENT)
    powers = torch.exp2(-exponents)
    stack.mul_(powers.to(stack.dtype).view(-1, 1, 1))
    return powers
