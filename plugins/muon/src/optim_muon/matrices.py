"""Matrices: parameters of one shape, whose update is computed together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import torch
from torch import Tensor

from optim_muon.momentum import as_one
from optim_muon.orthogonal.orthogonalize import Iterations
from optim_muon.processes.spread import Spread

__all__ = ["Matrices", "in_parts", "rate_for"]

Tensors = list[Tensor] | tuple[Tensor, ...]


@attrs.frozen(eq=False)
class Matrices:
    """Matrices of one shape, dtype and device with equal options.

    Args:
        params: the parameters, which may have more than two dimensions.
        grads: the gradient of each.
        buffers: the momentum of each.
        group: the parameter group with their options.
        shape: (rows, columns) of a matrix; a parameter holds ``group["split"]`` of them.
        iterations: the iterations that make them orthogonal.
        dtype: the dtype in which the iterations are computed.
        spread: how the parameters are spread over processes, where `params`, `grads` and `buffers` are what this
            process has; None where it has all of them and is to compute them.
    """

    params: list[Tensor]
    grads: list[Tensor]
    buffers: list[Tensor]
    group: dict[str, Any]
    shape: tuple[int, int]
    iterations: Iterations
    dtype: torch.dtype
    spread: Spread | None = None

    def some(self, places: Sequence[int]) -> Matrices:
        """Return the parameters at these places."""
        if len(places) == len(self.params):
            return self
        params, grads, buffers = ([of[place] for place in places] for of in (self.params, self.grads, self.buffers))
        return attrs.evolve(self, params=params, grads=grads, buffers=buffers)

    def directions(self) -> Tensor:
        """Take the gradients into the momentum, and return what is to be made orthogonal.

        The result, of shape (k, rows, columns), shares no memory. Gradients stay as they are.
        """
        momentum = as_one(self.buffers)
        if momentum is not None:
            return self._directions(momentum)
        self.average()
        first, ahead = self.params[0], self.ahead()
        if len(ahead) == 1:
            # Without nesterov, what is ahead is the buffer itself, which must stay as it is.
            return ahead[0].to(self.dtype, copy=not self.group["nesterov"]).reshape(-1, *self.shape)
        stack = torch.empty(len(ahead), *first.shape, dtype=self.dtype, device=first.device)
        torch._foreach_copy_(stack.unbind(), ahead)
        return stack.view(-1, *self.shape)

    def _directions(self, momentum: Tensor) -> Tensor:
        """Do what `directions` does where all buffers are in one tensor: that needs fewer calls, of more threads."""
        ahead = torch.empty_like(momentum)
        torch._foreach_copy_(ahead.unbind(), self.grads)
        momentum.lerp_(ahead, 1 - self.group["momentum"])
        if not self.group["nesterov"]:
            return momentum.to(self.dtype, copy=True).view(-1, *self.shape)
        return ahead.lerp_(momentum, self.group["momentum"]).to(self.dtype).view(-1, *self.shape)

    def average(self) -> None:
        """Take the gradients into the momentum."""
        torch._foreach_lerp_(self.buffers, self.grads, 1 - self.group["momentum"])

    def ahead(self) -> Tensors:
        """Return what is to be made orthogonal, of the shape of each parameter."""
        if self.group["nesterov"]:
            return torch._foreach_lerp(self.grads, self.buffers, self.group["momentum"])
        return self.buffers

    def update(self, directions: Tensor) -> None:
        """Decay the parameters, and move them against `directions`, which are orthogonal by now."""
        first = self.params[0]
        self.move(directions.to(first.dtype).view(-1, *first.shape).unbind())

    def move(self, moves: Tensors) -> None:
        """Decay the parameters, and move each against a direction of its own shape."""
        if self.params[0].numel() == 0:
            return
        lr = rate_for(self.params[0], self.group)
        if isinstance(lr, Tensor):
            self._move_by(lr, moves)
            return
        step = lr * self._ratio()
        decay = lr * self.group["weight_decay"]
        # On a CPU the fused kernel is wrong in bfloat16 and float16 (torch 2.13): it ignores most of the moves.
        exact = self.params[0].dtype in (torch.float32, torch.float64)
        if exact and step > 0 and all(map(Tensor.is_contiguous, self.params)):
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
        # torch._foreach_mul_ would first round the factor to the dtype of the parameters.
        for param, move in zip(self.params, moves, strict=True):
            param.mul_(1 - decay).add_(move, alpha=-step)

    def _move_by(self, lr: Tensor, moves: Tensors) -> None:
        """Do as `move` does, by a rate on the device, which is not waited for."""
        step, kept = lr * self._ratio(), 1 - lr * self.group["weight_decay"]
        for param, move in zip(self.params, moves, strict=True):
            # A factor on the device would otherwise be rounded to the dtype of the parameter, where a number is not.
            exact = torch.promote_types(param.dtype, torch.float32)
            param.copy_(param.to(exact) * kept)
            param.copy_(param.to(exact) - move.to(exact) * step)

    def _ratio(self) -> float:
        """Return what `lr` is multiplied by for matrices of this shape."""
        rows, columns = self.shape
        if self.group["adjust_lr_fn"] == "match_rms_adamw":
            return 0.2 * math.sqrt(max(rows, columns))
        return math.sqrt(max(1, rows / columns))


def rate_for(param: Tensor, group: dict[str, Any]) -> float | Tensor:
    """Return the rate of a group: a number, or a tensor of the parameter's GPU, for which reading would wait."""
    lr = group["lr"]
    if isinstance(lr, Tensor) and lr.device == param.device and lr.device.type != "cpu":
        return lr.to(torch.float32)
    return float(lr)


def in_parts(found: Sequence[Matrices], limit: int, size_of: Callable[[Matrices], int]) -> Iterator[list[Matrices]]:
    """Yield the matrices in parts that are computed or sent at once, which needs memory at once.

    Args:
        found: the matrices, none of them without a parameter.
        limit: the largest size of a part; a parameter that is larger goes by itself.
        size_of: the size of one parameter of some matrices, > 0, in the unit of `limit`.
    """
    part: list[Matrices] = []
    room = limit
    for matrices in found:
        size = size_of(matrices)
        left = range(len(matrices.params))
        while left:
            if part and room < size:
                yield part
                part, room = [], limit
            some = left[: max(1, room // size)]
            left = left[len(some) :]
            part.append(matrices.some(some))
            room -= size * len(some)
    if part:
        yield part
