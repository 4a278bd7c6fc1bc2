"""Memory for what is computed between gradients and updates."""

from __future__ import annotations

from functools import cache

import torch

__all__ = ["keep_freed_memory"]

# glibc keeps blocks up to the size of the largest that was ever freed, and never more than 32 MiB.
_MOST_THAT_IS_KEPT = 31 * 2**20


@cache
def keep_freed_memory() -> None:
    """Make the C library keep memory that a step frees, for the next step, once in a process.

    Until a process has freed a large block, glibc hands even a few MiB back to the system each time, and to get them
    again, page by page, takes as long as a step of small matrices. A training loop soon comes to this state by itself.
    The block is never touched, so that it costs neither memory nor time; other C libraries take no notice.
    """
    torch.empty(_MOST_THAT_IS_KEPT, dtype=torch.uint8)
