"""Means over batches of different size, kept on the device until they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

__all__ = ["Averages", "items_of"]


class Averages:
    """Sums of named values, each times the number of items that it is the mean of.

    Example:
        >>> import torch
        >>> from optim_training.averages import Averages
        >>> averages = Averages()
        >>> averages.add({"loss": torch.tensor(1.0)}, 3)
        >>> averages.add({"loss": torch.tensor(5.0)}, 1)
        >>> averages.take()
        {'loss': tensor(2., dtype=torch.float64)}
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._items: dict[str, int] = {}

    def add(self, values: Mapping[str, Tensor], items: int) -> None:
        """Add means over some items, each a tensor of shape ()."""
        for name, value in values.items():
            weighted = value.detach().double().reshape(()) * items
            self._sums[name] = self._sums[name] + weighted if name in self._sums else weighted
            self._items[name] = self._items.get(name, 0) + items

    def take(self, over_processes: Callable[[Tensor], Tensor] = lambda value: value) -> dict[str, Tensor]:
        """Return the means over all items, and begin anew.

        Args:
            over_processes: sums a tensor over all processes.
        """
        means = {}
        for name, total in self._sums.items():
            items = total.new_tensor(self._items[name])
            means[name] = over_processes(total) / over_processes(items)
        self._sums, self._items = {}, {}
        return means


def items_of(batch: Any) -> int:
    """Return how many items a batch has, which is the length of its first tensor; 1 where it has none.

    Example:
        >>> import torch
        >>> from optim_training.averages import items_of
        >>> items_of({"inputs": torch.zeros(8, 3), "names": ["a"] * 8})
        8
    """
    found = _length(batch)
    return 1 if found is None else found


def _length(value: Any) -> int | None:
    if isinstance(value, Tensor):
        return len(value) if value.ndim else None
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return next((length for length in map(_length, parts) if length is not None), None)
