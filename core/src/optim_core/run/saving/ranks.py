"""What the processes of a run do together; a run of one process is one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from optim_core.errors import CheckpointError
from optim_core.text.prose import said

__all__ = ["processes", "rank", "together"]

Result = TypeVar("Result")


def _distributed() -> bool:
    from torch import distributed

    return distributed.is_available() and distributed.is_initialized()


def rank() -> int:
    """Return the number of this process, 0 where torch.distributed is not initialised."""
    from torch import distributed

    return distributed.get_rank() if _distributed() else 0


def processes() -> int:
    """Return how many processes the run has, 1 where torch.distributed is not initialised."""
    from torch import distributed

    return distributed.get_world_size() if _distributed() else 1


def together(work: Callable[[], Result]) -> list[Result]:
    """Return what `work` returns on each process, in the order of their ranks; each process calls this.

    Args:
        work: what this process does; what it returns is sent to the others.

    Raises:
        CheckpointError: `work` failed on another process. Where it fails on this one, what it raises is raised.

    Example:
        >>> import torch.distributed
        >>> from optim_core.plugin_tools import together
        >>> together(lambda: "done")
        ['done']
    """
    if not _distributed():
        return [work()]
    from torch import distributed

    result, failure = _outcome(work)
    outcomes: list[Any] = [None] * processes()
    distributed.all_gather_object(outcomes, (result, failure and said(failure)))
    if failure is not None:
        raise failure
    failures = [f"process {number}: {told}" for number, (_, told) in enumerate(outcomes) if told]
    if failures:
        raise CheckpointError("another process could not save: " + "; ".join(failures[:3]))
    return [result for result, _ in outcomes]


def _outcome(work: Callable[[], Result]) -> tuple[Result | None, Exception | None]:
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001 - the others wait for this process, and must hear of any failure
        return None, error
