"""The order of the items."""

from __future__ import annotations

from collections import Counter

import pytest

from optim_core import OptimError
from optim_training.loading.order import BatchOrder


def epoch_of(order: BatchOrder, epoch: int = 0, batch: int = 0) -> list[list[int]]:
    order.start_at(epoch, batch)
    return [[place.item for place in batch] for batch in order]


@pytest.mark.parametrize("ranks", [1, 2, 3, 5])
@pytest.mark.parametrize("batch_size", [1, 2, 4, 7])
@pytest.mark.parametrize("size", [5, 6, 9, 16, 17, 33, 41])
def test_each_item_is_seen_once_and_all_processes_have_as_many_batches(size: int, batch_size: int, ranks: int) -> None:
    """Over all processes each item stands in one batch of an epoch, and all have equally many that are not empty."""
    orders = [BatchOrder(size, batch_size, seed=1) for _ in range(ranks)]
    for rank, order in enumerate(orders):
        order.share(rank, ranks)
    epochs = [epoch_of(order) for order in orders]
    assert Counter(range(size)) == Counter(item for epoch in epochs for batch in epoch for item in batch)
    assert {len(orders[0])} == {len(epoch) for epoch in epochs}
    assert all(batch for epoch in epochs for batch in epoch)
    assert all(len(batch) <= batch_size + 2 for epoch in epochs for batch in epoch)
    if size >= 2 * ranks and batch_size >= 2:
        assert all(len(batch) >= 2 for epoch in epochs for batch in epoch)


def test_an_order_depends_on_seed_and_epoch_alone() -> None:
    """The same seed and epoch give the same order, from whichever batch on, whatever came before; others another."""
    whole = epoch_of(BatchOrder(40, 3, seed=5), epoch=7)
    order = BatchOrder(40, 3, seed=5)
    assert whole != epoch_of(order, epoch=6)
    assert whole == epoch_of(order, epoch=7)
    assert whole[4:] == epoch_of(order, epoch=7, batch=4)
    assert whole != epoch_of(BatchOrder(40, 3, seed=6), epoch=7)


def test_the_order_of_all_processes_is_that_of_one() -> None:
    """What two processes see in one step is what one sees that has batches of twice the size."""
    alone = epoch_of(BatchOrder(40, 8, seed=5))
    shares = []
    for rank in range(2):
        order = BatchOrder(40, 4, seed=5)
        order.share(rank, 2)
        shares.append(epoch_of(order))
    assert alone == [one + other for one, other in zip(*shares, strict=True)]


@pytest.mark.parametrize("ranks", [1, 2])
def test_every_batch_holds_the_strata_in_their_share(ranks: int) -> None:
    """A third of the items is of one stratum, and so is a third of each batch, give or take one item."""
    strata = [number % 3 == 0 for number in range(120)]
    for rank in range(ranks):
        order = BatchOrder(120, 12, seed=3, strata=strata)
        order.share(rank, ranks)
        for epoch in range(5):
            batches = epoch_of(order, epoch)
            assert all(3 <= sum(strata[item] for item in batch) <= 5 for batch in batches)
        assert epoch_of(order, 0) != epoch_of(order, 1)


def test_what_cannot_be_ordered_is_refused() -> None:
    """No items, fewer items than processes and too few strata are errors that say what is wrong."""
    with pytest.raises(OptimError, match="the dataset is empty"):
        BatchOrder(0, 4, seed=1)
    with pytest.raises(OptimError, match=r"3 items for 4 processes.*--devices 3"):
        BatchOrder(3, 4, seed=1).share(0, 4)
    with pytest.raises(OptimError, match="5 items, and 4 strata"):
        BatchOrder(5, 4, seed=1, strata=[0, 0, 1, 1])


def test_the_last_batch_is_left_out_where_that_is_asked_for() -> None:
    """With `drop_last` no batch is smaller, none has more, and what is left out is another the next time."""
    order = BatchOrder(11, 2, seed=42, drop_last=True)
    order.share(0, 2)
    batches = [[place.item for place in batch] for batch in order]
    assert [2, 2] == [len(batch) for batch in batches]
    assert 2 == len(order)
    whole = BatchOrder(11, 4, seed=42, drop_last=True)
    left_out = []
    for epoch in range(5):
        whole.start_at(epoch, 0)
        left_out.append(frozenset(range(11)) - {place.item for batch in whole for place in batch})
    assert {3} == {len(each) for each in left_out}
    assert len(set(left_out)) > 1
    assert [[0, 1, 2]] == [[place.item for place in batch] for batch in BatchOrder(3, 4, seed=1, shuffle=False)]
