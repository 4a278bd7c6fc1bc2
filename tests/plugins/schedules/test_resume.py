"""A schedule goes on exactly where it was: at a step, from a state in a file, after the run's end."""

import io
from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_schedules import OF_TORCH

from optim_core import Horizon, OptimError, registry

from .support import optimizer_of, options, spec_of, stepped
from .tables import CLOSED, STEPPED

HORIZON = Horizon(total_steps=100, steps_per_epoch=1)
EVERY = [*CLOSED, *STEPPED, *OF_TORCH]
# The multipliers of the optimizer's groups.
GROUPS = (1.0, 5.0)


def whole_run(spec):
    """The options of each group at the steps 0 to 99."""
    optimizer = optimizer_of(*GROUPS)
    return stepped(optimizer, spec.create_scheduler(optimizer, horizon=HORIZON), 99)


@pytest.mark.parametrize(("name", "values"), EVERY, ids=str)
def test_from_any_step_it_goes_on_with_the_rates_of_the_uninterrupted_run(name, values):
    """Bit for bit, for every n: rates and momentum at step n and in the steps after it."""
    spec = spec_of(name, **values)
    whole = whole_run(spec)
    for last_step in range(97):
        optimizer = optimizer_of(*GROUPS)
        scheduler = spec.create_scheduler(optimizer, horizon=HORIZON, last_step=last_step)
        assert whole[last_step : last_step + 4] == stepped(optimizer, scheduler, 3), last_step


@pytest.mark.parametrize(("name", "values"), EVERY, ids=str)
def test_from_a_checkpoints_optimizer_it_goes_on_too(name, values):
    """The decayed rates of an optimizer that was loaded are not taken for base rates."""
    spec = spec_of(name, **values)
    whole = whole_run(spec)
    before = optimizer_of(*GROUPS)
    stepped(before, spec.create_scheduler(before, horizon=HORIZON), 42)
    loaded = optimizer_of(*GROUPS)
    loaded.load_state_dict(before.state_dict())
    scheduler = spec.create_scheduler(loaded, horizon=HORIZON, last_step=42)

    first_rates = [[rate for rate, _ in groups] for groups in stepped(loaded, scheduler, 5)]
    assert [[rate for rate, _ in groups] for groups in whole[42:48]] == first_rates


@pytest.mark.parametrize("at", [0, 1, 5, 19, 20, 21, 39, 40, 41, 60])
@pytest.mark.parametrize(("name", "values"), EVERY, ids=str)
def test_from_a_file_of_plain_data_it_goes_on_too(name, values, at):
    """The state passes torch.save and torch.load(weights_only=True)."""
    spec = spec_of(name, **values)
    before = optimizer_of(*GROUPS)
    scheduler = spec.create_scheduler(before, horizon=HORIZON)
    stepped(before, scheduler, at)
    file = io.BytesIO()
    torch.save([before.state_dict(), scheduler.state_dict()], file)
    file.seek(0)
    of_optimizer, of_scheduler = torch.load(file, weights_only=True)

    after = optimizer_of(*GROUPS)
    continued = spec.create_scheduler(after, horizon=HORIZON)
    after.load_state_dict(of_optimizer)
    continued.load_state_dict(of_scheduler)
    assert whole_run(spec)[at : at + 31] == stepped(after, continued, 30)


@pytest.mark.parametrize(("name", "values"), CLOSED, ids=str)
def test_a_closed_form_is_continued_with_the_state_of_one_that_was_stepped(name, values):
    """What is saved after it is continued at a step is what is saved after so many steps."""
    spec = spec_of(name, **values)
    walked = optimizer_of(*GROUPS)
    scheduler = spec.create_scheduler(walked, horizon=HORIZON)
    stepped(walked, scheduler, 17)
    jumped = optimizer_of(*GROUPS)

    assert scheduler.state_dict() == spec.create_scheduler(jumped, horizon=HORIZON, last_step=17).state_dict()
    assert [group["initial_lr"] for group in walked.param_groups] == [g["initial_lr"] for g in jumped.param_groups]


def test_a_closed_form_is_continued_after_a_billion_steps_at_once():
    """No step is walked."""
    optimizer = optimizer_of()
    scheduler = spec_of("InverseLR", inv_gamma=1e6).create_scheduler(optimizer, last_step=10**9)
    assert 0.1 * (1 + 10**9 / 1e6) ** -1.0 == optimizer.param_groups[0]["lr"]
    assert 10**9 == scheduler.last_epoch


def test_a_schedule_that_follows_a_metric_cannot_be_continued_at_a_step():
    """Its state is what it goes on from."""
    for name in ("greedy", "reduce_lr_on_plateau"):
        with pytest.raises(OptimError, match="follows a metric, not a count of steps"):
            spec_of(name).create_scheduler(optimizer_of(), last_step=3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=40), st.data())
def test_a_schedule_that_follows_a_metric_goes_on_from_its_state(metrics, data):
    """Saved anywhere in a list of metrics, and loaded as plain data."""
    at = data.draw(st.integers(1, len(metrics) - 1))
    name = data.draw(st.sampled_from(["greedy", "reduce_lr_on_plateau"]))
    values = {"patience": 0, "cooldown": 1, "factor": 0.5, "min_lr": 1e-3}
    spec = spec_of(name, **values, **({"smooth": True, "window_size": 3} if name == "greedy" else {}))
    whole, half = optimizer_of(*GROUPS), optimizer_of(*GROUPS)
    uninterrupted, first = spec.create_scheduler(whole), spec.create_scheduler(half)
    for metric in metrics:
        uninterrupted.step(metric)
    for metric in metrics[:at]:
        first.step(metric)
    file = io.BytesIO()
    torch.save([half.state_dict(), first.state_dict()], file)
    file.seek(0)
    of_optimizer, of_scheduler = torch.load(file, weights_only=True)
    after = optimizer_of(*GROUPS)
    second = spec.create_scheduler(after)
    after.load_state_dict(of_optimizer)
    second.load_state_dict(of_scheduler)
    for metric in metrics[at:]:
        second.step(metric)
    assert options(whole) == options(after)
    assert uninterrupted.state_dict() == second.state_dict()


HOLDING = [
    (name, values)
    for name, values in CLOSED
    if name not in ("InverseLR", "inverse_sqrt", "warmup", "sequential", "cosine") or values.get("T_max")
]


@pytest.mark.parametrize(("name", "values"), HOLDING, ids=str)
def test_beyond_its_end_a_schedule_stays_at_its_last_rate(name, values):
    """Where torch's and transformers' cosines rise again; also where the run is stepped there."""
    spec = spec_of(name, **values)
    curve = spec.curve(400, 0.1, horizon=HORIZON)
    assert {float(curve[100])} == set(curve[100:].tolist())
    optimizer = optimizer_of()
    scheduler = spec.create_scheduler(optimizer, horizon=HORIZON, last_step=100)
    assert {float(curve[100])} == {groups[0][0] for groups in stepped(optimizer, scheduler, 50)}


def test_a_state_of_another_sequence_is_refused():
    """It has another number of schedules, or is that of one; nothing is loaded."""
    two, three = (
        spec_of("sequential", schedulers=[{"type": "StepLR", "step_size": 3}] * n, durations=[9] * n) for n in (2, 3)
    )
    scheduler = two.create_scheduler(optimizer_of())
    before = scheduler.state_dict()
    with pytest.raises(ValueError, match="the state is of 3 schedulers in a row, these are 2"):
        scheduler.load_state_dict(three.create_scheduler(optimizer_of()).state_dict())
    with pytest.raises(ValueError, match="the state is of one scheduler, not of schedulers in a row"):
        scheduler.load_state_dict(spec_of("constant").create_scheduler(optimizer_of()).state_dict())
    assert before == scheduler.state_dict()


@pytest.mark.parametrize(("name", "values"), [*EVERY, ("greedy", {"smooth": True, "window_size": 3})], ids=str)
def test_a_state_is_that_of_the_step_at_which_it_was_taken(name, values):
    """Steps after it do not change it."""
    optimizer = optimizer_of(*GROUPS)
    scheduler = spec_of(name, **values).create_scheduler(optimizer, horizon=HORIZON)
    given = (1.0,) if name == "greedy" else ()
    for _ in range(3):
        optimizer.step()
        scheduler.step(*given)
    taken = scheduler.state_dict()
    copied = deepcopy(taken)
    for _ in range(3):
        optimizer.step()
        scheduler.step(*given)

    assert copied == taken


def test_a_sequence_is_not_moved_by_torchs_old_argument():
    """`step(epoch)` is on its way out in torch; a sequence says what to call instead."""
    spec = spec_of("warmup", scheduler={"type": "ExponentialLR", "gamma": 0.9}, num_warmup_steps=3)
    with pytest.raises(ValueError, match="step\\(\\) takes no epoch"):
        spec.create_scheduler(optimizer_of()).step(5)


def test_a_closed_form_is_moved_by_torchs_old_argument_as_torchs_own_is():
    """`step(epoch)` sets the step, with torch's warning."""
    optimizer = optimizer_of()
    scheduler = spec_of("linear", num_training_steps=10).create_scheduler(optimizer)
    optimizer.step()
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(5)
    assert [0.05] == scheduler.get_last_lr()
    assert 0.5 == scheduler.lr_lambdas[0](5)


def test_a_whole_run_goes_on_from_its_state():
    """A recipe's optimization saves and loads a combination's state with the rest."""
    config = {
        "optimizer": {"type": "SGD", "config": {"lr": 0.1}},
        "scheduler": {
            "type": "sequential",
            "config": {
                "schedulers": [{"type": "linear"}, {"type": "ExponentialLR", "gamma": 0.9, "interval": "step"}],
                "durations": [5],
            },
        },
    }
    recipe = registry.build(config)
    model = torch.nn.Linear(2, 2)
    one = recipe.create(model, total_steps=20)
    stepped(one.optimizer, one.scheduler, 7)
    two = recipe.create(model, total_steps=20)
    two.load_state_dict(one.state_dict())
    assert [g["lr"] for g in one.optimizer.param_groups] == [g["lr"] for g in two.optimizer.param_groups]
    one.scheduler.step()
    two.scheduler.step()
    assert [g["lr"] for g in one.optimizer.param_groups] == [g["lr"] for g in two.optimizer.param_groups]
