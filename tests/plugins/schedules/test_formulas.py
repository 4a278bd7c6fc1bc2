"""The curves are those of the formulas that users handed in, and of the papers."""

import math
import random
import warnings
from fractions import Fraction

import mpmath
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from optim_core import ConfigError, Horizon, registry

from .support import optimizer_of, rates, spec_of

many = settings(max_examples=60, deadline=None)
LONG = 10_000_000


# -- InverseLR -------------------------------------------------------------------------------------------------------


@many
@given(
    st.floats(1e-3, 1e7),
    st.floats(0.01, 5),
    st.just(0.0) | st.floats(0.9, 0.9999),
    st.floats(0, 1e-2),
    st.floats(1e-5, 1),
)
def test_inverse_lr_is_its_formula_from_step_0_on(inv_gamma, power, warmup, final_lr, lr):
    """Each of the first 50 rates is bit for bit what the formula gives."""
    expected = [(1 - warmup ** (step + 1)) * max(final_lr, lr * (1 + step / inv_gamma) ** -power) for step in range(50)]
    spec = spec_of("InverseLR", inv_gamma=inv_gamma, power=power, warmup=warmup, final_lr=final_lr)
    assert expected == rates(spec, 49, lr=lr)
    assert expected == pytest.approx(list(spec.curve(50, lr)), rel=1e-12, abs=0)


def test_the_warmup_of_inverse_lr_ends_where_nothing_of_it_is_left():
    """Where the curve stops computing it, the formula's warmup is 1.0 already."""
    spec = spec_of("InverseLR", warmup=0.99)
    expected = [(1 - 0.99 ** (step + 1)) * (0.1 * (1 + step / 1.0) ** -1.0) for step in range(3880, 3920)]
    curve = spec.config.closed_form(Horizon())
    assert expected == [curve.rate(step, 0.1) for step in range(3880, 3920)]


@pytest.mark.parametrize("warmup", [-0.1, 1, 1.0, 1.5])
def test_a_warmup_of_inverse_lr_outside_its_range_is_a_value_error(warmup):
    """A warmup outside its range raises a ValueError, which ConfigError is."""
    with pytest.raises(ValueError, match=r"warmup: must be in \[0, 1\)") as caught:
        spec_of("InverseLR", warmup=warmup)
    assert ConfigError is type(caught.value)


def test_a_warmup_of_inverse_lr_that_is_over_at_once_is_warned_of_once():
    """0.123 is 90 % of the way at step 1; the second build of it says nothing, and another value does."""
    with pytest.warns(UserWarning, match=r"InverseLR.warmup is 0.123, which is at 90 % of the rate at step 1"):
        spec_of("InverseLR", warmup=0.123).create_scheduler(optimizer_of())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for warmup in (0.123, 0.0, 0.9, 0.99):
            spec_of("InverseLR", warmup=warmup).create_scheduler(optimizer_of())
    assert [] == caught
    with pytest.warns(UserWarning, match=r"InverseLR.warmup is 0.45\b"):
        spec_of("InverseLR", warmup=0.45).create_scheduler(optimizer_of())


def test_a_warmup_that_is_a_warning_turned_error_says_so_again():
    """Where warnings are errors, the first one does not count as seen."""
    for _ in range(2):
        with pytest.raises(UserWarning, match=r"is 0\.321"):
            spec_of("InverseLR", warmup=0.321).create_scheduler(optimizer_of())


# -- transformers' formulas, as the requirements write them -----------------------------------------------------------


@many
@given(st.integers(0, 50), st.integers(51, 200), st.floats(0.1, 3))
def test_linear_and_cosine_are_the_formulas_of_the_requirements(warmup, total, cycles):
    """Before the warmup's end step / W, after it 1 - p and a half of 1 + cos(π num_cycles 2 p)."""
    progress = [(step - warmup) / (total - warmup) for step in range(total + 1)]
    rise = [0.1 * step / warmup for step in range(warmup)]
    linear = [*rise, *(0.1 * (1 - p) for p in progress[warmup:])]
    cosine = [*rise, *(0.5 * 0.1 * (1 + math.cos(math.pi * cycles * 2 * p)) for p in progress[warmup:])]
    horizon = Horizon(total_steps=total)
    assert linear == pytest.approx(
        list(spec_of("linear", num_warmup_steps=warmup).curve(total + 1, 0.1, horizon=horizon))
    )
    spec = spec_of("cosine", num_warmup_steps=warmup, num_cycles=cycles)
    assert cosine == pytest.approx(list(spec.curve(total + 1, 0.1, horizon=horizon)))


@pytest.mark.parametrize("field", ["T_max", "epochs"])
def test_cosine_over_epochs_is_torchs_annealing_up_to_its_end(field):
    """With T_max or epochs it is CosineAnnealingLR, stepped once an epoch, and stays at eta_min afterwards."""
    optimizer = optimizer_of()
    annealing = lr_scheduler.CosineAnnealingLR(optimizer, T_max=100, eta_min=1e-6)
    expected = []
    for _ in range(101):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        annealing.step()
    spec = spec_of("cosine", **{field: 100, "eta_min": 1e-6})

    assert "epoch" == spec.interval
    assert expected == pytest.approx(list(spec.curve(101, 0.1)), rel=1e-9)
    assert [1e-6] * 5 == list(spec.curve(range(100, 105), 0.1))


def test_cosine_counts_steps_unless_its_length_is_in_epochs():
    """Its interval follows from its fields, and what stands beside the type wins."""
    assert "step" == spec_of("cosine").interval
    assert "step" == spec_of("cosine", num_training_steps=10).interval
    assert "step" == registry.build({"type": "cosine", "config": {"T_max": 9}, "interval": "step"}).interval


def test_warmup_cosine_rises_for_its_epochs_and_falls_to_eta_min():
    """At epoch 10 of 100 it is at the base rate, half way down at 55, and at eta_min from 100 on."""
    spec = spec_of("warmup_cosine", warmup_epochs=10, max_epochs=100, eta_min=1e-6)
    curve = spec.curve([0, 5, 10, 55, 100, 120], 0.1)

    assert "epoch" == spec.interval
    assert pytest.approx([0.0, 0.05, 0.1, (0.1 + 1e-6) / 2, 1e-6, 1e-6]) == list(curve)
    same = spec_of("cosine", num_warmup_steps=10, epochs=100, eta_min=1e-6)
    assert list(same.curve(120, 0.1)) == list(spec.curve(120, 0.1))


def test_warmup_cosine_need_not_begin_at_0():
    """`start_factor` is the share of the base rate in epoch 0."""
    spec = spec_of("warmup_cosine", warmup_epochs=4, max_epochs=10, start_factor=0.2)
    assert pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1]) == list(spec.curve(5, 0.1))


CONFIGS = [
    {"type": "InverseLR", "config": {"inv_gamma": 10000.0, "power": 1.0, "warmup": 0.1, "final_lr": 1e-6}},
    {"type": "InverseLR", "config": {"inv_gamma": 10000.0, "warmup": 0.1}},
    {"type": "InverseLR", "config": {"inv_gamma": 1e6, "power": 0.5, "warmup": 0.99}},
    {"type": "cosine", "T_max": 200, "eta_min": 1e-6},
    {"type": "cosine", "T_max": "100", "eta_min": "1e-6"},
    {"type": "cosine", "epochs": 100, "eta_min": 1e-7},
    {"type": "cosine", "num_warmup_steps": 1000, "num_training_steps": 10000},
    {"type": "warmup_cosine", "warmup_epochs": 10, "max_epochs": 100, "eta_min": 1e-6},
    {"type": "warmup_cosine", "warmup_epochs": 5, "max_epochs": 50},
    {"type": "linear", "num_warmup_steps": "5%", "num_training_steps": 500},
]


@pytest.mark.parametrize("config", CONFIGS)
def test_the_configs_that_users_handed_in_build_as_they_stand(config):
    """Each is a spec that its own canonical form builds again."""
    spec = registry.build(config)
    assert config["type"] == spec.type
    assert spec == registry.build(registry.to_config(spec))


def test_restarts_above_a_floor_are_those_of_torch():
    """Without a warmup, equal cycles of cosine_with_restarts with `eta_min` are CosineAnnealingWarmRestarts' own."""
    horizon = Horizon(total_steps=30)
    spec = spec_of("cosine_with_restarts", num_cycles=3, eta_min=0.02)
    optimizer = optimizer_of()
    base = optimizer.param_groups[0]["lr"]
    torchs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=10, eta_min=0.02)
    wanted = []
    for _ in range(30):
        wanted += torchs.get_last_lr()
        torchs.step()
    assert wanted == pytest.approx(list(spec.curve(range(30), base, horizon=horizon)), rel=1e-14)
    assert [0.02] * 3 == list(spec.curve([30, 31, 1000], base, horizon=horizon))


# -- long runs ---------------------------------------------------------------------------------------------------------


def places(*more):
    random.seed(5)
    return sorted({0, 1, 2, LONG - 2, LONG - 1, LONG, *more, *(random.randrange(LONG) for _ in range(300))})


def test_a_line_over_ten_million_steps_is_rounded_once():
    """Each factor is the float nearest to the exact fraction."""
    warmup = 123_457
    steps = places(warmup - 1, warmup, warmup + 1)
    exact = [Fraction(step, warmup) if step < warmup else Fraction(LONG - step, LONG - warmup) for step in steps]
    config = spec_of("linear", num_warmup_steps=warmup, num_training_steps=LONG).config
    assert [float(factor) for factor in exact] == [config.factor(step) for step in steps]


@pytest.mark.parametrize(
    ("name", "values", "exact"),
    [
        ("cosine", {}, lambda p, _: (1 + mpmath.cos(mpmath.pi * p)) / 2),
        ("cosine", {"num_cycles": 3.5}, lambda p, _: (1 + mpmath.cos(mpmath.pi * 7 * p)) / 2),
        ("cosine_with_restarts", {"num_cycles": 3}, lambda p, _: (1 + mpmath.cos(mpmath.pi * (3 * p % 1))) / 2),
        ("polynomial", {"power": 2.5, "lr_end": 0.0}, lambda p, _: (1 - p) ** mpmath.mpf(2.5)),
        ("inverse_sqrt", {"timescale": 12_345}, lambda _, step: 1 / mpmath.sqrt((step + 12_345) / mpmath.mpf(12_345))),
        (
            "InverseLR",
            {"inv_gamma": 1e6, "power": 0.5, "warmup": 0.999},
            lambda _, step: (1 - mpmath.mpf(0.999) ** (step + 1)) * (1 + step / mpmath.mpf(1e6)) ** mpmath.mpf(-0.5),
        ),
    ],
)
def test_a_curve_over_ten_million_steps_loses_nothing(name, values, exact):
    """Each factor is within a few roundings of the exact one, measured against the base rate."""
    length = {} if name in ("InverseLR", "inverse_sqrt") else {"num_training_steps": LONG}
    config = spec_of(name, **length, **values).config
    steps = [step for step in places() if not (name == "cosine_with_restarts" and step == LONG)]
    with mpmath.workdps(40):
        errors = [
            abs(config.factor(step, base_lr=1.0) - exact(mpmath.mpf(step) / LONG, mpmath.mpf(step))) for step in steps
        ]
    assert max(errors) < 2e-15


def test_the_rates_of_a_long_run_are_those_of_its_drawing():
    """The array has the same bits as the scheduler that continues at a step."""
    horizon = Horizon(total_steps=LONG)
    spec = spec_of("cosine", num_warmup_steps="1%", eta_min=1e-6)
    for step, drawn in zip(places(), spec.curve(places(), 0.1, horizon=horizon), strict=True):
        optimizer = optimizer_of()
        spec.create_scheduler(optimizer, horizon=horizon, last_step=step)
        assert drawn == optimizer.param_groups[0]["lr"]


def test_a_rate_that_is_a_tensor_is_filled_in():
    """The tensor in the group stays the same object, as captured graphs need."""
    rate = torch.tensor(0.1, dtype=torch.float64)
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = spec_of("linear", num_training_steps=4).create_scheduler(optimizer)
    seen = []
    for _ in range(5):
        seen.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    assert pytest.approx([0.1, 0.075, 0.05, 0.025, 0.0]) == seen
    assert rate is optimizer.param_groups[0]["lr"]
