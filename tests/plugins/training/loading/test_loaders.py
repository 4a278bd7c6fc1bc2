"""Loaders, the items they are made of, and what a model is told of its data."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch

from optim_core import OptimError
from optim_training.loading.facts import Data
from optim_training.loading.loaders import Loader, training_loader, validation_loader


class Noisy:
    """Items that draw from every generator there is."""

    features = 4

    def __init__(self, size: int = 11) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.tensor([float(index), torch.rand(()).item(), random.random(), np.random.rand()])


def shifted(item: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return torch.cat([item, torch.rand(1, generator=generator)])


def masked(items: list[torch.Tensor]) -> torch.Tensor:
    stacked = torch.stack(items)
    return torch.cat([stacked, torch.rand(len(items), 1)], dim=1)


def loader(**options: Any) -> Loader:
    return training_loader(Noisy(), **{"batch_size": 3, "seed": 42, "augment": shifted, "collate": masked, **options})


def epochs(made: Loader, *numbers: int) -> list[torch.Tensor]:
    batches = []
    for number in numbers:
        made.order.start_at(number, 0)
        batches += list(made)
    return batches


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


def test_items_depend_on_seed_epoch_and_index_alone() -> None:
    """Whatever the dataset, its augmentation and its collation draw is the same for any number of workers, from any
    batch on, and another in the next epoch."""
    expected = epochs(loader(), 0, 1)
    assert same(expected, epochs(loader(num_workers=2), 0, 1))
    assert same(expected, epochs(loader(num_workers=1), 0, 1))
    continued = loader(num_workers=2)
    continued.order.start_at(1, 2)
    assert same(expected[6:], list(continued))
    by_index = [{float(row[0]): row for batch in part for row in batch} for part in (expected[:4], expected[4:])]
    assert set(by_index[0]) == set(by_index[1]) == set(map(float, range(11)))
    assert all((by_index[0][item][1:] != by_index[1][item][1:]).all() for item in by_index[0])


@pytest.mark.parametrize("num_workers", [0, 1])
def test_loading_draws_from_no_global_generator(num_workers: int) -> None:
    """The global generators of torch, numpy and Python are after an epoch what they were before it."""
    torch.manual_seed(0), random.seed(0), np.random.seed(0)
    expected = torch.rand(()).item(), random.random(), np.random.rand()
    torch.manual_seed(0), random.seed(0), np.random.seed(0)
    made = loader(num_workers=num_workers)
    list(made)
    assert expected == (torch.rand(()).item(), random.random(), np.random.rand())


def test_validation_is_the_same_each_time() -> None:
    """Items come in their own order, without augmentation, and what the dataset draws is the same each time."""
    made = validation_loader(Noisy(), batch_size=3, seed=42)
    first, second = list(made), list(made)
    assert same(first, second)
    assert list(range(11)) == [int(row[0]) for batch in first for row in batch]


def test_a_model_is_told_of_its_data() -> None:
    """The first batch is the one that is trained first, and a number that the dataset does not say is an error."""
    made = loader(num_workers=1)
    data = Data("noisy", made)
    assert torch.equal(data.first_batch, next(iter(made)))
    assert data.features == 4
    with pytest.raises(OptimError, match=r"the dataset `noisy` does not say how many classes .*it says its features"):
        data.classes  # noqa: B018 - asking is what fails


def test_what_an_item_raises_names_the_item():
    """In the notes of the exception, which tracebacks show."""
    with pytest.raises(ZeroDivisionError) as raised:
        list(training_loader([0.0, 1.0, 2.0], batch_size=3, seed=42, augment=lambda item, generator: 1 / item))
    assert ["at item 0 of the dataset, counted from 0, in epoch 0"] == raised.value.__notes__
