"""Matrices that several processes have in common: each is put together and made orthogonal by one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, Protocol

import torch
import torch.distributed as dist
from torch import Tensor

from optim_muon.matrices import Matrices, in_parts
from optim_muon.processes.gathering import all_gather
from optim_muon.processes.owners import check_agreement, owners_of
from optim_muon.processes.spread import Spread, placement

__all__ = ["Exchange", "exchanges"]

# How many bytes one process sends at once at most: matrices that are exchanged together need memory together.
_AT_ONCE = 2**29
# Tensors of each dtype begin at a multiple of this many bytes.
_ALIGNMENT = 16


class Exchange(Protocol):
    """The matrices that some processes have in common, and how they reach their owners and come back."""

    def wholes(self) -> list[Matrices]:
        """Take the gradients into the momentum; return the matrices that this process is to make orthogonal."""
        ...

    def finish(self) -> None:
        """Move the parameters of this process; all owners must have made their matrices orthogonal before."""
        ...


def exchanges(found: Sequence[Matrices], groups: Sequence[dict[str, Any]]) -> Iterator[Exchange]:
    """Yield all exchanges that a step needs; each is to be finished before the next.

    Args:
        found: matrices that are spread over processes.
        groups: the parameter groups from which they come.

    Raises:
        RuntimeError: the processes do not have the same matrices.
    """
    together: dict[tuple[Any, ...], list[Matrices]] = {}
    for matrices in found:
        spread = _spread(matrices)
        key = (spread.group, spread.dim is None, matrices.params[0].device)
        together.setdefault(key, []).append(matrices)
    present = _with_gradients(groups)
    for (processes, copies, device), some in together.items():
        known = tuple((_spread(one).shape, one.shape, len(one.params), one.dtype, one.iterations) for one in some)
        check_agreement(processes, (present, known), device)
        for part in in_parts(some, _AT_ONCE, _bytes_sent):
            yield _Copies(part) if copies else _Pieces(part)


class _Whole(Matrices):
    """Matrices that are put together in tensors of their own; the result is written into the same tensors."""

    def directions(self) -> Tensor:
        return torch.stack(self.params).view(-1, *self.shape)

    def update(self, directions: Tensor) -> None:
        torch._foreach_copy_(self.params, directions.view(-1, *self.params[0].shape).unbind())


class _Parcels:
    """Tensors in one run of bytes, in which the tensors of each process lie together.

    Args:
        wanted: the process, shape and dtype of each tensor.
        size: how many processes there are.
        device: the device of the bytes.
        even: whether each process is to have as many bytes as the one with most.
    """

    def __init__(
        self,
        wanted: Sequence[tuple[int, tuple[int, ...], torch.dtype]],
        size: int,
        device: torch.device,
        even: bool = False,
    ) -> None:
        splits, starts = [0] * size, []
        for rank, shape, dtype in wanted:
            starts.append(splits[rank])
            splits[rank] += -(-prod(shape) * dtype.itemsize // _ALIGNMENT) * _ALIGNMENT
        self.splits = [max(splits)] * size if even else splits
        self.bytes = torch.empty(sum(self.splits), dtype=torch.uint8, device=device)
        parts = self.bytes.split(self.splits)
        self.tensors = [
            parts[rank][start : start + prod(shape) * dtype.itemsize].view(dtype).view(shape)
            for start, (rank, shape, dtype) in zip(starts, wanted, strict=True)
        ]


class _Shared:
    """What an exchange of pieces and one of copies have in common.

    Args:
        found: the matrices; all processes have the same, in the same order.
    """

    def __init__(self, found: Sequence[Matrices]) -> None:
        first = _spread(found[0])
        self._group, self._size, self._rank = first.group, first.size, first.rank
        self._device = found[0].params[0].device
        self._found = found
        self._each = [(matrices, place) for matrices in found for place in range(len(matrices.params))]
        self._spreads = [_spread(matrices) for matrices, _ in self._each]
        self._dtypes = [matrices.dtype for matrices, _ in self._each]
        self._owners = owners_of(tuple(_cost(matrices) for matrices, _ in self._each), self._size)
        self._mine = [number for number, owner in enumerate(self._owners) if owner == self._rank]
        self._wholes = [
            torch.empty(self._spreads[number].shape, dtype=self._dtypes[number], device=self._device)
            for number in self._mine
        ]

    def _mine_by_options(self) -> list[tuple[Matrices, list[int], list[Tensor]]]:
        """Return the matrices that this process owns: those of `found`, their places, and the tensors to hold them."""
        found: list[tuple[Matrices, list[int], list[Tensor]]] = []
        for number, whole in zip(self._mine, self._wholes, strict=True):
            matrices, place = self._each[number]
            if not found or found[-1][0] is not matrices:
                found.append((matrices, [], []))
            found[-1][1].append(place)
            found[-1][2].append(whole)
        return found

    def _as_matrices(self) -> list[Matrices]:
        return [
            _Whole(wholes, wholes, wholes, matrices.group, matrices.shape, matrices.iterations, matrices.dtype)
            for matrices, _, wholes in self._mine_by_options()
        ]

    def _move(self, moves: Sequence[Tensor]) -> None:
        """Move the parameters, each by one of `moves`."""
        following = iter(moves)
        for matrices in self._found:
            matrices.move([next(following).to(param.dtype) for param in matrices.params])


class _Pieces(_Shared):
    """Matrices of which each process has a piece: pieces go to the owner, and pieces of the result come back."""

    def __init__(self, found: Sequence[Matrices]) -> None:
        super().__init__(found)
        local_shapes = [tuple(matrices.params[place].shape) for matrices, place in self._each]
        self._sent = _Parcels(
            list(zip(self._owners, local_shapes, self._dtypes, strict=True)), self._size, self._device
        )
        held = [(rank, number) for rank in range(self._size) for number in self._mine]
        shapes = [self._spreads[number].shape_in(rank) for rank, number in held]
        wanted = [(rank, shape, self._dtypes[number]) for (rank, number), shape in zip(held, shapes, strict=True)]
        self._held = _Parcels(wanted, self._size, self._device)

    def wholes(self) -> list[Matrices]:
        for matrices in self._found:
            matrices.average()
        ahead = [tensor for matrices in self._found for tensor in matrices.ahead()]
        torch._foreach_copy_(self._sent.tensors, ahead)
        self._pass(self._sent, self._held)
        if self._mine:
            torch._foreach_copy_(self._slices(), self._held.tensors)
        return self._as_matrices()

    def finish(self) -> None:
        if self._mine:
            torch._foreach_copy_(self._held.tensors, self._slices())
        self._pass(self._held, self._sent)
        self._move(self._sent.tensors)

    def _pass(self, sent: _Parcels, received: _Parcels) -> None:
        dist.all_to_all_single(received.bytes, sent.bytes, received.splits, sent.splits, group=self._group)

    def _slices(self) -> list[Tensor]:
        """Return the part that each process has of each whole matrix, process by process."""
        return [
            whole.narrow(*self._spreads[number].extent(rank))
            for rank in range(self._size)
            for number, whole in zip(self._mine, self._wholes, strict=True)
        ]


class _Copies(_Shared):
    """Matrices that each process has whole: the owners send the results to all."""

    def wholes(self) -> list[Matrices]:
        for matrices in self._found:
            matrices.average()
        for matrices, places, wholes in self._mine_by_options():
            torch._foreach_copy_(wholes, list(matrices.some(places).ahead()))
        return self._as_matrices()

    def finish(self) -> None:
        wanted = zip(self._owners, self._spreads, self._dtypes, strict=True)
        results = _Parcels(
            [(owner, spread.shape, dtype) for owner, spread, dtype in wanted], self._size, self._device, even=True
        )
        if self._mine:
            torch._foreach_copy_([results.tensors[number] for number in self._mine], self._wholes)
        own = results.bytes.split(results.splits)[self._rank].clone()
        all_gather(results.bytes, own, group=self._group)
        self._move(results.tensors)


def _spread(matrices: Matrices) -> Spread:
    if matrices.spread is None:
        raise ValueError("only matrices that are spread over processes can be exchanged")
    return matrices.spread


def _with_gradients(groups: Sequence[dict[str, Any]]) -> tuple[tuple[int, ...], ...]:
    """Return for each group the places of the parameters that have a gradient and may be spread over processes."""
    return tuple(
        tuple(
            place
            for place, param in enumerate(group["params"])
            if param.grad is not None and (group["divide_work"] or placement(param) is not None)
        )
        for group in groups
    )


def _cost(matrices: Matrices) -> int:
    """Return what the Newton-Schulz iterations of one parameter cost, in multiplications."""
    whole = prod(_spread(matrices).shape)
    return whole * min(matrices.shape)


def _bytes_sent(matrices: Matrices) -> int:
    """Return what one process sends of one parameter, its padding included."""
    spread = _spread(matrices)
    pieces = 1 if spread.dim is None else spread.size
    return prod(spread.shape) * matrices.dtype.itemsize // pieces + _ALIGNMENT
