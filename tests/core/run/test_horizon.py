"""The length of a run."""

from __future__ import annotations

import pytest

from optim_core import Horizon, HorizonError


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"total_steps": 100, "steps_per_epoch": 10}, (100, 10, 10)),
        ({"total_steps": 101, "steps_per_epoch": 10}, (101, 10, 11)),
        ({"total_steps": 100, "epochs": 10}, (100, 10, 10)),
        ({"steps_per_epoch": 10, "epochs": 3}, (30, 10, 3)),
        ({"total_steps": 30, "steps_per_epoch": 10, "epochs": 3}, (30, 10, 3)),
        ({"total_steps": 25, "steps_per_epoch": 10, "epochs": 3}, (25, 10, 3)),
        ({"total_steps": 25}, (25, None, None)),
        ({}, (None, None, None)),
    ],
)
def test_two_lengths_give_the_third(given, expected):
    """Of total_steps, steps_per_epoch and epochs, two determine the other; a last epoch cut short counts."""
    horizon = Horizon(**given)
    assert expected == (horizon.total_steps, horizon.steps_per_epoch, horizon.epochs)


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "10"])
@pytest.mark.parametrize("name", ["total_steps", "steps_per_epoch", "epochs"])
def test_a_length_is_a_whole_number_of_at_least_one(name, value):
    """Anything else is refused by name."""
    with pytest.raises(HorizonError, match=f"{name} must be a whole number of at least 1, is"):
        Horizon(**{name: value})


def test_a_schedule_that_is_stepped_once_an_epoch_counts_epochs():
    """Its horizon has the epochs as steps, and without them the error asks for epochs."""
    horizon = Horizon(total_steps=100, steps_per_epoch=10).in_epochs()
    assert (10, 1, 10) == (horizon.total_steps, horizon.steps_per_epoch, horizon.epochs)
    assert horizon == horizon.in_epochs()
    with pytest.raises(HorizonError, match="cosine needs epochs: pass epochs=…"):
        Horizon(total_steps=100).in_epochs().require("total_steps", "cosine")


def test_lengths_that_contradict_each_other_are_refused():
    """Three numbers that do not fit name all three."""
    with pytest.raises(HorizonError, match="total_steps=100 does not fit steps_per_epoch=10 and epochs=3"):
        Horizon(total_steps=100, steps_per_epoch=10, epochs=3)


def test_a_length_that_is_needed_and_missing_is_named():
    """`require` gives the number, or says who needs which."""
    assert 7 == Horizon(total_steps=7).require("total_steps", "cosine")
    with pytest.raises(HorizonError, match="cosine needs steps_per_epoch: pass steps_per_epoch="):
        Horizon(total_steps=7).require("steps_per_epoch", "cosine")


def test_a_part_of_a_run_is_a_run_of_its_own():
    """It has its own number of steps, and the epochs and the counting of the whole."""
    assert Horizon(total_steps=40, steps_per_epoch=10) == Horizon(total_steps=100, steps_per_epoch=10).part(40)
    assert Horizon(steps_per_epoch=10) == Horizon(total_steps=100, steps_per_epoch=10).part(None)
    in_epochs = Horizon(total_steps=100, steps_per_epoch=10).in_epochs()
    assert Horizon(total_steps=4, steps_per_epoch=1, per_epoch=True) == in_epochs.part(4)
