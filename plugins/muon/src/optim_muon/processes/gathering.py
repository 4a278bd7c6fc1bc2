"""What all processes send, in one tensor of each: under the name that the installed torch has for it."""

from __future__ import annotations

import torch.distributed as dist
from torch import Tensor

__all__ = ["all_gather"]


def all_gather(found: Tensor, sent: Tensor, group: dist.ProcessGroup | None) -> None:
    """Fill `found` with what the processes of a group send, in their order."""
    # torch 2.13 has a new name for it, and warns of the old one.
    gather = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor
    gather(found, sent, group=group)
