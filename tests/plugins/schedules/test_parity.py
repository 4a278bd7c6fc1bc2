"""The schedules that transformers has too give the same rates, to 1e-12 of each, at every step of the run."""

import inspect
import math

import attrs
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers import get_scheduler
from transformers.optimization import TYPE_TO_SCHEDULER_FUNCTION, GreedyLR

from optim_core import Horizon, registry

from .support import rates, spec_of

lengths = st.integers(1, 300).flatmap(lambda total: st.tuples(st.integers(0, total + 5), st.just(total)))
base_rates = st.floats(1e-5, 1.0)
shares = st.floats(0, 1)
cycles = st.floats(0.05, 4)
many = settings(max_examples=60, deadline=None)


def sgd(lr):
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)


def theirs(name, warmup, total, lr, **values):
    """Their rates at the steps 0 to `total`."""
    made = get_scheduler(
        name, sgd(lr), num_warmup_steps=warmup, num_training_steps=total, scheduler_specific_kwargs=values
    )
    return [lr * made.lr_lambdas[0](step) for step in range(total + 1)]


def assert_parity(name, warmup, total, lr, **values):
    expected = theirs(name, warmup, total, lr, **values)
    config = values if name == "constant" else {"num_warmup_steps": warmup, **values}
    spec = spec_of(name, **config)
    assert expected == pytest.approx(rates(spec, total, total_steps=total, lr=lr), rel=1e-12, abs=0)
    drawn = spec.curve(total + 1, lr, horizon=Horizon(total_steps=total))
    assert expected == pytest.approx(list(drawn), rel=1e-12, abs=0)


@many
@given(lengths, base_rates)
def test_linear(length, lr):
    """Up and down in straight lines, with a warmup that may be longer than the run."""
    assert_parity("linear", *length, lr)


@many
@given(lengths, base_rates, cycles)
def test_cosine(length, lr, num_cycles):
    """Any number of waves."""
    assert_parity("cosine", *length, lr, num_cycles=num_cycles)


@many
@given(lengths, base_rates, st.integers(1, 7))
def test_cosine_with_restarts(length, lr, num_cycles):
    """Any number of restarts."""
    assert_parity("cosine_with_restarts", *length, lr, num_cycles=num_cycles)


@many
@given(lengths, base_rates, st.floats(0.1, 5), st.floats(0, 0.99))
def test_polynomial(length, lr, power, end):
    """Any power, to a rate below the base; transformers divides by zero where the warmup is the whole run."""
    warmup, total = length
    if warmup == total:
        warmup = total - 1
    assert_parity("polynomial", warmup, total, lr, power=power, lr_end=end * lr)


@many
@given(lengths, base_rates)
def test_constant_and_its_warmup(length, lr):
    """The base rate, with and without a rise before it."""
    assert_parity("constant", *length, lr)
    assert_parity("constant_with_warmup", *length, lr)


@many
@given(lengths, base_rates, st.none() | st.integers(1, 20_000))
def test_inverse_sqrt(length, lr, timescale):
    """Any time scale, and the one that is taken from the warmup."""
    assert_parity("inverse_sqrt", *length, lr, **({} if timescale is None else {"timescale": timescale}))


@many
@given(lengths, base_rates, cycles, shares, st.booleans())
def test_cosine_with_min_lr(length, lr, num_cycles, share, absolute):
    """The lowest rate absolutely, and as a share."""
    lowest = {"min_lr": share * lr} if absolute else {"min_lr_rate": share}
    assert_parity("cosine_with_min_lr", *length, lr, num_cycles=num_cycles, **lowest)


@many
@given(lengths, base_rates, shares, st.booleans(), st.none() | shares)
def test_cosine_warmup_with_min_lr(length, lr, share, absolute, first):
    """With either lowest rate, and with or without a first one."""
    lowest = {"min_lr": share * lr} if absolute else {"min_lr_rate": share}
    start = {} if first is None else {"warmup_lr_rate": first}
    assert_parity("cosine_warmup_with_min_lr", *length, lr, **lowest, **start)


@many
@given(
    st.tuples(st.integers(0, 50), st.integers(0, 80), st.integers(0, 50)),
    base_rates,
    st.sampled_from(["linear", "cosine", "1-sqrt"]),
    st.sampled_from(["linear", "cosine", "1-sqrt"]),
    shares,
    cycles,
)
def test_warmup_stable_decay(stages, lr, up, down, lowest, num_cycles):
    """Every form of rise and fall, with the length of the run or that of the stable stage."""
    warmup, stable, decay = stages
    total = max(1, sum(stages))
    stable = total - warmup - decay
    values = {
        "num_decay_steps": decay,
        "warmup_type": up,
        "decay_type": down,
        "min_lr_ratio": lowest,
        "num_cycles": num_cycles,
    }
    assert_parity("warmup_stable_decay", warmup, total, lr, **values)
    spec = spec_of("warmup_stable_decay", num_warmup_steps=warmup, num_stable_steps=stable, **values)
    expected = theirs("warmup_stable_decay", warmup, total, lr, **values)
    assert expected == pytest.approx(list(spec.curve(total + 1, lr)), rel=1e-12, abs=0)


metrics = st.lists(st.floats(-10, 10), min_size=1, max_size=80)


def followed(optimizer, scheduler, given_metrics):
    seen = []
    for metric in given_metrics:
        optimizer.step()
        scheduler.step(metric)
        seen.append(optimizer.param_groups[0]["lr"])
    return seen


@many
@given(
    metrics,
    base_rates,
    st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["min", "max"]),
            "factor": st.floats(0.1, 0.9),
            "patience": st.integers(0, 3),
            "threshold": st.floats(0, 0.5),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "cooldown": st.integers(0, 2),
            "min_lr": st.floats(0, 0.01),
            "eps": st.sampled_from([0.0, 1e-8, 1e-3]),
        }
    ),
)
def test_reduce_lr_on_plateau(given_metrics, lr, values):
    """Fed the same metrics, it reduces the rate at the same calls to the same values."""
    one, other = sgd(lr), sgd(lr)
    expected = followed(
        one, get_scheduler("reduce_lr_on_plateau", one, scheduler_specific_kwargs=values), given_metrics
    )
    spec = spec_of("reduce_lr_on_plateau", **values)

    assert expected == followed(other, spec.create_scheduler(other), given_metrics)
    assert [lr, *expected] == list(spec.curve(len(given_metrics) + 1, lr, metrics=given_metrics))


@many
@given(
    metrics,
    base_rates,
    st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["min", "max"]),
            "factor": st.floats(0.3, 0.99),
            "patience": st.integers(0, 2),
            "threshold": st.floats(0, 0.1),
            "threshold_mode": st.sampled_from(["rel", "abs"]),
            "cooldown": st.integers(0, 2),
            "warmup": st.integers(0, 2),
            "min_lr": st.floats(0, 0.01),
            "max_lr": st.floats(0.01, 2),
            "smooth": st.booleans(),
            "window_size": st.integers(1, 5),
            "reset_start": st.integers(0, 3),
        }
    ),
)
def test_greedy(given_metrics, lr, values):
    """Fed the same metrics, it raises, lowers and resets the rate at the same calls to the same values."""
    one, other = sgd(lr), sgd(lr)
    expected = followed(one, GreedyLR(one, **values), given_metrics)

    assert expected == followed(other, spec_of("greedy", **values).create_scheduler(other), given_metrics)


def test_greedy_says_what_it_does_where_that_is_asked_for(capsys):
    """`verbose` prints a line for each change of a rate."""
    optimizer = sgd(0.1)
    followed(optimizer, spec_of("greedy", verbose=True, patience=0, factor=0.5).create_scheduler(optimizer), [1.0, 1.0])

    assert "greedy: group 0 goes to a rate of 2.0000e-01\ngreedy: group 0 goes to a rate of 1.0000e-01\n" == (
        capsys.readouterr().out
    )


NOT_IN_A_CONFIG = {"optimizer", "last_epoch", "kwargs", "self"}


@pytest.mark.parametrize("kind", list(TYPE_TO_SCHEDULER_FUNCTION), ids=lambda kind: kind.value)
def test_every_schedule_of_transformers_has_its_name_arguments_and_defaults(kind):
    """Each name is a plugin, whose fields have transformers' names and defaults; lengths of the run may be left out.

    Restarts without a number of them would be none.
    """
    cls = registry.schedulers[kind.value]
    maker = {"greedy": GreedyLR, "reduce_lr_on_plateau": torch.optim.lr_scheduler.ReduceLROnPlateau}.get(
        kind.value, TYPE_TO_SCHEDULER_FUNCTION[kind]
    )
    ours = {field.name: field.default for field in attrs.fields(cls)}
    for name, parameter in inspect.signature(maker).parameters.items():
        if name in NOT_IN_A_CONFIG:
            continue
        assert name in ours
        if parameter.default is not parameter.empty and (kind.value, name) != ("cosine_with_restarts", "num_cycles"):
            assert parameter.default == ours[name]


def test_transformers_rises_again_beyond_the_run_and_this_stays():
    """Half a wave after its end transformers' cosine is back at the base rate; here the rate stays 0."""
    again = get_scheduler("cosine", sgd(0.1), num_warmup_steps=0, num_training_steps=10).lr_lambdas[0](20)
    assert math.isclose(1.0, again)
    assert [0.0] * 11 == list(spec_of("cosine").curve(range(10, 21), 0.1, horizon=Horizon(total_steps=10)))
