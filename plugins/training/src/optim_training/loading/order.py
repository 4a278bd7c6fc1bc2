"""The order of the items: a function of the seed and the epoch alone, whatever process, worker or batch asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from optim_core import OptimError
from optim_training.loading.seeds import seed_of

if TYPE_CHECKING:
    import torch

__all__ = ["BatchOrder", "Place"]


class Place(NamedTuple):
    """Where an item stands: what is random about it depends on both numbers.

    Args:
        epoch: counts from 0.
        item: its index in the dataset.
    """

    epoch: int
    item: int


class BatchOrder:
    """A batch sampler of which each process has its share, and which begins wherever a run was left.

    Promises:

    - the order of an epoch depends on the seed and the number of the epoch, and on nothing else;
    - over all processes, each item stands in exactly one batch of an epoch;
    - all processes have equally many batches, and none is empty. Items that are left at the end make a batch that is
      smaller; where they are too few for one (a process would have one item, or none), the last batch has them too.

    Args:
        size: how many items there are.
        batch_size: how many of them are in the batch of one process.
        seed: of the order.
        shuffle: whether they are in random order; else they are in their own.
        strata: a number for each item; every batch then holds items of each such number in equal share, as nearly as
            whole items allow.
        drop_last: whether the items that are left at the end of an epoch, too few for a batch, are left out of it. In
            the next epoch they are others, where the order is random.

    Raises:
        OptimError: there are no items, or `strata` has another length.

    Example:
        >>> from optim_training.loading.order import BatchOrder
        >>> order = BatchOrder(5, 2, seed=42, shuffle=False)
        >>> [[place.item for place in batch] for batch in order]
        [[0, 1], [2, 3, 4]]
        >>> order.start_at(epoch=3, batch=1)
        >>> list(order)
        [[Place(epoch=3, item=2), Place(epoch=3, item=3), Place(epoch=3, item=4)]]
    """

    def __init__(
        self,
        size: int,
        batch_size: int,
        *,
        seed: int,
        shuffle: bool = True,
        strata: Sequence[Any] | None = None,
        drop_last: bool = False,
    ) -> None:
        if size < 1:
            raise OptimError("there are no items to train on: the dataset is empty")
        if strata is not None and len(strata) != size:
            raise OptimError(
                f"the dataset has {size} items, and {len(strata)} strata: it must give a number for each item"
            )
        self.size = size
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.strata = strata
        self.drop_last = drop_last
        self.rank, self.ranks = 0, 1
        self.epoch, self.batch = 0, 0

    def share(self, rank: int, ranks: int) -> None:
        """Give each of several processes its part; called before the first batch.

        Args:
            rank: the number of this process, from 0.
            ranks: how many there are.

        Raises:
            OptimError: there are fewer items than processes.

        Example:
            >>> from optim_training.loading.order import BatchOrder
            >>> order = BatchOrder(9, 2, seed=42, shuffle=False)
            >>> order.share(1, 2)
            >>> [[place.item for place in batch] for batch in order]
            [[2, 3], [7, 8]]
        """
        if self.size < ranks:
            raise OptimError(
                f"the dataset has {self.size} items for {ranks} processes, and each needs one at least: "
                f"take --devices {self.size} or fewer"
            )
        self.rank, self.ranks = rank, ranks

    def start_at(self, epoch: int, batch: int) -> None:
        """Let the next iteration begin with a batch of an epoch, both counted from 0."""
        self.epoch, self.batch = epoch, batch

    @property
    def seen_per_batch(self) -> int:
        """How many items all processes together see in a batch that is not the last."""
        return self.batch_size * self.ranks

    def __len__(self) -> int:
        """Return the number of batches of a whole epoch, wherever the next iteration begins."""
        whole, left = divmod(self.size, self.seen_per_batch)
        return max(whole + self._makes_a_batch(left), 1)

    def _makes_a_batch(self, left: int) -> bool:
        # A batch of one item has no variance, which some layers divide by.
        return not self.drop_last and left >= self.ranks * min(2, self.batch_size)

    def __iter__(self) -> Iterator[list[Place]]:
        """Give the batches of this process, from where it was set to begin."""
        epoch, items = self.epoch, self._items(self.epoch)
        for number in range(self.batch, len(self)):
            yield [Place(epoch, index) for index in self._part(items, number)]

    def places(self, epoch: int, batch: int) -> list[Place]:
        """Return what is in a batch of an epoch for this process, both counted from 0."""
        return [Place(epoch, index) for index in self._part(self._items(epoch), batch)]

    def _part(self, items: list[int], number: int) -> list[int]:
        begin = number * self.seen_per_batch
        # Where all of them are fewer than a batch, they are one.
        is_last = number == len(self) - 1 and (not self.drop_last or self.size < self.seen_per_batch)
        of_all = items[begin:] if is_last else items[begin : begin + self.seen_per_batch]
        each, more = divmod(len(of_all), self.ranks)
        first = self.rank * each + min(self.rank, more)
        return of_all[first : first + each + (self.rank < more)]

    def _items(self, epoch: int) -> list[int]:
        import torch

        if not self.shuffle:
            return list(range(self.size))
        generator = torch.Generator().manual_seed(seed_of(self.seed, "order", epoch))
        if self.strata is not None:
            return _spread(self.strata, generator)
        shuffled: list[int] = torch.randperm(self.size, generator=generator).tolist()
        return shuffled


def _spread(strata: Sequence[Any], generator: torch.Generator) -> list[int]:
    """Return a random order in which every stretch holds the strata in the share that they have of the whole.

    The items of a stratum, in random order, stand at equal distances from each other.
    """
    import torch

    members: dict[Any, list[int]] = {}
    for index, stratum in enumerate(strata):
        members.setdefault(_plain(stratum), []).append(index)
    placed: list[tuple[float, int]] = []
    for stratum in sorted(members):
        indices = members[stratum]
        shuffled = torch.randperm(len(indices), generator=generator).tolist()
        offset = float(torch.rand((), generator=generator, dtype=torch.float64))
        placed += [((number + offset) / len(indices), indices[place]) for number, place in enumerate(shuffled)]
    return [index for _, index in sorted(placed)]


def _plain(stratum: Any) -> Any:
    """Return a number of numpy's or torch's as Python's."""
    return stratum.item() if hasattr(stratum, "item") else stratum
