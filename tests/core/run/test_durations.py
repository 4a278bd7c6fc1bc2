"""Duration: what a config writes as a length, and what it is in a run."""

from __future__ import annotations

import json
import math
import pickle
import re
from decimal import Decimal
from fractions import Fraction

import attrs
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim_core import ConfigError, Duration, Horizon, HorizonError, Registry
from optim_core.reference.describe import describe, example
from optim_core.run.durations import DurationError

RUN = Horizon(total_steps=1001, steps_per_epoch=50)


@pytest.mark.parametrize(
    ("written", "amount", "unit", "plain"),
    [
        (500, 500, "", 500),
        (0, 0, "", 0),
        (1e5, 100_000, "", 100_000),
        ("500", 500, "", 500),
        ("1e5", 100_000, "", 100_000),
        ("500 steps", 500, "steps", "500 steps"),
        ("1 step", 1, "steps", "1 step"),
        ("1steps", 1, "steps", "1 step"),
        ("1e3 steps", 1000, "steps", "1000 steps"),
        ("5%", 5, "%", "5%"),
        (" 2.50 % ", 2.5, "%", "2.5%"),
        (".5%", 0.5, "%", "0.5%"),
        ("100%", 100, "%", "100%"),
        ("2 epochs", 2, "epochs", "2 epochs"),
        ("1 epochs", 1, "epochs", "1 epoch"),
        ("0.5 epoch", 0.5, "epochs", "0.5 epochs"),
    ],
)
def test_a_length_is_read_and_written(written, amount, unit, plain):
    """The text may have spaces; what is written is canonical, and reads as the same."""
    duration = Duration.of(written)
    assert (amount, unit, plain) == (duration.amount, duration.unit, duration.plain())
    assert type(amount) is type(duration.amount)
    assert duration == Duration.of(plain) == Duration.of(duration) == pickle.loads(pickle.dumps(duration))
    assert hash(duration) == hash(Duration.of(plain))
    assert f"Duration.of({plain!r})" == repr(duration)


@pytest.mark.parametrize(
    "wrong",
    [
        0.1,
        0.05,
        1.0,
        1.5,
        -0.1,
        -1,
        -3.0,
        math.nan,
        math.inf,
        True,
        None,
        [5],
        {},
        b"5%",
        "",
        " ",
        "0.1",
        "1.0",
        "-5",
        "-5%",
        "5 %%",
        "%",
        "epochs",
        "five steps",
        "5 days",
        "5 Epochs",
        "nan%",
        "inf epochs",
        "1e999%",
        "1.5 steps",
        "101%",
        "5%\n",
        "-0",
        "٥%",
        "5" * 5000,
        10**400,
        2**53 + 1,
        "1e300 epochs",
        Decimal(5),
        Fraction(5),
    ],
)
def test_what_is_no_length_is_refused_with_the_ways_to_write_one(wrong):
    """A bare share is refused, too: a reader could take it for steps or for a percentage."""
    with pytest.raises(DurationError) as caught:
        Duration.of(wrong)
    assert "10%" in caught.value.hint
    assert caught.value.message.startswith("must be ")
    assert str(caught.value) == str(pickle.loads(pickle.dumps(caught.value)))


@pytest.mark.parametrize(
    ("share", "meant"), [(0.1, "10%"), (0.07, "7%"), ("0.05", "5%"), (0.025, "2.5%"), (1.0, "100%")]
)
def test_a_bare_share_is_asked_about_by_its_percentage(share, meant):
    """The hint has what was most likely meant."""
    with pytest.raises(DurationError, match=f"did you mean `{re.escape(meant)}`"):
        Duration.of(share)


@pytest.mark.parametrize(
    ("amount", "unit"), [("5%", ""), (True, ""), (1.5, "steps"), (-1, "%"), (101, "%"), (math.inf, "epochs")]
)
def test_a_duration_out_of_range_cannot_be_made(amount, unit):
    """The constructor checks as the reader does."""
    with pytest.raises(DurationError):
        Duration(amount, unit)


@pytest.mark.parametrize(
    ("written", "steps"),
    [
        (7, 7),
        ("7 steps", 7),
        ("10%", 101),
        ("100%", 1001),
        ("0%", 0),
        ("2 epochs", 100),
        ("0.5 epochs", 25),
        ("0.01 epochs", 1),
    ],
)
def test_a_length_becomes_steps_in_a_run(written, steps):
    """A part of a step is a whole one."""
    assert steps == Duration.of(written).resolve(RUN, "x")


def test_a_share_is_computed_exactly():
    """0.1 % of ten million are 10,000, whatever 0.1 is in binary; 7 % of 100 are 7."""
    assert 10_000 == Duration.of("0.1%").resolve(Horizon(total_steps=10_000_000), "x")
    assert 7 == Duration.of("7%").resolve(Horizon(total_steps=100), "x")


@given(st.decimals(0, 100, places=3), st.integers(1, 10**12))
def test_a_share_is_the_exact_one_rounded_up(percent, total):
    """For every percentage with three places."""
    assert math.ceil(Fraction(percent) * total / 100) == Duration.of(f"{percent}%").resolve(
        Horizon(total_steps=total), "x"
    )


def test_in_a_run_that_is_counted_in_epochs_a_length_is_epochs():
    """Of 21 epochs 10 % are 3, 2 epochs are 2, and a bare number is epochs too."""
    run = RUN.in_epochs()
    assert [3, 2, 7] == [Duration.of(written).resolve(run, "x") for written in ("10%", "2 epochs", 7)]
    assert 2 == Duration.of("2 epochs").resolve(Horizon().in_epochs(), "x")


@pytest.mark.parametrize(
    ("written", "run", "words"),
    [
        (
            "5%",
            Horizon(steps_per_epoch=5),
            "cosine.warmup is 5%, which needs total_steps: pass total_steps=… to create",
        ),
        (
            "2 epochs",
            Horizon(total_steps=5),
            "cosine.warmup is 2 epochs, which needs steps_per_epoch: pass steps_per_ep",
        ),
        ("5%", Horizon(total_steps=5).in_epochs(), "cosine.warmup is 5%, which needs epochs: pass epochs=…"),
        (
            "5 steps",
            RUN.in_epochs(),
            "cosine.warmup is 5 steps, but the schedule is stepped once an epoch: write epochs",
        ),
    ],
)
def test_what_cannot_be_known_is_named(written, run, words):
    """The message has the schedule, its field, and the argument that is missing."""
    with pytest.raises(HorizonError, match=re.escape(words)):
        Duration.of(written).resolve(run, "cosine.warmup")


@attrs.frozen(kw_only=True)
class Ramp:
    """A schedule with lengths.

    Args:
        rise: steps.
        fall: steps, or null.
        stages: several.
    """

    rise: Duration
    fall: Duration | None = None
    stages: list[Duration] = attrs.field(factory=list)
    rest: Duration = attrs.field(default=5, converter=Duration.of)

    def build(self, optimizer, horizon):
        return self


def a_registry():
    made = Registry()
    made.register("scheduler", "Ramp", Ramp)
    return made


@pytest.fixture
def registry():
    """One that knows the schedule."""
    return a_registry()


def test_a_field_that_is_a_length_is_read_from_a_config_and_written_back(registry):
    """Alone, where null is allowed, and in lists."""
    config = {"rise": "5%", "fall": "1e2", "stages": [1, "2 epochs"], "rest": "3 steps"}
    spec = registry.build({"type": "Ramp", "config": config})
    written = {"rise": "5%", "fall": 100, "stages": [1, "2 epochs"], "rest": "3 steps"}

    assert Duration(5, "%") == spec.config.rise
    assert written == registry.to_config(spec)["config"]
    assert spec == registry.build(json.loads(json.dumps(registry.to_config(spec))))


@pytest.mark.parametrize("field", ["rise", "fall", "stages", "rest"])
def test_a_wrong_length_is_a_problem_of_its_field(registry, field):
    """The words and the hint are the same where null is allowed, and in a list, where the place is named."""
    config = {"rise": 1, field: [0.1] if field == "stages" else 0.1}
    with pytest.raises(ConfigError) as caught:
        registry.build({"type": "Ramp", "config": config})
    (problem,) = caught.value.problems
    assert f"config.{field}{'[0]' if field == 'stages' else ''}" == problem.path
    assert "must be a length such as 500, `10%` or `2 epochs`, is 0.1" == problem.message
    assert problem.hint.startswith("did you mean `10%`?")


def test_a_length_is_described(registry):
    """Its type in words, its default as a config writes it, and an example that validates."""
    rise, fall, stages, rest = describe(Ramp).fields
    assert "a length such as 500, `10%` or `2 epochs`" == rise.type
    assert "a length such as 500, `10%` or `2 epochs` or null" == fall.type
    assert 5 == rest.default
    assert stages.type.startswith("a list of ")
    assert registry.build({"type": "Ramp", "config": example(Ramp)})


FIELD = a_registry().schema()["$defs"]["scheduler.Ramp"]["properties"]["rise"]


@given(
    st.one_of(
        st.integers(-3, 10**6),
        st.floats(),
        st.text("0123456789.+-eE% stpoch\n", max_size=8),
        st.sampled_from(
            [
                "5%",
                "5 %",
                "1 step",
                "2.5 epochs",
                ".5%",
                "1e1%",
                "100.0%",
                "1. epochs",
                "1e3steps",
                "+5%",
                "+5",
                "-0",
                "5.",
            ]
        ),
    )
)
def test_the_schema_admits_every_length(value):
    """Whatever is read is valid, and text that is no length is not."""
    try:
        Duration.of(value)
    except DurationError:
        return
    jsonschema.validate(value, FIELD)
