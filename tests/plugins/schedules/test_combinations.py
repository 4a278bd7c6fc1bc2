"""`sequential` and `warmup`: each part from its own step 0, and no jump at a joint that the parts do not have."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from optim_core import ConfigError, Horizon, HorizonError, registry

from .support import created, optimizer_of, rates, spec_of, stepped

RUN = Horizon(total_steps=100, steps_per_epoch=10)
many = settings(max_examples=40, deadline=None)


@many
@given(st.integers(0, 60), st.integers(61, 200), st.floats(0, 0.09))
def test_a_warmup_around_a_cosine_is_the_cosine_with_that_warmup(warmup, total, floor):
    """The rest of the run is the cosine's."""
    horizon = Horizon(total_steps=total)
    around = spec_of("warmup", scheduler={"type": "cosine", "eta_min": floor}, num_warmup_steps=warmup)
    inside = spec_of("cosine", num_warmup_steps=warmup, eta_min=floor)
    assert list(inside.curve(total + 9, 0.1, horizon=horizon)) == list(around.curve(total + 9, 0.1, horizon=horizon))


@pytest.mark.parametrize(
    "inner",
    [
        {"type": "InverseLR", "config": {"inv_gamma": 10.0, "warmup": 0.95}},
        {"type": "ExponentialLR", "config": {"gamma": 0.9}, "interval": "step"},
        {"type": "LinearLR", "config": {"start_factor": 0.5, "total_iters": 8}, "interval": "step"},
        {"type": "OneCycleLR", "config": {"max_lr": 0.1, "total_steps": 90}},
        {"type": "sequential", "config": {"schedulers": [{"type": "constant"}, {"type": "linear"}], "durations": [9]}},
    ],
)
@pytest.mark.parametrize("start_factor", [0.0, 0.25])
def test_a_warmup_rises_to_the_first_rate_and_then_is_the_schedule(inner, start_factor):
    """In a straight line, torch's own schedules included; from its end on there is no difference in a single bit."""
    spec = spec_of("warmup", scheduler=inner, num_warmup_steps=10, start_factor=start_factor)
    alone = rates(registry.build(inner, kind="scheduler"), 80, total_steps=90)
    seen = rates(spec, 90, total_steps=100)
    line = [alone[0] * (start_factor + (1 - start_factor) * step / 10) for step in range(10)]
    assert line == pytest.approx(seen[:10])
    assert alone == seen[10:]


def test_a_warmup_of_no_steps_is_the_schedule_itself():
    """For a closed form and for torch's own."""
    assert list(spec_of("InverseLR").curve(9, 0.1)) == list(
        spec_of("warmup", scheduler={"type": "InverseLR"}, num_warmup_steps=0).curve(9, 0.1)
    )
    spec = spec_of("warmup", scheduler={"type": "StepLR", "step_size": 2}, num_warmup_steps=0)
    assert lr_scheduler.StepLR is type(spec.create_scheduler(optimizer_of()))


PIECES = [
    {"type": "constant_with_warmup", "config": {"num_warmup_steps": "50%"}, "interval": "step"},
    {"type": "linear"},
    {"type": "cosine", "config": {"eta_min": 0.01, "num_warmup_steps": 3}},
    {"type": "InverseLR", "config": {"inv_gamma": 5.0}},
    {"type": "ExponentialLR", "config": {"gamma": 0.9}, "interval": "step"},
    {"type": "LinearLR", "config": {"start_factor": 0.5}, "interval": "step"},
    {"type": "MultiplicativeLR", "config": {"lr_lambda": "0.95"}, "interval": "step"},
    {"type": "CyclicLR", "config": {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4}},
    {"type": "OneCycleLR", "config": {"max_lr": 0.1}},
    {
        "type": "ChainedScheduler",
        "config": {"schedulers": [{"type": "LinearLR"}, {"type": "ExponentialLR", "gamma": 0.9}]},
        "interval": "step",
    },
    {
        "type": "SequentialLR",
        "config": {
            "schedulers": [{"type": "StepLR", "step_size": 2}, {"type": "StepLR", "step_size": 3}],
            "milestones": [4],
        },
        "interval": "step",
    },
]


@many
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.integers(1, 30)), min_size=1, max_size=4))
def test_a_sequence_is_each_schedule_from_its_own_beginning(pieces):
    """Rate and momentum of each step are those of the schedule alone, over a run of its duration."""
    schedulers, durations = [piece for piece, _ in pieces], [length for _, length in pieces]
    spec = spec_of("sequential", schedulers=schedulers, durations=durations)
    expected = []
    for piece, length in pieces:
        optimizer = optimizer_of(1.0, 5.0)
        alone = registry.build(piece, kind="scheduler")
        scheduler = created(alone, optimizer, Horizon(total_steps=length))
        expected += stepped(optimizer, scheduler, length - 1)
    optimizer = optimizer_of(1.0, 5.0)
    assert expected == stepped(optimizer, spec.create_scheduler(optimizer), sum(durations) - 1)


def test_shares_in_a_part_are_shares_of_the_part():
    """50 % of a part of 20 steps are 10 steps."""
    curve = spec_of("sequential", schedulers=[PIECES[0], PIECES[1]], durations=["20%"]).curve(100, 0.1, horizon=RUN)
    assert pytest.approx([0.05, 0.1, 0.1, 0.1, 0.05, 0.1 / 80]) == list(curve[[5, 10, 19, 20, 60, 99]])


def test_a_sequence_of_closed_forms_is_one():
    """It is a LambdaLR, drawn without a step."""
    spec = spec_of("sequential", schedulers=PIECES[:4], durations=[10, "10%", "3 epochs"])
    assert spec.has_closed_form
    assert isinstance(spec.create_scheduler(optimizer_of(), horizon=RUN), lr_scheduler.LambdaLR)
    assert not spec_of("sequential", schedulers=PIECES[3:5], durations=[10]).has_closed_form


def test_a_last_duration_may_be_given_or_left_out():
    """Given, it is the length that the last schedule has; it stays there for the rest of the run."""
    pair = {"schedulers": [{"type": "constant"}, {"type": "linear"}]}
    shorter = spec_of("sequential", **pair, durations=[20, 40]).curve(100, 0.1, horizon=RUN)
    rest = spec_of("sequential", **pair, durations=[20]).curve(100, 0.1, horizon=RUN)
    assert pytest.approx([0.05, 0.0, 0.0]) == list(shorter[[40, 60, 99]])
    assert pytest.approx([0.075, 0.05, 0.1 / 80]) == list(rest[[40, 60, 99]])


def test_options_that_no_schedule_sets_are_left_to_the_training_loop():
    """A weight decay that is changed on the way stays as it was set when the next part begins."""
    spec = spec_of("sequential", schedulers=PIECES[3:5], durations=[3])
    optimizer = optimizer_of()
    scheduler = spec.create_scheduler(optimizer)
    optimizer.param_groups[0]["weight_decay"] = 0.5
    stepped(optimizer, scheduler, 5)
    assert 0.5 == optimizer.param_groups[0]["weight_decay"]


def test_a_tensor_rate_stays_the_same_tensor_through_a_joint():
    """A rate that is a tensor is written into and never replaced, which captured graphs need."""
    rate = torch.tensor(0.1)
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = spec_of("sequential", schedulers=PIECES[3:6], durations=[3, 3]).create_scheduler(optimizer)
    for _ in range(8):
        optimizer.step()
        scheduler.step()
    assert rate is optimizer.param_groups[0]["lr"]


def test_a_combination_is_stepped_as_its_parts_are():
    """Its interval is theirs, and what stands beside its type wins."""
    over_epochs = {"scheduler": {"type": "ExponentialLR", "gamma": 0.9}, "num_warmup_steps": 3}
    assert "epoch" == spec_of("warmup", **over_epochs).interval
    assert "step" == registry.build({"type": "warmup", "config": over_epochs, "interval": "step"}).interval


def test_a_part_over_epochs_in_a_whole_over_steps_counts_steps():
    """The whole decides what a call of step() is, and so what its lengths are."""
    config = {"scheduler": {"type": "warmup_cosine", "warmup_epochs": 0}, "num_warmup_steps": 10}
    spec = registry.build({"type": "warmup", "config": config, "interval": "step"})
    assert pytest.approx([0.1, 0.05, 0.0]) == list(spec.curve([10, 55, 100], 0.1, horizon=RUN))


def test_the_whole_run_is_known_to_be_too_short_when_it_begins():
    """A part that would never start is an error, not a joint that is never reached."""
    spec = spec_of("sequential", schedulers=PIECES[1:4], durations=["70%", 30])
    with pytest.raises(
        HorizonError, match=r"schedulers\[2\], InverseLR, would start at step 100 of a run of 100; short"
    ):
        spec.create_scheduler(optimizer_of(), horizon=RUN)
    with pytest.raises(HorizonError, match="100 warmup steps leave nothing of a run of 100 for linear; shorten num_wa"):
        spec_of("warmup", scheduler={"type": "linear"}, num_warmup_steps=100).curve(3, 0.1, horizon=RUN)


def test_a_part_that_cannot_be_made_is_an_error_before_the_first_step():
    """torch refuses a OneCycleLR of one step with this share, which would come up at the joint only."""
    late = {"type": "OneCycleLR", "config": {"max_lr": 0.1, "pct_start": 0.1}}
    with pytest.raises(ValueError, match="pct_start gives a phase of length 0 in 10 steps"):
        spec_of("sequential", schedulers=[{"type": "constant"}, late], durations=[90]).create_scheduler(
            optimizer_of(), horizon=RUN
        )


REFUSED = [
    ("sequential", {"schedulers": [], "durations": []}, "schedulers", "must have at least one schedule"),
    (
        "sequential",
        {"schedulers": PIECES[:2], "durations": []},
        "durations",
        "must be as many as the schedulers, 2, or",
    ),
    ("sequential", {"schedulers": PIECES[:2], "durations": [1, 2, 3]}, "durations", "or one fewer, are 3"),
    ("sequential", {"schedulers": PIECES[:2], "durations": ["0 epochs"]}, "durations[0]", "must be > 0, is 0 epochs"),
    ("sequential", {"schedulers": PIECES[:2], "durations": [0.1]}, "durations[0]", "is 0.1"),
    (
        "sequential",
        {"schedulers": [PIECES[0], {"type": "greedy"}], "durations": [3]},
        "schedulers[1]",
        "greedy waits for a metric",
    ),
    (
        "sequential",
        {"schedulers": [PIECES[0], {"type": "warmup_cosine", "warmup_epochs": 1}], "durations": [3]},
        "schedulers[1]",
        "warmup_cosine has the interval epoch, and item 0, constant_with_warmup, has step",
    ),
    (
        "sequential",
        {"schedulers": [{"type": "linar"}], "durations": []},
        "schedulers[0].type",
        "no scheduler is called",
    ),
    ("warmup", {"scheduler": {"type": "linear"}}, "num_warmup_steps", "is required and missing"),
    ("warmup", {"scheduler": {"type": "linear"}, "num_warmup_steps": 3, "start_factor": 1}, "start_factor", "[0, 1)"),
]


@pytest.mark.parametrize(("name", "values", "path", "words"), REFUSED)
def test_what_cannot_be_combined_is_refused_where_it_stands(name, values, path, words):
    """At the field that is to be changed, with the words for it."""
    with pytest.raises(ConfigError) as caught:
        spec_of(name, **values)
    assert any(f"config.{path}" == problem.path and words in problem.message for problem in caught.value.problems)
