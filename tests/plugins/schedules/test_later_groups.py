"""A parameter group that the optimizer is given later comes under the schedule."""

import io
from copy import deepcopy

import pytest
import torch

from optim_core import Horizon, OptimError

from .support import group, optimizer_of, spec_of, stepped
from .tables import CLOSED, STEPPED

HORIZON = Horizon(total_steps=100, steps_per_epoch=1)
EVERY = [*CLOSED, *STEPPED]


def rates_of(optimizer):
    return [each["lr"] for each in optimizer.param_groups]


def from_the_start(spec, steps, *groups):
    """The rates of groups that were there from step 0."""
    optimizer = torch.optim.SGD(list(groups), lr=0.1, momentum=0.9)
    return stepped(optimizer, spec.create_scheduler(optimizer, horizon=HORIZON), steps)


@pytest.mark.parametrize("at", [0, 3, 5, 19, 20, 45])
@pytest.mark.parametrize(("name", "values"), EVERY, ids=str)
def test_from_the_next_step_on_it_has_the_rate_that_it_would_have_had(name, values, at):
    """Bit for bit what it would have had from the start, with its own multiplier; the others go on as before."""
    spec = spec_of(name, **values)
    optimizer = optimizer_of(1.0)
    scheduler = spec.create_scheduler(optimizer, horizon=HORIZON)
    stepped(optimizer, scheduler, at)
    optimizer.add_param_group(group(lr=0.3, lr_multiplier=3.0))
    assert 0.3 == optimizer.param_groups[1]["lr"]
    expected = from_the_start(spec, at + 40, group(lr=0.1), group(lr=0.3, lr_multiplier=3.0))

    assert expected[at + 1 :] == stepped(optimizer, scheduler, 40)[1:]
    assert rates_of(optimizer) == scheduler.get_last_lr()


@pytest.mark.parametrize(("name", "values"), EVERY, ids=str)
def test_saved_and_copied_it_stays_in_the_schedule(name, values):
    """In a state of plain data, loaded into a run whose group came before or after its schedule; and in a copy."""
    spec = spec_of(name, **values)
    optimizer = optimizer_of(1.0)
    scheduler = spec.create_scheduler(optimizer, horizon=HORIZON)
    stepped(optimizer, scheduler, 4)
    optimizer.add_param_group(group(lr=0.5))
    stepped(optimizer, scheduler, 4)
    file = io.BytesIO()
    torch.save([optimizer.state_dict(), scheduler.state_dict()], file)
    copied = deepcopy((optimizer, scheduler))
    whole = stepped(optimizer, scheduler, 40)
    assert whole == stepped(*copied, 40)
    for after_the_schedule in (True, False):
        file.seek(0)
        of_optimizer, of_scheduler = torch.load(file, weights_only=True)
        again = optimizer_of(1.0)
        if not after_the_schedule:
            again.add_param_group(group(lr=0.5))
        continued = spec.create_scheduler(again, horizon=HORIZON)
        if after_the_schedule:
            again.add_param_group(group(lr=0.5))
        again.load_state_dict(of_optimizer)
        continued.load_state_dict(of_scheduler)
        assert whole == stepped(again, continued, 40), after_the_schedule


def test_a_state_that_was_taken_before_is_left_as_it_was():
    """What joins is not written into a state that somebody holds."""
    optimizer = optimizer_of(1.0)
    scheduler = spec_of("linear").create_scheduler(optimizer, horizon=HORIZON)
    taken = scheduler.state_dict()
    before = deepcopy(taken)
    optimizer.add_param_group(group())
    optimizer.step()
    scheduler.step()
    assert before == taken


def test_without_a_rate_it_has_that_of_the_optimizer():
    """torch fills in the default, which is then the base rate."""
    optimizer = optimizer_of(lr=0.1)
    scheduler = spec_of("linear", num_training_steps=10).create_scheduler(optimizer)
    stepped(optimizer, scheduler, 4)
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))]})
    stepped(optimizer, scheduler, 1)
    assert [0.05, 0.05] == rates_of(optimizer)


def test_an_initial_lr_that_it_was_given_is_its_base_rate():
    """So a group can go on from the rate that it has."""
    optimizer = optimizer_of(lr=0.1)
    scheduler = spec_of("linear", num_training_steps=10).create_scheduler(optimizer)
    stepped(optimizer, scheduler, 4)
    optimizer.add_param_group(group(lr=0.6, initial_lr=1.0))
    stepped(optimizer, scheduler, 1)
    assert [0.05, 0.5] == rates_of(optimizer)


def test_a_rate_that_is_a_tensor_stays_that_tensor():
    """A captured graph reads it."""
    for spec in (spec_of("linear"), spec_of(*STEPPED[0][:1], **STEPPED[0][1])):
        optimizer = optimizer_of(1.0)
        scheduler = spec.create_scheduler(optimizer, horizon=HORIZON)
        stepped(optimizer, scheduler, 10)
        rate = torch.tensor(0.5, dtype=torch.float64)
        optimizer.add_param_group(group(lr=rate))
        expected = from_the_start(spec, 11, group(lr=0.1), group(lr=0.5))[11][1][0]
        optimizer.step()
        scheduler.step()
        assert optimizer.param_groups[1]["lr"] is rate
        assert expected == pytest.approx(float(rate))


def test_a_rate_below_the_schedules_floor_is_refused_at_the_next_step():
    """As it is when the schedule is made; nothing has moved."""
    optimizer = optimizer_of(1.0)
    scheduler = spec_of("cosine", eta_min=0.01).create_scheduler(optimizer, horizon=HORIZON)
    optimizer.add_param_group(group(lr=0.001))
    before = scheduler.state_dict()
    optimizer.step()
    with pytest.raises(OptimError, match=r"eta_min is 0.01, above the rate 0.001 of parameter group 1"):
        scheduler.step()
    assert before == scheduler.state_dict()


@pytest.mark.parametrize(("name", "values"), [EVERY[0], STEPPED[0], ("greedy", {})], ids=str)
def test_a_group_that_is_gone_is_told(name, values):
    """No schedule guesses which one it was."""
    optimizer = optimizer_of(1.0, 5.0)
    scheduler = spec_of(name, **values).create_scheduler(optimizer, horizon=HORIZON)
    del optimizer.param_groups[1]
    optimizer.step()
    with pytest.raises(OptimError, match="made for 2 parameter groups, and the optimizer has 1 now"):
        scheduler.step(*[1.0] * (name == "greedy"))


def test_greedy_moves_a_later_group_between_its_own_limits():
    """They follow its multiplier, and the start again goes to the rate with which it came."""
    spec = spec_of("greedy", patience=0, factor=0.5, min_lr=0.02, max_lr=0.2, reset_start=1, eps=0.0)
    optimizer = optimizer_of(1.0)
    scheduler = spec.create_scheduler(optimizer)
    scheduler.step(1.0)
    optimizer.add_param_group(group(lr=0.3, lr_multiplier=2.0))
    scheduler.step(0.5)
    assert [0.2, 0.4] == rates_of(optimizer)
    for _ in range(3):
        scheduler.step(9.0)
    assert [0.025, 0.05] == rates_of(optimizer)
    scheduler.step(9.0)
    assert [0.1, 0.3] == rates_of(optimizer)


def test_greedy_with_a_limit_for_each_group_has_none_for_another():
    """The error says so, at the next step."""
    optimizer = optimizer_of(1.0, 5.0)
    scheduler = spec_of("greedy", min_lr=[0.01, 0.02], max_lr=[1.0, 2.0]).create_scheduler(optimizer)
    optimizer.add_param_group(group())
    with pytest.raises(OptimError, match="cannot take more parameter groups than the 2 it was made for"):
        scheduler.step(1.0)
