"""get_scheduler and its functions are as the document on the optim module of a forecasting model describes them."""

import enum
import math

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from optim_core import ConfigError, UnknownTypeError, compat, registry
from optim_core.compat import (
    SchedulerType,
    get_constant_schedule,
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_cosine_with_hard_restarts_schedule_with_warmup,
    get_greedy_schedule,
    get_inverse_sqrt_schedule,
    get_linear_schedule_with_warmup,
    get_polynomial_decay_schedule_with_warmup,
    get_reduce_on_plateau_schedule,
    get_scheduler,
)
from optim_core.errors import HorizonError

NAMES = {
    "LINEAR": "linear",
    "COSINE": "cosine",
    "COSINE_WITH_RESTARTS": "cosine_with_restarts",
    "POLYNOMIAL": "polynomial",
    "CONSTANT": "constant",
    "CONSTANT_WITH_WARMUP": "constant_with_warmup",
    "INVERSE_SQRT": "inverse_sqrt",
    "REDUCE_ON_PLATEAU": "reduce_lr_on_plateau",
}
STEPS = (0, 1, 37, 99, 100, 101, 550, 999)


def cosine(step, warmup=100, total=1000, num_cycles=0.5):
    """The document's formula, as a multiple of initial_lr."""
    if step < warmup:
        return step / warmup
    progress = (step - warmup) / (total - warmup)
    return 0.5 * (1 + math.cos(math.pi * num_cycles * 2 * progress))


def linear(step, warmup=100, total=1000):
    """The document's formula, as a multiple of initial_lr."""
    return step / warmup if step < warmup else 1 - (step - warmup) / (total - warmup)


def restarts(step, warmup=100, total=1000, num_cycles=1):
    if step < warmup:
        return step / warmup
    progress = (step - warmup) / (total - warmup)
    return 0.5 * (1 + math.cos(math.pi * ((num_cycles * progress) % 1.0)))


def inverse_sqrt(step, warmup=100, timescale=100):
    return step / warmup if step < warmup else 1 / math.sqrt((step - warmup + timescale) / timescale)


def test_basic_usage(optimizer, rates):
    """The document: `get_scheduler(name="cosine", optimizer=optimizer, num_warmup_steps=1000,
    num_training_steps=10000)`, with `AdamW(model.parameters(), lr=1e-4)`."""
    scheduler = get_scheduler(name="cosine", optimizer=optimizer, num_warmup_steps=1000, num_training_steps=10000)

    seen = rates(scheduler, (0, 500, 1000, 5500, 10000))
    assert [0.0, 0.5e-4, 1e-4, 0.5e-4, 0.0] == pytest.approx(seen, abs=1e-18)


def test_lightning_integration(model, rates):
    """The document: `get_scheduler("linear", optimizer, num_warmup_steps=self.warmup_steps,
    num_training_steps=self.total_steps)`, returned with `"interval": "step"`."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)
    scheduler = get_scheduler("linear", optimizer, num_warmup_steps=10, num_training_steps=110)

    assert [0.0, 2.5e-5, 5e-5, 2.5e-5, 0.0] == pytest.approx(rates(scheduler, (0, 5, 10, 60, 110)))


def test_reduce_on_plateau(optimizer):
    """The document: `get_scheduler("reduce_lr_on_plateau", optimizer, scheduler_specific_kwargs={"mode": "min",
    "factor": 0.5, "patience": 5, "min_lr": 1e-7})`."""
    scheduler = get_scheduler(
        "reduce_lr_on_plateau",
        optimizer,
        scheduler_specific_kwargs={"mode": "min", "factor": 0.5, "patience": 5, "min_lr": 1e-7},
    )

    assert ("min", 0.5, 5, [1e-7] * 1) == (scheduler.mode, scheduler.factor, scheduler.patience, scheduler.min_lrs)
    for _ in range(7):
        scheduler.step(1.0)
    assert 0.5e-4 == optimizer.param_groups[0]["lr"]


@pytest.mark.parametrize(("member", "value"), NAMES.items())
def test_string_or_enum_based_scheduler_selection(member, value, optimizer):
    """The document: "String or enum-based scheduler selection"; "All schedulers return PyTorch `LambdaLR` or
    `ReduceLROnPlateau` objects"."""
    warmup = 0 if member in ("CONSTANT", "REDUCE_ON_PLATEAU") else 10

    assert value == SchedulerType[member].value
    for name in (value, SchedulerType[member], SchedulerType(value)):
        scheduler = get_scheduler(name, optimizer, warmup, 100)
        assert isinstance(scheduler, ReduceLROnPlateau if member == "REDUCE_ON_PLATEAU" else LambdaLR)


def test_an_enumeration_of_the_callers_own_will_do(optimizer):
    """Members of another class, whose values are the names, are taken too: `class SchedulerType(Enum)`."""
    theirs = enum.Enum("SchedulerType", {"LINEAR": "linear"})

    assert isinstance(get_scheduler(theirs.LINEAR, optimizer, 0, 10), LambdaLR)


@pytest.mark.parametrize(
    ("name", "formula", "options"),
    [
        ("cosine", cosine, None),
        ("cosine", lambda step: cosine(step, num_cycles=1.5), {"num_cycles": 1.5}),
        ("linear", linear, None),
        ("cosine_with_restarts", lambda step: restarts(step, num_cycles=3), {"num_cycles": 3}),
        ("polynomial", lambda step: linear(step) * (1 - 1e-3) + 1e-3 if step >= 100 else linear(step), None),
        ("constant_with_warmup", lambda step: min(1.0, step / 100), None),
        ("inverse_sqrt", inverse_sqrt, None),
    ],
)
def test_mathematical_formulas(name, formula, options, optimizer, rates):
    """The document: `lr = (step / num_warmup_steps) * initial_lr` below the warmup, and from there on
    `0.5 * initial_lr * (1 + cos(π * num_cycles * 2 * progress))` for cosine, `initial_lr * (1 - progress)` for linear,
    and as transformers computes them for the others."""
    scheduler = get_scheduler(name, optimizer, 100, 1000, options)

    assert [1e-4 * formula(step) for step in STEPS] == pytest.approx(rates(scheduler, STEPS), rel=1e-9, abs=1e-18)


@pytest.mark.parametrize(
    ("function", "arguments", "formula"),
    [
        (get_constant_schedule, {}, lambda step: 1.0),
        (get_constant_schedule_with_warmup, {"num_warmup_steps": 100}, lambda step: min(1.0, step / 100)),
        (get_linear_schedule_with_warmup, {"num_warmup_steps": 100, "num_training_steps": 1000}, linear),
        (get_cosine_schedule_with_warmup, {"num_warmup_steps": 100, "num_training_steps": 1000}, cosine),
        (
            get_cosine_with_hard_restarts_schedule_with_warmup,
            {"num_warmup_steps": 100, "num_training_steps": 1000, "num_cycles": 2},
            lambda step: restarts(step, num_cycles=2),
        ),
        (
            get_polynomial_decay_schedule_with_warmup,
            {"num_warmup_steps": 100, "num_training_steps": 1000, "lr_end": 0.0, "power": 2.0},
            lambda step: linear(step) ** 2 if step >= 100 else linear(step),
        ),
        (get_inverse_sqrt_schedule, {"num_warmup_steps": 100}, inverse_sqrt),
        (
            get_inverse_sqrt_schedule,
            {"num_warmup_steps": 100, "timescale": 50},
            lambda step: inverse_sqrt(step, timescale=50),
        ),
    ],
)
def test_the_functions_for_single_schedules(function, arguments, formula, optimizer, model, rates):
    """The document names `get_constant_schedule()` and its seven neighbours; by position or by name, from the
    beginning or from the step after `last_epoch`, they give their formula."""
    wanted = [1e-4 * formula(step) for step in STEPS]
    assert wanted == pytest.approx(rates(function(optimizer, **arguments), STEPS), rel=1e-9, abs=1e-18)

    later = torch.optim.AdamW(model.parameters(), lr=1e-4)
    resumed = function(later, *arguments.values(), last_epoch=99)
    assert 100 == resumed.last_epoch
    assert 1e-4 * formula(100) == pytest.approx(later.param_groups[0]["lr"])
    later.step()
    resumed.step()
    assert 1e-4 * formula(101) == pytest.approx(later.param_groups[0]["lr"])


def test_a_resumed_optimizer_keeps_its_base_rate(optimizer, model):
    """`last_epoch` with an optimizer whose loaded groups have an `initial_lr`: as with torch, that is the base."""
    before = get_linear_schedule_with_warmup(optimizer, 0, 10)
    for _ in range(4):
        optimizer.step()
        before.step()
    loaded = torch.optim.AdamW(model.parameters(), lr=123.0)
    loaded.load_state_dict(optimizer.state_dict())
    get_linear_schedule_with_warmup(loaded, 0, 10, last_epoch=3)

    assert 0.6e-4 == pytest.approx(loaded.param_groups[0]["lr"])
    assert optimizer.param_groups[0]["lr"] == loaded.param_groups[0]["lr"]


def test_get_reduce_on_plateau_schedule(optimizer):
    """The document: `get_reduce_on_plateau_schedule()` "Uses PyTorch's `ReduceLROnPlateau` scheduler"."""
    scheduler = get_reduce_on_plateau_schedule(optimizer, mode="max", patience=0)
    scheduler.step(1.0)
    scheduler.step(0.5)

    assert ReduceLROnPlateau is type(scheduler)
    assert 1e-5 == pytest.approx(optimizer.param_groups[0]["lr"])


@pytest.mark.parametrize("name", ["constant", "constant_with_warmup", "inverse_sqrt", "reduce_lr_on_plateau"])
@pytest.mark.parametrize("length", [None, 0, -1, 100])
def test_a_schedule_without_a_length_is_given_any(name, length, optimizer):
    """The shared signature passes `num_training_steps` always; schedules that never end do without."""
    warmup = 10 if name in ("constant_with_warmup", "inverse_sqrt") else None

    assert get_scheduler(name, optimizer, warmup, length).optimizer is optimizer


@pytest.mark.parametrize("warmup", [10, 25])
def test_a_warmup_as_long_as_the_run_is_told_and_stays(warmup, optimizer):
    """Who calls this has runs with it: the rate rises until the end."""
    with pytest.warns(
        UserWarning, match=rf"linear.num_warmup_steps must be shorter than the schedule of 10 .* {warmup}"
    ):
        scheduler = get_scheduler("linear", optimizer, warmup, 10)
    assert 0.0 == scheduler.get_last_lr()[0]


def test_restarts_without_a_number_are_one_fall(optimizer):
    """As transformers has it."""
    scheduler = get_scheduler("cosine_with_restarts", optimizer, 0, 10)
    assert scheduler.get_last_lr() == get_scheduler("cosine", optimizer, 0, 10).get_last_lr()


@pytest.mark.parametrize(
    ("arguments", "path", "words"),
    [
        ({"name": "cosine", "num_warmup_steps": 10}, "num_training_steps", "cosine"),
        ({"name": "linear", "num_training_steps": 10}, "num_warmup_steps", "linear"),
        ({"name": "constant_with_warmup"}, "num_warmup_steps", "constant_with_warmup"),
        ({"name": "constant", "num_warmup_steps": 10}, "num_warmup_steps", "constant_with_warmup"),
        ({"name": "reduce_lr_on_plateau", "num_warmup_steps": 10}, "num_warmup_steps", "no warmup"),
        ({"name": "linear", "num_warmup_steps": -1, "num_training_steps": 10}, "num_warmup_steps", "≥ 0"),
        ({"name": "linear", "num_warmup_steps": 1, "num_training_steps": 0}, "num_training_steps", "> 0"),
        (
            {
                "name": "cosine",
                "num_warmup_steps": 1,
                "num_training_steps": 10,
                "scheduler_specific_kwargs": {"num_cycle": 1},
            },
            "scheduler_specific_kwargs.num_cycle",
            "`num_cycles`",
        ),
        (
            {
                "name": "cosine",
                "num_warmup_steps": 1,
                "num_training_steps": 10,
                "scheduler_specific_kwargs": {"num_warmup_steps": 1},
            },
            "scheduler_specific_kwargs.num_warmup_steps",
            "give one of the two",
        ),
    ],
)
def test_parameter_validation(arguments, path, words, optimizer):
    """The document: "Validates required parameters for each scheduler type", "Prevents invalid combinations (e.g.,
    warmup without steps)", "Clear error messages for configuration issues"."""
    with pytest.raises(ConfigError) as caught:
        get_scheduler(optimizer=optimizer, **arguments)

    assert [path] == [problem.path for problem in caught.value.problems]
    assert words in str(caught.value)


@pytest.mark.parametrize("error", [ValueError, AttributeError, UnknownTypeError])
def test_a_name_that_nothing_has(error, optimizer):
    """It is told with the nearest right name, and is the ValueError that an enumeration would raise."""
    with pytest.raises(error, match=r"name: no scheduler is called `cosin`\n.*`cosine`"):
        get_scheduler("cosin", optimizer, 0, 10)


def test_any_installed_schedule_has_this_signature(optimizer):
    """`num_training_steps` is the length of the run for a schedule of another library too."""
    scheduler = get_scheduler(
        "OneCycleLR",
        optimizer,
        num_training_steps=50,
        scheduler_specific_kwargs={"max_lr": 0.1, "cycle_momentum": False},
    )

    assert 50 == scheduler.total_steps
    assert "OneCycleLR" in registry.schedulers


def test_the_callers_kwargs_stay_as_they_are(optimizer):
    """`scheduler_specific_kwargs` may be shared by several calls."""
    options = {"num_cycles": 2}
    get_scheduler("cosine_with_restarts", optimizer, 1, 10, options)

    assert {"num_cycles": 2} == options


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_cosine_with_min_lr_schedule_with_warmup", {"num_training_steps": 60, "min_lr": 1e-5}),
        ("get_cosine_with_min_lr_schedule_with_warmup", {"num_training_steps": 60, "min_lr_rate": 0.1}),
        (
            "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
            {"num_training_steps": 60, "min_lr": 1e-5, "warmup_lr_rate": 0.2},
        ),
        ("get_wsd_schedule", {"num_decay_steps": 20, "num_training_steps": 60, "min_lr_ratio": 0.1}),
        ("get_wsd_schedule", {"num_decay_steps": 20, "num_stable_steps": 30, "decay_type": "1-sqrt"}),
    ],
)
def test_the_newer_functions_are_those_of_transformers(name, arguments, model, rates):
    """By the same name, with the same arguments, the same rates."""
    transformers = pytest.importorskip("transformers.optimization")
    steps = (0, 1, 5, 10, 11, 30, 45, 59)
    seen = [
        rates(getattr(module, name)(torch.optim.SGD(model.parameters(), lr=1e-3), 10, **arguments), steps)
        for module in (transformers, compat)
    ]
    assert seen[0] == pytest.approx(seen[1])


def test_greedy_follows_a_metric(optimizer):
    """`get_greedy_schedule` hands its arguments on."""
    scheduler = get_greedy_schedule(optimizer, factor=0.5, patience=0, min_lr=1e-6)
    for loss in (1.0, 2.0, 2.0):
        scheduler.step(loss)
    assert optimizer.param_groups[0]["lr"] < 1e-4


def test_what_an_error_asks_for_can_be_given(optimizer):
    """A warmup in epochs needs the steps of one, and get_scheduler takes them."""
    with pytest.raises(ConfigError) as caught:
        get_scheduler("cosine", optimizer, num_warmup_steps="2 epochs")
    assert "num_training_steps" == caught.value.problems[0].path
    with pytest.raises(HorizonError, match="pass steps_per_epoch"):
        get_scheduler("cosine", optimizer, num_warmup_steps="2 epochs", num_training_steps=100)
    scheduler = get_scheduler(
        "cosine", optimizer, num_warmup_steps="2 epochs", num_training_steps=100, steps_per_epoch=10
    )
    assert [0.0] == scheduler.get_last_lr()
