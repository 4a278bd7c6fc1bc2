"""The parts of a batch that demos show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from optim_core import OptimError

__all__ = ["first_part", "rows_of", "second_part"]


def first_part(batch: Any, what: str) -> Tensor:
    """Return what a model is given: the batch itself, or its first tensor.

    Args:
        batch: as the model is trained with it.
        what: the demo shows, for the message.

    Raises:
        OptimError: it has no tensor.

    Example:
        >>> import torch
        >>> from optim_training.demos.live.batches import first_part
        >>> first_part([torch.zeros(2, 3), torch.ones(2)], "rows").shape
        torch.Size([2, 3])
    """
    found = next((part for part in _parts(batch) if isinstance(part, Tensor)), None)
    if found is None:
        raise OptimError(f"a batch has no tensor, of which {what} could be shown: it is {type(batch).__name__}")
    return found


def second_part(batch: Any) -> Tensor | None:
    """Return what is right, the second tensor of a batch that has as many items; None where there is none."""
    tensors = [part for part in _parts(batch) if isinstance(part, Tensor)]
    return tensors[1] if len(tensors) > 1 and tensors[1].shape[:1] == tensors[0].shape[:1] else None


def rows_of(batch: Any, count: int) -> Any:
    """Return the first items of a batch, in a batch of the same make."""
    if isinstance(batch, Tensor):
        return batch[:count]
    if isinstance(batch, Mapping):
        return {name: rows_of(part, count) for name, part in batch.items()}
    if isinstance(batch, (list, tuple)):
        if batch and not isinstance(batch[0], (Tensor, Mapping, list, tuple)):
            return batch[:count]
        parts = [rows_of(part, count) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    return batch


def _parts(batch: Any) -> list[Any]:
    if isinstance(batch, Tensor):
        return [batch]
    if isinstance(batch, Mapping):
        return list(batch.values())
    return list(batch) if isinstance(batch, (list, tuple)) else []
