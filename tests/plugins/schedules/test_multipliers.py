"""Groups with other rates: an lr multiplier survives the whole schedule, and an absolute rate has to fit each group."""

import pytest
import torch
from torch_schedules import OF_TORCH

from optim_core import Horizon, OptimError, registry

from .support import optimizer_of, options, spec_of, stepped
from .tables import CLOSED, STEPPED

HORIZON = Horizon(total_steps=100, steps_per_epoch=1)


@pytest.mark.parametrize("multiplier", [5.0, 0.1, 1 / 3])
@pytest.mark.parametrize(("name", "values"), [*CLOSED, *STEPPED, *OF_TORCH], ids=str)
def test_a_multiplier_survives_the_whole_schedule(name, values, multiplier):
    """A group with so many times the rate has it at every step, whatever floor, peak or first rate is set."""
    optimizer = optimizer_of(1.0, multiplier)
    scheduler = spec_of(name, **values).create_scheduler(optimizer, horizon=HORIZON)
    for (rate, _), (other, _) in stepped(optimizer, scheduler, 99):
        assert pytest.approx(multiplier * rate, rel=1e-12, abs=1e-300) == other


@pytest.mark.parametrize(("name", "limit"), [("reduce_lr_on_plateau", 0.01), ("greedy", 0.01)])
def test_a_multiplier_survives_a_schedule_that_follows_a_metric(name, limit):
    """Its limits are multiplied too."""
    optimizer = optimizer_of(1.0, 5.0)
    scheduler = spec_of(name, patience=0, factor=0.5, min_lr=limit).create_scheduler(optimizer)
    for _ in range(20):
        scheduler.step(1.0)
    assert pytest.approx([0.01, 0.05]) == [rate for rate, _ in options(optimizer)]


def test_a_highest_rate_is_multiplied_too():
    """greedy raises the rate of a group at 5 times the others' to 5 times their limit."""
    optimizer = optimizer_of(1.0, 5.0)
    scheduler = spec_of("greedy", patience=0, factor=0.5, max_lr=0.3).create_scheduler(optimizer)
    for step in range(9):
        scheduler.step(-float(step))
    assert pytest.approx([0.3, 1.5]) == [rate for rate, _ in options(optimizer)]


@pytest.mark.parametrize("name", ["greedy", "reduce_lr_on_plateau"])
def test_limits_for_each_group_are_taken_as_they_are(name):
    """A list is what the config asks for, group by group."""
    optimizer = optimizer_of(1.0, 5.0)
    assert [0.01, 0.02] == spec_of(name, min_lr=[0.01, 0.02]).create_scheduler(optimizer).min_lrs


@pytest.mark.parametrize("field", ["min_lr", "max_lr"])
def test_limits_for_another_number_of_groups_are_refused(field):
    """Three rates do not fit two groups."""
    with pytest.raises(ValueError, match=f"greedy.{field} must have one value for each parameter group, has 3 for 2"):
        spec_of("greedy", **{field: [0.5, 0.5, 0.5]}).create_scheduler(optimizer_of(1.0, 5.0))


def test_a_recipes_multipliers_reach_the_schedule():
    """`lr_multipliers` of create is what the floor is multiplied by."""
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    config = {
        "optimizer": {"type": "SGD", "config": {"lr": 0.1}},
        "scheduler": {"type": "cosine", "config": {"eta_min": 0.01}},
    }
    run = registry.build(config).create(model, total_steps=10, lr_multipliers={model[1]: 5.0})
    stepped_to_the_end = list(_rates(run, 10))
    assert pytest.approx([0.1, 0.5]) == stepped_to_the_end[0]
    assert pytest.approx([0.01, 0.05]) == stepped_to_the_end[-1]


def _rates(run, steps):
    yield [group["lr"] for group in run.optimizer.param_groups]
    for _ in range(steps):
        run.optimizer.step()
        run.scheduler.step()
        yield [group["lr"] for group in run.optimizer.param_groups]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("cosine", {"eta_min": 0.2}),
        ("cosine_with_min_lr", {"min_lr": 0.2}),
        ("cosine_warmup_with_min_lr", {"num_warmup_steps": 0, "min_lr": 0.2}),
        ("polynomial", {"lr_end": 0.2}),
        ("warmup_cosine", {"warmup_epochs": 0, "eta_min": 0.2}),
        ("warmup", {"scheduler": {"type": "cosine", "eta_min": 0.2}, "num_warmup_steps": 3}),
        ("sequential", {"schedulers": [{"type": "linear"}, {"type": "cosine", "eta_min": 0.2}], "durations": [3]}),
    ],
)
def test_a_floor_above_the_rate_is_refused_with_the_group(name, values):
    """The rate would rise where the config asks for a fall; also where the schedule is a part of another."""
    with pytest.raises(OptimError, match=r"is 0.2, above the rate 0.1 of parameter group 0: lower it or raise lr"):
        spec_of(name, **values).create_scheduler(optimizer_of(), horizon=HORIZON)
    spec_of(name, **values).create_scheduler(optimizer_of(lr=0.2), horizon=HORIZON)


def test_a_floor_above_the_rate_of_a_later_group_says_by_what_it_is_multiplied():
    """The message has what there is to see in the groups."""
    optimizer = optimizer_of(1.0, 1.0)
    optimizer.param_groups[1].update(lr=0.01, lr_multiplier=0.5)
    with pytest.raises(
        OptimError, match=r"is 0.05 \(times the group's lr multiplier 0.5\), above the rate 0.01 of par"
    ):
        spec_of("cosine", eta_min=0.05).create_scheduler(optimizer, horizon=HORIZON)


def test_the_floor_of_inverse_lr_may_be_above_the_rate():
    """Its formula takes the greater of the two."""
    assert [0.2, 0.2] == list(spec_of("InverseLR", final_lr=0.2).curve(2, 0.1))


def test_groups_with_rates_of_their_own_end_at_the_same_floor():
    """Without a multiplier a floor is one number for all groups."""
    optimizer = optimizer_of(1.0, 1.0)
    optimizer.param_groups[1]["lr"] = 0.3
    scheduler = spec_of("cosine", eta_min=0.01).create_scheduler(optimizer, horizon=HORIZON)
    seen = stepped(optimizer, scheduler, 100)
    assert [0.1, 0.3] == [rate for rate, _ in seen[0]]
    assert [0.01, 0.01] == [rate for rate, _ in seen[-1]]
