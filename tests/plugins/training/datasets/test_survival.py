"""Survival tables."""

import pytest

from optim_core import registry
from optim_training.datasets.beside_training import build_dataset, check_dataset


def spec(path, **config):
    fields = {"path": str(path), "time": "days", "event": "died", **config}
    return registry.build({"type": "survival_table", "config": fields}, "dataset")


def test_an_item_is_numbers_a_time_and_an_event(tmp_path):
    """A row becomes its numbers, its time and its event, and the events are the strata of the batches."""
    file = tmp_path / "patients.csv"
    file.write_text("age,sex,days,died\n50,f,10,1\n60,m,20.5,0\n")
    made = build_dataset(spec(file, text_columns=["sex"], standardise=False))
    numbers, time, event = made[1]
    assert ([60.0, 0.0, 1.0], 20.5, False) == (numbers.tolist(), time.item(), event.item())
    assert (3, [1, 0]) == (made.features, made.strata)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("50,-1,1", "column `days`: the time -1 is negative"),
        ("50,1,2", "column `died`: an event is 0 or 1, and this is 2"),
        ("50,1,yes", "column `died`: `yes` is no number"),
        ("50,,1", "column `days`: it is missing"),
    ],
)
def test_times_and_events_that_cannot_be_are_told(tmp_path, row, said):
    """A time below 0, an event that is neither 0 nor 1, and a cell without either are told by row."""
    file = tmp_path / "patients.csv"
    file.write_text(f"age,days,died\n40,3,1\n{row}\n")
    assert [f"{file}:3: row 2, {said}"] == check_dataset(spec(file))


def test_rows_without_any_event_are_told(tmp_path):
    """Where nothing happened to anybody there is nothing to learn."""
    file = tmp_path / "patients.csv"
    file.write_text("age,days,died\n40,3,0\n41,4,0\n")
    (sentence,) = check_dataset(spec(file))
    assert "no row has an event" in sentence
