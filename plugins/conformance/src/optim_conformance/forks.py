"""A plugin that forks must not double what the kit does: of the two processes that return, one ends."""

from __future__ import annotations

import os

__all__ = ["end_if_forked", "own_process"]

_OWN: list[int] = []


def own_process() -> None:
    """Note that the kit started this process."""
    _OWN[:] = [os.getpid()]


def end_if_forked() -> None:
    """End a copy of a process that the kit started, without a word; do nothing anywhere else."""
    if _OWN and os.getpid() != _OWN[0]:
        os._exit(0)
