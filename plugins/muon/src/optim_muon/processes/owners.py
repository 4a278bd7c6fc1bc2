"""Which process computes which matrix."""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Hashable
from functools import lru_cache
from weakref import WeakKeyDictionary

import torch
import torch.distributed as dist

from optim_muon.processes.gathering import all_gather

__all__ = ["check_agreement", "owners_of"]

_agreed: WeakKeyDictionary[dist.ProcessGroup, set[Hashable]] = WeakKeyDictionary()


@lru_cache(maxsize=64)
def owners_of(costs: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Return the rank, from 0 to ``size - 1``, of the owner of each matrix.

    The costliest matrix is given away first, each to the process with the least work, so that no process has more than
    4/3 of the least possible (Graham 1969). As nothing else decides, all processes find the same owners.

    Args:
        costs: the cost of each matrix, in any unit.
        size: how many processes share the work.
    """
    owners = [0] * len(costs)
    loads = [(0, rank) for rank in range(size)]
    for place in sorted(range(len(costs)), key=lambda place: -costs[place]):
        load, rank = loads[0]
        owners[place] = rank
        heapq.heapreplace(loads, (load + costs[place], rank))
    return tuple(owners)


def check_agreement(group: dist.ProcessGroup, matrices: Hashable, device: torch.device) -> None:
    """Check that all processes are about to exchange the same matrices.

    The other processes are asked the first time that these matrices are checked, and never again.

    Args:
        group: the processes.
        matrices: all that is known of the matrices; its repr is the same where the matrices are the same.
        device: a device whose tensors the group can exchange.

    Raises:
        RuntimeError: one process has other matrices; all processes raise it.
    """
    known = _agreed.setdefault(group, set())
    if matrices in known:
        return
    sent = torch.tensor([zlib.crc32(repr(matrices).encode())], device=device)
    found = sent.new_empty(dist.get_world_size(group))
    all_gather(found, sent, group=group)
    if len(found.unique()) > 1:
        raise RuntimeError(
            "the processes that share Muon's matrices do not have the same ones, of the same shapes and options, with "
            "a gradient; each must give the optimizer the same parameters in the same order, and have gradients for "
            "the same of them"
        )
    known.add(matrices)
