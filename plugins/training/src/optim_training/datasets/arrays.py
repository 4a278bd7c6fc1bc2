"""A live dataset that is held in memory as tensors. It is made in the training alone: it needs torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

__all__ = ["Arrays"]


class Arrays:
    """Items that are rows of tensors.

    Args:
        tensors: of equal length; an item has a row of each.
        facts: what the dataset says of itself: ``features``, ``classes``, ``strata``.

    Example:
        >>> import torch
        >>> from optim_training.datasets.arrays import Arrays
        >>> items = Arrays([torch.tensor([[1.0], [2.0]]), torch.tensor([0, 1])], features=1, classes=2)
        >>> len(items), items[1], vars(items)["classes"]
        (2, (tensor([2.]), tensor(1)), 2)
    """

    def __init__(self, tensors: Sequence[Tensor], **facts: Any) -> None:
        self._tensors = tuple(tensors)
        for name, value in facts.items():
            setattr(self, name, value)

    def __len__(self) -> int:
        return len(self._tensors[0])

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self._tensors)
