"""Schedulers: the rates are torch's, lengths come from the run, multipliers survive, and nonsense is refused."""

import io

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from optim_core import ConfigError, Horizon, HorizonError, registry

NOT_DEFAULT = {
    "ConstantLR": [{}, {"factor": 0.2, "total_iters": 7}],
    "CosineAnnealingLR": [{"T_max": 8}, {"T_max": 30, "eta_min": 0.01}, {"T_max": 1}],
    "CosineAnnealingWarmRestarts": [{"T_0": 3}, {"T_0": 2, "T_mult": 3, "eta_min": 0.02}],
    "CyclicLR": [
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4},
        {"base_lr": [0.0, 0.2], "max_lr": [0.1, 0.3], "step_size_up": 3, "step_size_down": 0, "mode": "triangular2"},
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "mode": "exp_range", "gamma": 0.9, "base_momentum": 0.5},
        {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 2, "scale_fn": lambda x: 1 / x, "cycle_momentum": False},
    ],
    "ExponentialLR": [{"gamma": 0.9}, {"gamma": 1.1}],
    "LambdaLR": [{"lr_lambda": lambda epoch: 0.9**epoch}, {"lr_lambda": [lambda _: 1.0, lambda e: 1 / (1 + e)]}],
    "LinearLR": [{}, {"start_factor": 0.01, "end_factor": 0.0, "total_iters": 11}],
    "MultiStepLR": [{"milestones": [3, 4, 15]}, {"milestones": [1], "gamma": 2.0}],
    "MultiplicativeLR": [{"lr_lambda": lambda epoch: 1 - 0.01 * epoch}],
    "OneCycleLR": [
        {"max_lr": 0.5, "total_steps": 20},
        {"max_lr": [0.5, 0.2], "epochs": 5, "steps_per_epoch": 4, "anneal_strategy": "linear", "div_factor": 10.0},
        {"max_lr": 0.5, "total_steps": 25, "three_phase": True, "cycle_momentum": False, "pct_start": 0.25},
        {"max_lr": 0.5, "total_steps": 20, "pct_start": 0.0, "final_div_factor": 3.0, "max_momentum": 0.9},
    ],
    "PolynomialLR": [{}, {"total_iters": 15, "power": 2.0}],
    "StepLR": [{"step_size": 3}, {"step_size": 7, "gamma": 1.0}],
}
CASES = [(name, values) for name, configs in NOT_DEFAULT.items() for values in configs]


def optimizer_of_two_groups(lr_multiplier=None):
    groups = [
        {"params": [nn.Parameter(torch.ones(1))], "lr": 0.1},
        {"params": [nn.Parameter(torch.ones(1))], "lr": 0.1 * (lr_multiplier or 4)},
    ]
    if lr_multiplier:
        groups[0]["lr_multiplier"], groups[1]["lr_multiplier"] = 1.0, lr_multiplier
    return torch.optim.SGD(groups, momentum=0.9)


def rates(make, optimizer=None, steps=20, metrics=None):
    """The rate and momentum of every group at each of `steps` steps."""
    optimizer = optimizer or optimizer_of_two_groups()
    scheduler = make(optimizer)
    seen = []
    for step in range(steps):
        seen.append([(group["lr"], group["momentum"]) for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step(*([] if metrics is None else [metrics[step]]))
    return seen


def spec_of(name, **values):
    return registry.build({"type": name, "config": values}, kind="scheduler")


@pytest.mark.parametrize(("name", "values"), CASES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(CASES)])
def test_twenty_steps_are_exactly_those_of_the_direct_constructor(name, values):
    """Rate and momentum of each group are equal to those under torch's class called with the same arguments."""
    of_torch = getattr(lr_scheduler, name)
    spec = spec_of(name, **values)

    assert of_torch is type(spec.create_scheduler(optimizer_of_two_groups()))
    assert rates(lambda optimizer: of_torch(optimizer, **values)) == rates(spec.create_scheduler)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"mode": "max", "factor": 0.5, "patience": 1, "threshold": 1e-4},
        {"patience": 0, "cooldown": 2, "threshold_mode": "abs", "threshold": 0.5, "min_lr": [0.01, 0.05], "eps": 0.0},
    ],
)
def test_a_plateau_schedule_follows_its_metric_as_torchs_does(values):
    """Fed the same 20 metrics, it reduces the rates at the same steps."""
    metrics = [1.0, 0.9, 0.9, 0.9, 0.9, 1.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]
    spec = spec_of("ReduceLROnPlateau", monitor="val_loss", **values)
    direct = rates(lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, **values), metrics=metrics)

    assert "val_loss" == spec.monitor
    assert direct == rates(spec.create_scheduler, metrics=metrics)


NESTED = [
    {"type": "LinearLR", "config": {"start_factor": 0.1, "total_iters": 4}},
    {"type": "cosine_warm_restarts", "config": {"T_0": 5}},
    {"type": "exponential", "gamma": 0.9},
]


def test_schedules_in_sequence_are_torchs():
    """Nested configs give what torch gives for nested schedulers, whether or not `config` is spelt out."""

    def direct(optimizer):
        first = lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=4)
        second = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=5)
        third = lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
        return lr_scheduler.SequentialLR(optimizer, [first, second, third], milestones=[4, 12])

    spec = spec_of("SequentialLR", schedulers=NESTED, milestones=[4, 12])

    assert rates(direct) == rates(spec.create_scheduler)


def test_schedules_in_a_chain_are_torchs():
    """The product of a sequence and an exponential is that of torch's ChainedScheduler."""

    def direct(optimizer):
        first = lr_scheduler.ConstantLR(optimizer, factor=0.1)
        second = lr_scheduler.SequentialLR(optimizer, [first, lr_scheduler.StepLR(optimizer, 3)], milestones=[7])
        return lr_scheduler.ChainedScheduler([second, lr_scheduler.ExponentialLR(optimizer, gamma=0.9)])

    sequence = {
        "schedulers": [{"type": "ConstantLR", "factor": 0.1}, {"type": "step", "step_size": 3}],
        "milestones": [7],
    }
    spec = spec_of(
        "ChainedScheduler",
        schedulers=[{"type": "SequentialLR", "config": sequence}, {"type": "ExponentialLR", "gamma": 0.9}],
    )

    assert rates(direct) == rates(spec.create_scheduler)


def test_a_problem_in_a_nested_schedule_is_reported_there():
    """The path of the problem leads through the list to the nested field."""
    with pytest.raises(ConfigError) as caught:
        spec_of("SequentialLR", schedulers=[{"type": "StepLR", "config": {"step_size": 0}}], milestones=[])

    assert ["config.schedulers[0].config.step_size"] == [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize("name", ["SequentialLR", "ChainedScheduler"])
def test_a_combination_in_a_sequence_is_refused(name):
    """torch would start it one step early in first place, and stop the run with NotImplementedError in another."""
    inner = {"type": name, "config": {"schedulers": [{"type": "exponential", "gamma": 0.9}]}}
    if name == "SequentialLR":
        inner["config"]["milestones"] = []

    with pytest.raises(ConfigError, match=rf"schedulers\[1\]: {name} combines schedules itself"):
        spec_of("SequentialLR", schedulers=[{"type": "LinearLR"}, inner], milestones=[5])


def test_a_nested_schedule_gets_the_length_of_the_run():
    """OneCycleLR inside SequentialLR asks the same horizon."""
    spec = spec_of("SequentialLR", schedulers=[{"type": "OneCycleLR", "config": {"max_lr": 0.5}}], milestones=[])
    scheduler = spec.create_scheduler(optimizer_of_two_groups(), horizon=Horizon(total_steps=30))

    assert 30 == scheduler._schedulers[0].total_steps


def test_a_combination_is_stepped_as_its_parts_are():
    """The interval of nested schedules is that of the whole, and the whole's own overrides it."""
    nested = [{"type": "OneCycleLR", "config": {"max_lr": 0.5, "total_steps": 9}}]
    assert "step" == spec_of("SequentialLR", schedulers=nested, milestones=[]).interval
    combining = [NESTED[0], NESTED[2]]
    assert "epoch" == spec_of("ChainedScheduler", schedulers=combining).interval
    config = {"schedulers": combining}
    assert "step" == registry.build({"type": "ChainedScheduler", "config": config, "interval": "step"}).interval


@pytest.mark.parametrize(("name", "more"), [("SequentialLR", {"milestones": [3]}), ("ChainedScheduler", {})])
def test_steps_and_epochs_are_not_mixed_in_one_combination(name, more):
    """A schedule that counts steps beside one that counts epochs is refused, and the repair named."""
    nested = [{"type": "exponential", "gamma": 0.9}, {"type": "CyclicLR", "base_lr": 0.1, "max_lr": 0.2}]
    with pytest.raises(
        ConfigError, match=r"schedulers\[1\]: CyclicLR has the interval step, and item 0, ExponentialLR, has epoch"
    ):
        spec_of(name, schedulers=nested, **more)


def test_every_scheduler_has_a_case(scheduler_class):
    """The tables and tests above know every class."""
    assert scheduler_class.__name__ in {*NOT_DEFAULT, "ReduceLROnPlateau", "SequentialLR", "ChainedScheduler"}


# -- state ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *((name, configs[0]) for name, configs in NOT_DEFAULT.items()),
        ("LambdaLR", {"lr_lambda": "0.9 ** epoch"}),
        ("MultiplicativeLR", {"lr_lambda": ["0.9", "1 / (1 + step)"]}),
        ("SequentialLR", {"schedulers": NESTED, "milestones": [4, 12]}),
    ],
)
def test_a_schedule_continues_from_a_file_that_is_read_as_plain_data(name, values):
    """Its state passes torch.load(weights_only=True), and after loading it the rates go on as if nothing happened."""
    spec = spec_of(name, **values)
    expected = rates(spec.create_scheduler)[12:]
    optimizer = optimizer_of_two_groups()
    scheduler = spec.create_scheduler(optimizer)
    for _ in range(12):
        optimizer.step()
        scheduler.step()
    file = io.BytesIO()
    torch.save({"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}, file)
    file.seek(0)
    state = torch.load(file, weights_only=True)

    def resumed(fresh):
        continued = spec.create_scheduler(fresh)
        fresh.load_state_dict(state["optimizer"])
        continued.load_state_dict(state["scheduler"])
        return continued

    assert expected == rates(resumed, steps=8)


# -- lengths -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "horizon", "length"),
    [
        ({}, {"total_steps": 40}, 40),
        ({"epochs": 3}, {"steps_per_epoch": 10}, 30),
        ({"steps_per_epoch": 10}, {"total_steps": 45, "steps_per_epoch": 9}, 50),
        ({"epochs": 3, "steps_per_epoch": 7}, {"total_steps": 40}, 21),
        ({"total_steps": 12}, {"total_steps": 40}, 12),
        ({"total_steps": 21, "epochs": 3, "steps_per_epoch": 7}, {}, 21),
    ],
)
def test_one_cycle_takes_what_its_config_leaves_open_from_the_run(values, horizon, length):
    """Its config comes first; only what is missing is asked of the horizon."""
    spec = spec_of("OneCycleLR", max_lr=0.1, **values)

    assert length == spec.create_scheduler(optimizer_of_two_groups(), horizon=Horizon(**horizon)).total_steps


@pytest.mark.parametrize(
    ("values", "missing"), [({}, "total_steps"), ({"epochs": 3}, "steps_per_epoch"), ({"steps_per_epoch": 3}, "epochs")]
)
def test_one_cycle_without_a_length_says_what_it_needs(values, missing):
    """The error names the schedule and the number that is missing."""
    with pytest.raises(HorizonError, match=f"OneCycleLR needs {missing}"):
        spec_of("OneCycleLR", max_lr=0.1, **values).create_scheduler(optimizer_of_two_groups())


def test_one_cycle_refuses_a_run_in_which_torch_would_divide_by_zero():
    """pct_start times the length of the run is 1, which only the run shows."""
    spec = spec_of("OneCycleLR", max_lr=0.1, pct_start=0.1)

    with pytest.raises(ValueError, match="pct_start gives a phase of length 0 in 10 steps"):
        spec.create_scheduler(optimizer_of_two_groups(), horizon=Horizon(total_steps=10))


@pytest.mark.parametrize("three_phase", [False, True])
@pytest.mark.parametrize("total_steps", range(1, 30))
@pytest.mark.parametrize("pct_start", [0.0, 0.1, 0.25, 0.3, 0.5])
def test_one_cycle_runs_to_its_end_or_is_refused(three_phase, total_steps, pct_start):
    """No config that validates divides by zero before its last step."""
    values = {"max_lr": 0.1, "total_steps": total_steps, "pct_start": pct_start, "three_phase": three_phase}
    try:
        spec = spec_of("OneCycleLR", **values)
    except ConfigError:
        with pytest.raises(ZeroDivisionError):
            rates(lambda optimizer: lr_scheduler.OneCycleLR(optimizer, **values), steps=total_steps)
        return

    assert total_steps == len(rates(spec.create_scheduler, steps=total_steps))


# -- multipliers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values"),
    [
        *((name, configs[-1]) for name, configs in NOT_DEFAULT.items() if name not in ("LambdaLR", "CyclicLR")),
        ("CosineAnnealingLR", {"T_max": 8, "eta_min": 0.01}),
        ("CyclicLR", NOT_DEFAULT["CyclicLR"][0]),
        ("SequentialLR", {"schedulers": NESTED, "milestones": [4, 12]}),
        (
            "SequentialLR",
            {
                "schedulers": [{"type": "LinearLR"}, {"type": "CosineAnnealingLR", "T_max": 9, "eta_min": 0.01}],
                "milestones": [5],
            },
        ),
    ],
)
def test_a_multiplier_survives_the_whole_schedule(name, values):
    """A group with five times the rate has five times the rate at every step, whatever floor or peak is set."""
    spec = spec_of(name, **values)

    for (slow, _), (fast, _) in rates(spec.create_scheduler, optimizer_of_two_groups(lr_multiplier=5.0)):
        assert pytest.approx(5.0 * slow, rel=1e-9, abs=1e-300) == fast


def test_a_multiplier_survives_a_plateau_schedule_down_to_its_floor():
    """min_lr is multiplied too."""
    spec = spec_of("ReduceLROnPlateau", patience=0, min_lr=0.01)
    last = rates(spec.create_scheduler, optimizer_of_two_groups(lr_multiplier=5.0), metrics=[1.0] * 20)[-1]

    assert pytest.approx([0.01, 0.05]) == [rate for rate, _ in last]


def test_rates_given_for_each_group_are_taken_as_they_are():
    """A list is what the config asks for, group by group: no multiplier is applied to it."""
    spec = spec_of("OneCycleLR", max_lr=[0.5, 0.5], total_steps=20)
    optimizer = optimizer_of_two_groups(lr_multiplier=5.0)
    spec.create_scheduler(optimizer)

    assert [0.5, 0.5] == [group["max_lr"] for group in optimizer.param_groups]


# -- ranges --------------------------------------------------------------------------------------------------------

REFUSED = [
    ("StepLR", {"step_size": 0}, "step_size", "must be > 0"),
    ("StepLR", {"step_size": 3, "gamma": 1.1}, "gamma", "must be in (0, 1]"),
    ("StepLR", {"step_size": 3, "gamma": 0}, "gamma", "must be in (0, 1]"),
    ("StepLR", {}, "step_size", "is required and missing"),
    ("MultiStepLR", {"milestones": []}, "milestones", ""),
    ("MultiStepLR", {"milestones": [0, 3]}, "milestones[0]", "must be > 0, is 0"),
    ("MultiStepLR", {"milestones": [5, 5]}, "milestones[1]", "must be > 5, the one before it, is 5"),
    ("MultiStepLR", {"milestones": [5], "gamma": 0}, "gamma", "must be > 0"),
    ("ConstantLR", {"factor": 0}, "factor", "must be in (0, 1]"),
    ("ConstantLR", {"total_iters": 0}, "total_iters", "must be > 0"),
    ("LinearLR", {"start_factor": 0}, "start_factor", "must be in (0, 1]"),
    ("LinearLR", {"end_factor": 1.5}, "end_factor", "must be in [0, 1]"),
    ("LinearLR", {"total_iters": 0}, "total_iters", "must be > 0"),
    ("ExponentialLR", {"gamma": -3}, "gamma", "must be > 0"),
    ("PolynomialLR", {"total_iters": 0}, "total_iters", "must be > 0"),
    ("PolynomialLR", {"power": -1}, "power", "must be > 0"),
    ("CosineAnnealingLR", {"T_max": 0}, "T_max", "must be > 0"),
    ("CosineAnnealingLR", {"T_max": 5, "eta_min": -1e-6}, "eta_min", "must be ≥ 0"),
    ("CosineAnnealingWarmRestarts", {"T_0": 0}, "T_0", "must be > 0"),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 0}, "T_mult", "must be > 0"),
    ("ReduceLROnPlateau", {"factor": 1.0}, "factor", "must be in (0, 1)"),
    ("ReduceLROnPlateau", {"mode": "most"}, "mode", "must be `min` or `max`"),
    ("ReduceLROnPlateau", {"patience": -1}, "patience", "must be ≥ 0"),
    ("ReduceLROnPlateau", {"threshold": 1.0}, "threshold", "must be < 1 with mode: min"),
    ("ReduceLROnPlateau", {"min_lr": [0.1, -0.1]}, "min_lr[1]", "must be ≥ 0"),
    ("CyclicLR", {"base_lr": 0.2, "max_lr": 0.1}, "base_lr", "must be ≤ max_lr, which is 0.1, is 0.2"),
    ("CyclicLR", {"base_lr": [0.1, 0.3], "max_lr": [0.2, 0.2]}, "base_lr", "must be ≤ max_lr"),
    ("CyclicLR", {"base_lr": [0.1, 0.3], "max_lr": 0.2}, "base_lr", "must be ≤ max_lr"),
    ("CyclicLR", {"base_lr": [0.1], "max_lr": [0.2, 0.2]}, "base_lr", "must have as many items as max_lr, 2, has 1"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2, "step_size_up": 0}, "step_size_up", "must be > 0"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2, "scale_fn": "x"}, "scale_fn", "must be a function"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.2, "max_momentum": 0.5}, "base_momentum", "must be ≤ max_momentum"),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 0}, "total_steps", "must be > 0"),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 9, "epochs": 2, "steps_per_epoch": 5}, "total_steps", "is 9, but"),
    ("OneCycleLR", {"max_lr": 0.1, "pct_start": 1.0}, "pct_start", "must be in [0, 1)"),
    ("OneCycleLR", {"max_lr": 0.1, "pct_start": 0.6, "three_phase": True}, "pct_start", "must be ≤ 0.5"),
    ("OneCycleLR", {"max_lr": 0.1, "pct_start": 0.1, "total_steps": 10}, "pct_start", "a phase of length 0"),
    ("OneCycleLR", {"max_lr": 0.1, "base_momentum": 1.0}, "base_momentum", "must be in [0, 1)"),
    ("OneCycleLR", {"max_lr": 0.1, "anneal_strategy": "cosine"}, "anneal_strategy", "must be `cos` or `linear`"),
    ("SequentialLR", {"schedulers": [], "milestones": []}, "schedulers", "must have at least one schedule"),
    (
        "SequentialLR",
        {"schedulers": NESTED, "milestones": [4]},
        "milestones",
        "one fewer than the schedulers, 2, has 1",
    ),
    ("SequentialLR", {"schedulers": NESTED, "milestones": [4, 4]}, "milestones[1]", "must be > 4"),
    ("ChainedScheduler", {"schedulers": [{"type": "plateau"}]}, "schedulers[0]", "waits for a metric"),
    (
        "ChainedScheduler",
        {"schedulers": [{"type": "LinearLR"}, {"type": "LambdaLR", "config": {"lr_lambda": "0.9 ** step"}}]},
        "schedulers[1]",
        "LambdaLR sets the rate, so that what stands before it would be lost",
    ),
    (
        "ChainedScheduler",
        {"schedulers": [{"type": "LinearLR", "interval": "step"}, {"type": "cosine"}]},
        "schedulers[1]",
        "cosine sets the rate, so that what stands before it would be lost",
    ),
    ("LambdaLR", {"lr_lambda": []}, "lr_lambda", "must have an item for each parameter group"),
]


@pytest.mark.parametrize(("name", "values", "path", "words"), REFUSED)
def test_a_value_out_of_range_is_refused_with_its_field_and_range(name, values, path, words):
    """There is a problem at the field that is to be changed, and it says what the field may be."""
    with pytest.raises(ConfigError) as caught:
        spec_of(name, **values)

    assert any(f"config.{path}" == problem.path and words in problem.message for problem in caught.value.problems)


def test_cycling_the_momentum_of_an_optimizer_without_one_is_torchs_error():
    """Only the run shows which optimizer it is."""
    optimizer = torch.optim.Adagrad([nn.Parameter(torch.ones(1))])

    with pytest.raises(ValueError, match="must support momentum or beta1"):
        spec_of("OneCycleLR", max_lr=0.1, total_steps=5).create_scheduler(optimizer)
