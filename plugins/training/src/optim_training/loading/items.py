"""The items as they are trained: whatever is random about one depends on the seed, the epoch and its index alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optim_training.loading.order import Place
from optim_training.loading.seeds import seed_all, seed_of, unchanged_generators

__all__ = ["Collated", "Items"]


class Items:
    """A dataset, asked for an item by its epoch and index.

    Promises: the same item of the same epoch is the same bit for bit, whatever was fetched before it, in this process
    or in a worker, and however many there are. The global random generators of torch, numpy and Python are seeded for
    each item, so that a dataset may draw from them, and are afterwards what they were before.

    Args:
        dataset: has ``__len__`` and ``__getitem__``.
        seed: of the run.
        augment: makes of an item, with a ``torch.Generator``, the item as it is trained; without it items stay as
            they are.

    Example:
        >>> import torch
        >>> from optim_training.loading.items import Items
        >>> from optim_training.loading.order import Place
        >>> noisy = Items([1.0, 2.0], 42, lambda item, generator: item + float(torch.rand((), generator=generator)))
        >>> noisy[Place(0, 1)] == noisy[Place(0, 1)], noisy[Place(0, 1)] == noisy[Place(1, 1)]
        (True, False)
    """

    def __init__(self, dataset: Any, seed: int, augment: Callable[[Any, Any], Any] | None = None) -> None:
        self.dataset = dataset
        self.seed = seed
        self.augment = augment

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, place: Place) -> Any:
        with unchanged_generators():
            return self._item(place)

    def __getitems__(self, places: Sequence[Place]) -> ItemsOfBatch:
        """Return the items of a batch, as loaders of torch ask for them where a dataset has this method."""
        with unchanged_generators():
            items = ItemsOfBatch(map(self._item, places))
        items.seed = seed_of(self.seed, "batch", *(number for place in places[:1] for number in place))
        return items

    def _item(self, place: Place) -> Any:
        import torch

        seed = seed_of(self.seed, place.epoch, place.item)
        seed_all(seed)
        try:
            item = self.dataset[place.item]
            return item if self.augment is None else self.augment(item, torch.Generator().manual_seed(seed))
        except Exception as error:
            error.add_note(f"at item {place.item} of the dataset, counted from 0, in epoch {place.epoch}")
            raise


class ItemsOfBatch(list[Any]):
    """The items of a batch, with a seed of its own for what is random in putting them together."""

    seed: int = 0


class Collated:
    """Puts items together, with the global random generators seeded, as `Items` does it for each item.

    Args:
        collate: makes a batch of a list of items; by default torch's own way to do it.

    Example:
        >>> from optim_training.loading.items import Collated
        >>> Collated(sum)([1, 2])
        3
    """

    def __init__(self, collate: Callable[[list[Any]], Any] | None = None) -> None:
        self.collate = collate

    def __call__(self, items: list[Any]) -> Any:
        if self.collate is None:
            from torch.utils.data import default_collate

            return default_collate(items)
        with unchanged_generators():
            seed_all(getattr(items, "seed", 0))
            return self.collate(list(items))
