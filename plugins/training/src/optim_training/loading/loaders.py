"""The loaders of a run: batches in the order of a `BatchOrder`, made of `Items`, with or without workers."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader

from optim_training.loading.items import Collated, Items
from optim_training.loading.order import BatchOrder
from optim_training.loading.seeds import seed_of

_SECONDS_AFTER_SIGTERM = 30

__all__ = ["Loader", "training_loader", "validation_loader"]


class Loader(DataLoader[Any]):
    """A loader of torch that begins when its first batch is asked for, and draws from no global random generator.

    Args:
        items: what is loaded.
        order: in which order, from where and for which process; `Loader.order` has it.
        num_workers: how many processes fetch items; 0 is none.
        collate: makes a batch of a list of items; by default torch's own way to do it.

    Example:
        >>> from optim_training.loading.items import Items
        >>> from optim_training.loading.loaders import Loader
        >>> from optim_training.loading.order import BatchOrder
        >>> loader = Loader(Items([0, 1, 2, 3, 4], 42), BatchOrder(5, 2, seed=42, shuffle=False))
        >>> batches = iter(loader)
        >>> loader.order.start_at(epoch=0, batch=1)
        >>> list(batches), len(loader)
        ([tensor([2, 3, 4])], 2)
    """

    def __init__(
        self,
        items: Items,
        order: BatchOrder,
        *,
        num_workers: int = 0,
        collate: Callable[[list[Any]], Any] | None = None,
    ) -> None:
        super().__init__(
            items,  # type: ignore[arg-type] # it is no Dataset of torch's, which would import torch
            batch_sampler=order,
            num_workers=num_workers,
            collate_fn=Collated(collate),
            worker_init_fn=_outlive_signals if num_workers else None,
            persistent_workers=num_workers > 0,
            pin_memory=torch.cuda.is_available(),
            generator=torch.Generator().manual_seed(seed_of(items.seed, "loader")),
        )
        self.order = order

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        # Lightning makes the iterator of the first epoch before a checkpoint says where it begins; with workers, the
        # first batches would be on their way already.
        yield from super().__iter__()


def _outlive_signals(_: int) -> None:
    """Leave signals to the process that trains: a terminal, or SLURM, sends them to its workers as well.

    The step that is to be ended needs them. Afterwards they end with that process.
    """
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    if hasattr(signal, "alarm"):
        # One that hangs is ended by SIGTERM still, if later.
        signal.signal(signal.SIGTERM, lambda *_: signal.alarm(_SECONDS_AFTER_SIGTERM))


def training_loader(
    dataset: Any,
    *,
    batch_size: int,
    seed: int,
    num_workers: int = 0,
    augment: Callable[[Any, Any], Any] | None = None,
    collate: Callable[[list[Any]], Any] | None = None,
    drop_last: bool = False,
) -> Loader:
    """Return the loader of what is trained: shuffled, by the dataset's ``strata`` where it has them.

    Args:
        dataset: the live dataset.
        batch_size: of one process.
        seed: of the run, the same in every process.
        num_workers: how many processes fetch items; 0 is none.
        augment: of the dataset's config, where it has one.
        collate: of the dataset's config, where it has one.
        drop_last: whether the last batch of an epoch is left out where it is smaller than the others.

    Raises:
        OptimError: the dataset is empty, or has not a stratum for each item.

    Example:
        >>> from optim_training.loading.loaders import training_loader
        >>> loader = training_loader([0.0, 1.0, 2.0, 3.0], batch_size=2, seed=42)
        >>> sorted(float(item) for batch in loader for item in batch)
        [0.0, 1.0, 2.0, 3.0]
    """
    strata = getattr(dataset, "strata", None)
    order = BatchOrder(len(dataset), batch_size, seed=seed, strata=strata, drop_last=drop_last)
    return Loader(Items(dataset, seed, augment), order, num_workers=num_workers, collate=collate)


def validation_loader(
    dataset: Any,
    *,
    batch_size: int,
    seed: int,
    num_workers: int = 0,
    collate: Callable[[list[Any]], Any] | None = None,
) -> Loader:
    """Return the loader of what is validated: in the dataset's own order, the same each time, and not augmented.

    Args:
        dataset: the live dataset.
        batch_size: of one process.
        seed: of the run, for what is random in the dataset itself.
        num_workers: how many processes fetch items; 0 is none.
        collate: of the dataset's config, where it has one.

    Raises:
        OptimError: the dataset is empty.

    Example:
        >>> from optim_training.loading.loaders import validation_loader
        >>> list(validation_loader([0, 1, 2, 3], batch_size=2, seed=42))
        [tensor([0, 1]), tensor([2, 3])]
    """
    order = BatchOrder(len(dataset), batch_size, seed=seed, shuffle=False)
    return Loader(Items(dataset, seed), order, num_workers=num_workers, collate=collate)
