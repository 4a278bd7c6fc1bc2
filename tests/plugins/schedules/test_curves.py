"""SchedulerSpec.curve: the rates that a real scheduler gives, at any steps, without a model."""

import subprocess
import sys

import attrs
import numpy as np
import pytest
import torch
from torch_schedules import OF_TORCH

from optim_core import Horizon, HorizonError, OptimError, registry

from .support import optimizer_of, rates, spec_of
from .tables import CLOSED, COMBINED, STEPPED


@pytest.mark.parametrize(("name", "values"), [*CLOSED, *STEPPED, *OF_TORCH], ids=str)
def test_a_curve_is_what_a_scheduler_gives(name, values):
    """At each of 130 steps, of which the run has 100, it is the rate of the group."""
    spec = spec_of(name, **values)
    # torch stops a run that goes on beyond the end of its OneCycleLR.
    steps = 99 if "OneCycleLR" in f"{name} {values}" else 130
    curve = spec.curve(steps + 1, 0.1, horizon=Horizon(total_steps=100, steps_per_epoch=1))

    assert (steps + 1,) == curve.shape
    assert np.float64 == curve.dtype
    assert rates(spec, steps, total_steps=100, steps_per_epoch=1) == pytest.approx(list(curve), rel=1e-14, abs=0)


@pytest.mark.parametrize(
    "steps",
    [range(0, 90, 7), range(90, 0, -7), [5, 3, 3, 99, 0], np.array([1, 2, 70], dtype=np.int32), (), range(3, 3)],
)
@pytest.mark.parametrize(("name", "values"), [("cosine", {"num_warmup_steps": 9}), ("StepLR", {"step_size": 3})])
def test_steps_may_be_any_in_any_order(name, values, steps):
    """A range, a list, an array, and none."""
    spec = spec_of(name, **values)
    whole = spec.curve(100, 0.1, horizon=Horizon(total_steps=100))

    assert [whole[step] for step in steps] == list(spec.curve(steps, 0.1, horizon=Horizon(total_steps=100)))


@pytest.mark.parametrize(("name", "values"), CLOSED, ids=str)
def test_many_steps_in_any_order_have_the_rates_that_they_have_alone(name, values):
    """However many are computed at a time."""
    spec, horizon = spec_of(name, **values), Horizon(total_steps=40_000, steps_per_epoch=100)
    steps = np.random.default_rng(0).permutation(50_000)
    curve = spec.curve(steps, 0.1, horizon=horizon)

    assert np.array_equal(spec.curve(50_000, 0.1, horizon=horizon)[steps], curve)
    assert list(curve[::5_000]) == [spec.curve([step], 0.1, horizon=horizon)[0] for step in steps[::5_000]]


@pytest.mark.parametrize("steps", [-1, 1.5, True, [1.5], [-1], [[1]], "10", np.array([True])])
def test_what_is_no_step_is_refused(steps):
    """Steps are whole numbers from 0 in one row."""
    with pytest.raises(OptimError, match="steps must be"):
        spec_of("constant").curve(steps, 0.1)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), True, "1e-3", None])
def test_a_rate_or_multiplier_that_is_none_is_refused(rate):
    """There is nothing to draw without a rate."""
    with pytest.raises(OptimError, match="base_lr must be > 0 and finite"):
        spec_of("constant").curve(5, rate)
    with pytest.raises(OptimError, match="multiplier must be > 0 and finite"):
        spec_of("constant").curve(5, 0.1, multiplier=rate)


def test_a_base_rate_may_be_that_of_a_group():
    """Which is a tensor in a group that is captured."""
    assert [0.5, 0.5] == list(spec_of("constant").curve(2, torch.tensor(0.5)))


def test_a_schedule_that_waits_for_a_metric_is_drawn_with_metrics():
    """Its rate after n calls needs n metrics."""
    spec = spec_of("reduce_lr_on_plateau", patience=1, factor=0.5)
    metrics = [1.0, 0.5, 0.5, 0.5, 0.5]

    assert [0.1, 0.1, 0.1, 0.1, 0.05, 0.05] == list(spec.curve(6, 0.1, metrics=metrics))
    with pytest.raises(OptimError, match=r"ReduceLROnPlateau follows a metric: pass metrics=\[…\] with 6 of them"):
        spec.curve(7, 0.1)
    with pytest.raises(OptimError, match="with 6 of them, has 5"):
        spec.curve(7, 0.1, metrics=metrics)


def test_a_schedule_that_counts_steps_takes_no_metrics():
    """They would be ignored."""
    with pytest.raises(OptimError, match="linear counts steps and takes no metrics"):
        spec_of("linear").curve(7, 0.1, horizon=Horizon(total_steps=9), metrics=[1.0])


def test_a_curve_without_the_length_that_it_needs_names_it():
    """The error is that of create_scheduler."""
    with pytest.raises(HorizonError, match="linear needs total_steps"):
        spec_of("linear").curve(7, 0.1)


def test_a_schedule_over_epochs_is_drawn_over_epochs():
    """Its steps are epochs, and the run's length in steps is turned into them."""
    curve = spec_of("warmup_cosine", warmup_epochs=0).curve(
        11, 0.1, horizon=Horizon(total_steps=1000, steps_per_epoch=100)
    )
    assert [0.1, 0.0] == [curve[0], curve[10]]


def test_a_plugin_with_a_factor_of_one_step_is_drawn_and_continued_from_it():
    """What a stranger's class offers is `factor(step)`; no scheduler is made to draw it, and none stepped to go on."""

    @attrs.frozen(kw_only=True)
    class Halving:
        """Half the rate every tenth step."""

        def factor(self, step):
            return 0.5 ** (step // 10)

        def build(self, optimizer, horizon):
            from torch.optim.lr_scheduler import LambdaLR

            return LambdaLR(optimizer, self.factor)

    registry.register("scheduler", "Halving", Halving)
    spec = spec_of("Halving")
    optimizer = optimizer_of()
    scheduler = spec.create_scheduler(optimizer, last_step=10**9)

    assert [0.1, 0.1, 0.05, 0.025] == list(spec.curve([0, 9, 10, 20], 0.1))
    assert (10**9, 0.0) == (scheduler.last_epoch, optimizer.param_groups[0]["lr"])


@pytest.mark.parametrize(("name", "values"), [case for case in CLOSED if case[0] not in COMBINED], ids=str)
def test_a_factor_is_the_rate_over_the_base_rate(name, values):
    """Each class says it for one step, without torch."""
    spec = spec_of(name, **values)
    horizon = Horizon(total_steps=100, steps_per_epoch=1)
    curve = spec.curve(100, 0.1, horizon=horizon)
    factors = [spec.config.factor(step, base_lr=0.1, horizon=horizon) for step in range(100)]

    assert list(curve / 0.1) == pytest.approx(factors, rel=1e-14, abs=0)


def test_a_factor_that_depends_on_the_base_rate_asks_for_it():
    """Without absolute rates it does not."""
    with pytest.raises(OptimError, match=r"eta_min is an absolute rate, 1e-06: the factor depends on base_lr=…"):
        spec_of("cosine", T_max=10, eta_min=1e-6).config.factor(3)
    assert 0.5 == spec_of("linear", num_training_steps=10).config.factor(5)


def test_a_closed_form_is_drawn_without_torch():
    """Neither building a spec nor drawing its curve imports torch."""
    script = """
import sys
from optim_core import Horizon, registry
spec = registry.build({"type": "sequential", "config": {
    "schedulers": [{"type": "linear"}, {"type": "warmup", "scheduler": {"type": "cosine"}, "num_warmup_steps": 3}],
    "durations": ["30%"]}})
assert "numpy" not in sys.modules
spec.curve(1000, 0.1, horizon=Horizon(total_steps=1000))
assert "torch" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


@pytest.mark.parametrize("step", [-1, 1.5, True, "3"])
def test_a_factor_is_that_of_a_step(step):
    """What is no call of step() has none."""
    with pytest.raises(OptimError, match="step must be a whole number of at least 0"):
        spec_of("constant").config.factor(step)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("InverseLR", {"inv_gamma": 1e-320, "power": 1e300, "warmup": 1 - 1e-16}),
        ("InverseLR", {"inv_gamma": 1e308, "power": 1e-300, "warmup": 5e-324}),
        ("polynomial", {"power": 1e-300, "lr_end": 0.0}),
        ("polynomial", {"power": 1e300, "lr_end": 0.0}),
        ("cosine", {"num_cycles": 1e6}),
        ("linear", {"num_warmup_steps": 2**53}),
        ("inverse_sqrt", {"timescale": 2**53}),
    ],
)
def test_values_at_the_ends_of_their_ranges_give_rates(name, values):
    """No warning, and nothing that is no number."""
    spec = spec_of(name, **values)
    curve = spec.curve(200, 0.1, horizon=Horizon(total_steps=100))
    assert np.isfinite(curve).all()
    assert (curve >= 0).all()
