"""Muon for the groups of matrices: momentum, orthogonalisation, decay and update.

The updates of all groups are made together, as matrices with one shorter side are fastest in one batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import attrs
import torch
from torch import Tensor
from torch.nn import Parameter

from optim_muon.coefficients import each_step
from optim_muon.memory import keep_freed_memory
from optim_muon.orthogonalize import Iterations, compute_dtype, orthogonalize
from optim_muon.refusals import refuse_incomplete
from optim_muon.spread import Spread, local, local_gradient, placement, spread_of

__all__ = ["Matrices", "batches", "matrices_of", "step_matrices"]

Tensors = list[Tensor] | tuple[Tensor, ...]

# Elements that are computed at once, unless one parameter has more.
_MOST_ELEMENTS = {"cpu": 2**20, "cuda": 2**28}
_MOST_ELEMENTS_ELSEWHERE = 2**26


@attrs.frozen(eq=False)
class Matrices:
    """Matrices of one shape, dtype and device with equal options.

    Args:
        params, grads, buffers: of each, of the shape of the parameter, which may have more than two dimensions.
        group: has their options.
        shape: (rows, columns) of a matrix; a parameter holds ``group["split"]`` of them.
        iterations: what makes them orthogonal.
        dtype: in what that is computed.
        spread: how the parameters are spread over processes, whose `params`, `grads` and `buffers` are what this one
            has; None where it has all of them and is to compute them.
    """

    params: list[Tensor]
    grads: list[Tensor]
    buffers: list[Tensor]
    group: dict[str, Any]
    shape: tuple[int, int]
    iterations: Iterations
    dtype: torch.dtype
    spread: Spread | None = None

    def one_each(self) -> Iterator[Matrices]:
        """Each parameter by itself."""
        for place in range(len(self.params)):
            yield self.some([place])

    def some(self, places: Sequence[int]) -> Matrices:
        """The parameters at these places."""
        params, grads, buffers = ([of[place] for place in places] for of in (self.params, self.grads, self.buffers))
        return attrs.evolve(self, params=params, grads=grads, buffers=buffers)

    def directions(self) -> Tensor:
        """Takes the gradients into the momentum, and returns what is to be made orthogonal.

        The result, of shape (k, rows, columns), is nobody else's. Gradients stay as they are.
        """
        self.average()
        first, ahead = self.params[0], self.ahead()
        if len(ahead) == 1:
            # Without nesterov this is the buffer.
            return ahead[0].to(self.dtype, copy=not self.group["nesterov"]).reshape(-1, *self.shape)
        stack = torch.empty(len(ahead), *first.shape, dtype=self.dtype, device=first.device)
        torch._foreach_copy_(stack.unbind(), ahead)
        return stack.view(-1, *self.shape)

    def average(self) -> None:
        """Takes the gradients into the momentum."""
        torch._foreach_lerp_(self.buffers, self.grads, 1 - self.group["momentum"])

    def ahead(self) -> Tensors:
        """What is to be made orthogonal, of the shape of each parameter."""
        if self.group["nesterov"]:
            return torch._foreach_lerp(self.grads, self.buffers, self.group["momentum"])
        return self.buffers

    def update(self, directions: Tensor) -> None:
        """Decays the parameters and moves them against `directions`, which are orthogonal by now."""
        first = self.params[0]
        self.move(directions.to(first.dtype).view(-1, *first.shape).unbind())

    def move(self, moves: Tensors) -> None:
        """The same, with a direction of the shape of each parameter."""
        if self.params[0].numel() == 0:
            return
        lr = float(self.group["lr"])
        step = lr * self._ratio()
        decay = lr * self.group["weight_decay"]
        # In bfloat16 and float16 that kernel is wrong on a CPU (torch 2.13): it ignores most of the moves.
        exact = self.params[0].dtype in (torch.float32, torch.float64)
        if exact and step > 0 and all(param.is_contiguous() for param in self.params):
            torch._fused_sgd_(
                self.params,
                moves,
                [],
                lr=step,
                weight_decay=decay / step,
                momentum=0.0,
                dampening=0.0,
                nesterov=False,
                maximize=False,
                is_first_step=False,
            )
            return
        # torch._foreach_mul_ would round its number to the dtype of the parameters first.
        for param, move in zip(self.params, moves, strict=True):
            param.mul_(1 - decay).add_(move, alpha=-step)

    def _ratio(self) -> float:
        """The step of these matrices by that of square ones, or of AdamW's by `lr`."""
        rows, columns = self.shape
        if self.group["adjust_lr_fn"] == "match_rms_adamw":
            return 0.2 * math.sqrt(max(rows, columns))
        return math.sqrt(max(1, rows / columns))


def step_matrices(groups: Sequence[dict[str, Any]], state: MutableMapping[Tensor, dict[str, Any]]) -> None:
    """One step of the matrices of these groups that have a gradient."""
    every = [matrices for group in groups for matrices in matrices_of(group, state)]
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
    """The matrices of a group that have a gradient, by shape, dtype and device; empty ones are left out.

    Raises:
        RuntimeError: a gradient is sparse, or is not spread over processes as its parameter is.
        ValueError: a parameter is not a whole matrix, nor spread in a way that can be put together.
    """
    iterations = Iterations(each_step(group["ns_coefficients"], group["ns_steps"]), group["ns_eps"], group["ns_dtype"])
    found: dict[tuple[Any, ...], Matrices] = {}
    for param in group["params"]:
        grad = param.grad
        if grad is None or param.numel() == 0:
            continue
        if grad.is_sparse:
            raise RuntimeError("Muon cannot take sparse gradients; use sparse=False in the embedding")
        # Nothing is asked about plain parameters, of which there may be thousands.
        plain = type(param) is Parameter
        key = (param.shape, param.dtype, param.device, None if plain else placement(param))
        matrices = found.get(key)
        if matrices is None:
            refuse_incomplete(param, "a parameter of a group with use_muon=True")
            rows = param.shape[0] // group["split"]
            shape = (rows, param.shape[1:].numel())
            dtype = compute_dtype(iterations.dtype, param.device, min(shape))
            spread = spread_of(param, group["divide_work"])
            matrices = found[key] = Matrices([], [], [], group, shape, iterations, dtype, spread)
        own = state[param]
        if not own:
            own["momentum_buffer"] = torch.zeros_like(param, memory_format=torch.preserve_format)
        matrices.params.append(param if plain else local(param))
        matrices.grads.append(grad if plain else local_gradient(param, grad))
        matrices.buffers.append(own["momentum_buffer"] if plain else local(own["momentum_buffer"]))
    return list(found.values())


def batches(found: Sequence[Matrices]) -> Iterator[list[Matrices]]:
    """What is made orthogonal together: matrices with equal iterations, dtype, device and shorter side."""
    together: dict[tuple[Any, ...], list[Matrices]] = {}
    for matrices in found:
        key = (matrices.iterations, matrices.dtype, matrices.params[0].device, min(matrices.shape))
        together.setdefault(key, []).append(matrices)
    for batch in together.values():
        yield from _of_limited_size(batch)


def _of_limited_size(batch: Sequence[Matrices]) -> Iterator[list[Matrices]]:
    """A batch in pieces: what is computed at once needs memory at once, and should stay in a CPU's cache."""
    device = batch[0].params[0].device.type
    limit = _MOST_ELEMENTS.get(device, _MOST_ELEMENTS_ELSEWHERE)
    piece: list[Matrices] = []
    free = limit
    for matrices in batch:
        size = matrices.params[0].numel()
        start, end = 0, len(matrices.params)
        while start < end:
            # What is larger than the limit goes by itself.
            if free < size and piece:
                yield piece
                piece, free = [], limit
            count = min(max(free // size, 1), end - start)
            piece.append(matrices.some(range(start, start + count)))
            start, free = start + count, free - count * size
    yield piece
