"""A floor as a share: the same curve as with the rate that it is of each group."""

import copy

import pytest
import torch
from torch import nn

from optim_core import ConfigError, Horizon, registry

from .support import options, spec_of, stepped

HORIZON = Horizon(total_steps=60, steps_per_epoch=1)
FLOORS = [
    ("cosine", "eta_min", {"num_warmup_steps": 5}),
    ("cosine_with_restarts", "eta_min", {"num_cycles": 2}),
    ("warmup_cosine", "eta_min", {"warmup_epochs": 5}),
    ("polynomial", "lr_end", {"power": 2.0}),
    ("InverseLR", "final_lr", {"power": 2.0, "warmup": 0.95}),
    ("cosine_with_min_lr", "min_lr", {}),
    ("cosine_warmup_with_min_lr", "min_lr", {"num_warmup_steps": 4}),
    ("CosineAnnealingLR", "eta_min", {"T_max": 40}),
    ("CosineAnnealingWarmRestarts", "eta_min", {"T_0": 20, "T_mult": 2}),
    ("ReduceLROnPlateau", "min_lr", {"patience": 0, "factor": 0.5}),
    ("greedy", "min_lr", {"patience": 0, "factor": 0.5, "max_lr": 100.0}),
]
METRICS = [float(step) for step in range(80)]


def optimizer_of(*rates):
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "lr": rate, "lr_multiplier": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=1.0, momentum=0.9)


def went(spec, optimizer, scheduler, steps):
    """The rates of each group after each step."""
    seen = []
    for step in range(steps):
        optimizer.step()
        scheduler.step(*([METRICS[step]] if spec.waits_for_metric else []))
        seen.append([rate for rate, _ in options(optimizer)])
    return seen


@pytest.mark.parametrize(("name", "field", "rest"), FLOORS, ids=lambda each: each if isinstance(each, str) else None)
def test_a_share_is_that_of_the_rate_whatever_it_is(name, field, rest):
    """The curve of any base rate is the one with the floor that the share then is; it is written as it was."""
    spec = spec_of(name, **{field: "10%"}, **rest)
    assert "10%" == registry.to_config(spec)["config"][field]
    assert spec == registry.build(registry.to_config(spec), "scheduler")
    metrics = METRICS if spec.waits_for_metric else None
    for rate in (0.5, 3.0):
        absolute = spec_of(name, **{field: 0.1 * rate}, **rest)
        wanted = absolute.curve(70, rate, horizon=HORIZON, metrics=metrics)
        assert (
            pytest.approx(wanted.tolist(), rel=1e-12) == spec.curve(70, rate, horizon=HORIZON, metrics=metrics).tolist()
        )


@pytest.mark.parametrize(("name", "field", "rest"), FLOORS, ids=lambda each: each if isinstance(each, str) else None)
def test_a_share_is_that_of_each_groups_own_rate(name, field, rest):
    """A group at five times the rate stays there, and one that comes later has its own, too."""
    spec = spec_of(name, **{field: "10%"}, **rest)
    optimizer = registry.build({"type": "SGD", "config": {"lr": 1.0, "momentum": 0.9}}).create_optimizer(
        [{"params": [nn.Parameter(torch.zeros(1))], "lr": rate} for rate in (1.0, 5.0)]
    )
    scheduler = spec.create_scheduler(optimizer, horizon=HORIZON)
    seen = went(spec, optimizer, scheduler, 30)
    assert all(pytest.approx(5 * first, rel=1e-12) == second for first, second in seen)
    optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "lr": 2.0, "momentum": 0.9})
    later = went(spec, optimizer, scheduler, 20)
    if not spec.waits_for_metric:
        assert all(pytest.approx(2 * rates[0], rel=1e-12) == rates[2] for rates in later)
    assert later[-1][2] >= 0.2 - 1e-12 or name == "InverseLR"


@pytest.mark.parametrize(("name", "field", "rest"), FLOORS, ids=lambda each: each if isinstance(each, str) else None)
def test_a_schedule_with_a_share_goes_on_from_its_state(name, field, rest):
    """Bit for bit."""
    spec = spec_of(name, **{field: "10%"}, **rest)
    optimizer = optimizer_of(1.0, 5.0)
    scheduler = spec.create_scheduler(optimizer, horizon=HORIZON)
    went(spec, optimizer, scheduler, 10)
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    expected = went(spec, optimizer, scheduler, 20)
    other = optimizer_of(1.0, 5.0)
    again = spec.create_scheduler(other, horizon=HORIZON)
    other.load_state_dict(states[0])
    again.load_state_dict(states[1])
    assert expected == went(spec, other, again, 20)


def test_by_names_some_may_be_shares():
    """Beside rates."""
    values = {"default": "10%", "no_decay": 1e-5}
    config = {"type": "ReduceLROnPlateau", "config": {"min_lr": values}}
    optimizer = {"type": "AdamW", "config": {"lr": 1e-3}, "no_decay": ["bias"]}
    run = registry.recipe({"optimizer": optimizer, "scheduler": config}).create(nn.Linear(2, 2))
    assert pytest.approx([1e-4, 1e-5]) == run.scheduler.min_lrs


def test_a_rate_that_is_a_tensor_has_a_share_of_it():
    """As a captured graph needs it."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=torch.tensor(1.0), momentum=0.9)
    for name in ("CosineAnnealingLR", "cosine"):
        scheduler = spec_of(name, eta_min="10%", T_max=4).create_scheduler(optimizer)
        stepped(optimizer, scheduler, 4)
        assert pytest.approx(0.1) == float(optimizer.param_groups[0]["lr"])
        optimizer.param_groups[0]["lr"].fill_(1.0)
        del optimizer.param_groups[0]["initial_lr"]


@pytest.mark.parametrize("lowest", ["10%", 0.1])
def test_a_share_in_both_fields_is_refused(lowest):
    """As a rate beside it is."""
    with pytest.raises(ConfigError, match="min_lr: means the same as min_lr_rate, which is set too"):
        spec_of("cosine_with_min_lr", min_lr=lowest, min_lr_rate=0.1)


@pytest.mark.parametrize(
    ("name", "key", "value", "written"),
    [
        ("cosine", "min_lr_ratio", 0.1, "eta_min: 10%"),
        ("CosineAnnealingLR", "eta_min_ratio", 0.07, "eta_min: 7%"),
        ("polynomial", "final_lr_fraction", "0.25", "lr_end: 25%"),
        ("cosine", "min_lr_percent", 5, "eta_min: 5%"),
    ],
)
def test_other_words_for_a_share_are_told_as_one(name, key, value, written):
    """Never as the rate that its number would be."""
    rest = {"T_max": 5} if name == "CosineAnnealingLR" else {}
    with pytest.raises(ConfigError) as caught:
        spec_of(name, **{key: value}, **rest)
    assert caught.value.problems[0].hint.startswith(f"write `{written}`")
