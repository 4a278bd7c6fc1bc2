"""Muon for the groups of matrices: momentum, orthogonalisation, decay and update.

The updates of all groups are made together, as matrices with one shorter side are fastest in one batch.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

from torch import Tensor
from torch.nn import Parameter

from optim_muon.matrices import Matrices, in_parts
from optim_muon.memory import keep_freed_memory
from optim_muon.momentum import begin
from optim_muon.orthogonal.coefficients import each_step
from optim_muon.orthogonal.orthogonalize import Iterations, compute_dtype, orthogonalize
from optim_muon.processes.spread import local, local_gradient, placement, spread_of
from optim_muon.refusals import refuse_incomplete

__all__ = ["batches", "matrices_of", "step_matrices"]


# How many elements are computed at once, unless a single parameter has more.
_MOST_ELEMENTS = {"cpu": 2**20, "cuda": 2**28}
_MOST_ELEMENTS_ELSEWHERE = 2**26


def step_matrices(groups: Sequence[dict[str, Any]], state: MutableMapping[Tensor, dict[str, Any]]) -> None:
    """Take a step of the matrices of these groups that have a gradient."""
    every = [matrices for group in groups for matrices in matrices_of(group, state)]
    if not every:
        return
    _step([matrices for matrices in every if matrices.spread is None])
    spread = [matrices for matrices in every if matrices.spread is not None]
    if spread:
        from optim_muon.exchange import exchanges

        for exchange in exchanges(spread, groups):
            _step(exchange.wholes())
            exchange.finish()


def _step(every: Sequence[Matrices]) -> None:
    keep_freed_memory()
    for batch in batches(every):
        directions = orthogonalize([matrices.directions() for matrices in batch], batch[0].iterations)
        for matrices, found in zip(batch, directions, strict=True):
            matrices.update(found)


def matrices_of(group: dict[str, Any], state: MutableMapping[Tensor, dict[str, Any]]) -> list[Matrices]:
    """Return the matrices of a group that have a gradient, by shape, dtype and device; empty ones are left out.

    Raises:
        RuntimeError: a gradient is sparse, or is not spread over processes as its parameter is.
        ValueError: a parameter is not a whole matrix, nor spread in a way that can be put together.
    """
    iterations = Iterations(each_step(group["ns_coefficients"], group["ns_steps"]), group["ns_eps"], group["ns_dtype"])
    alike: dict[tuple[Any, ...], list[Tensor]] = {}
    for param in group["params"]:
        grad = param.grad
        if grad is None or param.numel() == 0:
            continue
        if grad.is_sparse:
            raise RuntimeError("Muon cannot take sparse gradients; use sparse=False in the embedding")
        # Plain parameters, of which there may be thousands, are not looked at any closer: that would take time.
        placed = None if type(param) is Parameter else placement(param)
        alike.setdefault((param.shape, param.dtype, param.device, placed), []).append(param)
    return [_matrices(params, group, state, iterations) for params in alike.values()]


def _matrices(
    params: list[Tensor], group: dict[str, Any], state: MutableMapping[Tensor, dict[str, Any]], iterations: Iterations
) -> Matrices:
    """Return these parameters, of one shape, dtype, device and placement, as matrices."""
    first = params[0]
    refuse_incomplete(first, "a parameter of a group with use_muon=True")
    shape = (first.shape[0] // group["split"], first.shape[1:].numel())
    dtype = compute_dtype(iterations.dtype, first.device, min(shape))
    spread = spread_of(first, group["divide_work"])
    begin(params, state)
    buffers = [state[param]["momentum_buffer"] for param in params]
    grads = [param.grad for param in params if param.grad is not None]
    if {*map(type, params)} != {Parameter}:
        grads = [local_gradient(param, grad) for param, grad in zip(params, grads, strict=True)]
        params, buffers = [*map(local, params)], [*map(local, buffers)]
    return Matrices(params, grads, buffers, group, shape, iterations, dtype, spread)


def batches(found: Sequence[Matrices]) -> Iterator[list[Matrices]]:
    """Yield what is made orthogonal together: matrices of equal iterations, dtype, device and shorter side."""
    together: dict[tuple[Any, ...], list[Matrices]] = {}
    for matrices in found:
        key = (matrices.iterations, matrices.dtype, matrices.params[0].device, min(matrices.shape))
        together.setdefault(key, []).append(matrices)
    for batch in together.values():
        # A batch of limited size also stays in a CPU's cache.
        limit = _MOST_ELEMENTS.get(batch[0].params[0].device.type, _MOST_ELEMENTS_ELSEWHERE)
        yield from in_parts(batch, limit, lambda matrices: matrices.params[0].numel())
