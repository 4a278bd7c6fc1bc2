"""Lengths in the config of a schedule that no run could hold."""

from __future__ import annotations

import attrs
import pytest

from optim_core import Duration, Horizon
from optim_core.run.fitting import misfits

RUN = Horizon(total_steps=1000, steps_per_epoch=100)


@attrs.frozen(kw_only=True)
class Schedule:
    rise: Duration = attrs.field(default=Duration(0), converter=Duration.of)
    rise_epochs: Duration = attrs.field(default=Duration(0), converter=Duration.of)
    whole: Duration | None = attrs.field(default=None, converter=attrs.converters.optional(Duration.of))
    passes: int | None = None
    points: tuple[int, ...] = ()
    other: int = 5

    lengths = {  # noqa: RUF012 - as a plugin's author may write it
        "rise": "warmup",
        "rise_epochs": "warmup_epochs",
        "whole": "run",
        "passes": "run_epochs",
        "points": "point",
        "other": "point",
    }

    def build(self, optimizer, horizon):
        raise NotImplementedError


def found(interval="step", horizon=RUN, **fields):
    return [(each.field, each.sentence) for each in misfits(Schedule(**fields), interval, horizon)]


@pytest.mark.parametrize(
    ("interval", "fields", "says"),
    [
        ("step", {"rise": 1000}, "must be shorter than the run of 1000 steps, is 1000"),
        ("step", {"rise": "10 epochs"}, "must be shorter than the run of 1000 steps, is the text '10 epochs'"),
        ("step", {"rise_epochs": 10}, "must be shorter than the run of 1000 steps, is 10"),
        ("step", {"rise": 50, "whole": 50}, "must be shorter than the schedule of 50 steps, is 50"),
        ("step", {"rise": "100%"}, "must leave something of the run after the warmup, is the text '100%'"),
        ("epoch", {"rise": 10}, "must be shorter than the run of 10 epochs, is 10"),
        ("epoch", {"rise": 1, "whole": 1}, "must be shorter than the schedule of 1 epoch, is 1"),
        ("epoch", {"whole": 50_000}, "lies beyond the run of 10 epochs, is 50000"),
        ("epoch", {"points": (3, 30_000, 60_000)}, "lies beyond the run of 10 epochs, is 30000"),
        ("step", {"whole": 10}, "is 10, the number of the run's epochs, and the schedule is stepped 1,000 times"),
    ],
)
def test_a_length_that_cannot_be_is_told_once(interval, fields, says):
    """Of several points in one field the first one is named."""
    (misfit,) = found(interval, **fields)
    assert says == misfit[1]


@pytest.mark.parametrize(
    ("interval", "fields"),
    [
        ("step", {"rise": 999}),
        ("step", {"rise": "99%"}),
        ("step", {"whole": 5000}),
        ("step", {"points": (30_000,)}),
        ("epoch", {"points": (3, 10)}),
        ("epoch", {"whole": 10}),
        ("epoch", {"rise": "9 epochs"}),
    ],
)
def test_a_length_that_can_be_is_not(interval, fields):
    """A schedule by steps may be longer than the run, which then takes a part of it."""
    assert [] == found(interval, **fields)


@pytest.mark.parametrize("interval", ["step", "epoch"])
def test_what_is_not_known_fits(interval):
    """Without a run, and where epochs cannot be turned into steps."""
    unknown = {"rise": "9 steps", "whole": "20 epochs", "points": (7,)}
    assert [] == found(interval, Horizon(), **unknown)
    assert [] == found("step", Horizon(total_steps=5), rise="9 epochs")


def test_two_lengths_in_epochs_are_compared_where_their_steps_are_not_known():
    """Whichever way each of them says that it is epochs."""
    says = [("rise_epochs", "must be shorter than the schedule of 5 epochs, is 5")]
    assert says == found("step", Horizon(), rise_epochs=5, whole="5 epochs")
    assert [] == found("step", Horizon(), rise_epochs=4, whole="5 epochs")


def test_a_default_is_left_alone():
    """A run of three epochs takes a part of a schedule that nobody gave a length."""
    assert [] == found("epoch", Horizon(epochs=3))
    assert ["other"] == [field for field, _ in found("epoch", Horizon(epochs=3), other=6)]


def test_a_class_that_says_nothing_is_left_alone():
    """Strangers' schedules need no lengths."""

    @attrs.frozen
    class Silent:
        rise: int = 7

    assert [] == list(misfits(Silent(), "step", Horizon(total_steps=1)))


@pytest.mark.parametrize(
    ("interval", "fields", "hint"),
    [
        (
            "epoch",
            {"rise": 10},
            "the schedule is stepped once an epoch; for steps set `interval: step` beside its type",
        ),
        ("epoch", {"rise_epochs": 10}, "write a share of the run, `5%`"),
        ("step", {"rise": 1000}, "write a share of the run, `5%`"),
        ("step", {"whole": 10}, "for epochs set `interval: epoch` beside its type; for steps write 1000"),
    ],
)
def test_the_hint_repairs_it(interval, fields, hint):
    """By the unit that was meant, or by a share."""
    (misfit,) = misfits(Schedule(**fields), interval, RUN)
    assert misfit.hint.startswith(hint)
