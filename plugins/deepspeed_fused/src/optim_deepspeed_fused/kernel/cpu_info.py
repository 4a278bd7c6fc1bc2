"""What py-cpuinfo says of the processor, asked once: it starts a process each time, which takes a second and more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import cpuinfo

__all__ = ["cpu_info_asked_once"]

_ask = cache(cpuinfo.get_cpu_info)


@contextlib.contextmanager
def cpu_info_asked_once() -> Iterator[None]:
    """Let ``cpuinfo.get_cpu_info`` answer, in the block, what it answered first; each answer is a dict of its own."""
    original = cpuinfo.get_cpu_info
    cpuinfo.get_cpu_info = _answer
    try:
        yield
    finally:
        cpuinfo.get_cpu_info = original


def _answer() -> dict[str, Any]:
    return dict(_ask())
