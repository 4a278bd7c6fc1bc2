"""Adafactor here and in transformers: what is said of the one's fields in a config of the other holds."""

from __future__ import annotations

import pytest
import torch

from optim_core import Registry

THEIRS = "pytorch_optimizer:AdaFactor"


@pytest.fixture(scope="module")
def registry():
    return Registry(allow=["optim-torch-builtin", "optim-pytorch-optimizer"])


def trained(make):
    """Return weights after steps by gradients that are the same for each optimizer."""
    torch.manual_seed(0)
    weights = [torch.nn.Parameter(torch.randn(6, 4)), torch.nn.Parameter(torch.randn(5))]
    optimizer = make(weights)
    for _ in range(20):
        for weight in weights:
            weight.grad = torch.randn_like(weight)
        optimizer.step()
    return torch.cat([weight.detach().flatten() for weight in weights])


@pytest.mark.parametrize(
    ("theirs", "here"),
    [
        ({}, {"type": "Adafactor"}),
        ({"eps": (1e-30, 1e-3)}, {"type": "Adafactor", "eps": [1e-15, 1e-3]}),
        ({"lr": 1e-3, "relative_step": False}, {"type": "Adafactor", "lr": 1e-3}),
        ({"clip_threshold": 2.0, "decay_rate": -0.7}, {"type": "Adafactor", "d": 2.0, "beta2_decay": -0.7}),
        (
            {"lr": 1e-3, "relative_step": False, "scale_parameter": False},
            {"type": THEIRS, "lr": 1e-3, "relative_step": False, "scale_parameter": False, "betas": [None, 0.999]},
        ),
        ({"warmup_init": True}, {"type": THEIRS, "lr": None, "warmup_init": True, "betas": [None, 0.999]}),
    ],
    ids=["as it is", "eps", "a rate", "words", "no scale", "warmup_init"],
)
def test_what_hints_give_for_transformers_adafactor_trains_as_it_does(registry, theirs, here):
    """The fields that are written for its own make the same steps."""
    transformers = pytest.importorskip("transformers.optimization")
    spec = registry.build(here)
    expected = trained(lambda weights: transformers.Adafactor(weights, **theirs))
    torch.testing.assert_close(trained(spec.create_optimizer), expected, rtol=1e-4, atol=1e-6)


def test_a_gradient_of_zero_leaves_the_weight_with_the_least_floor_that_is_taken(registry):
    """The square of 1e-19 is still a number in float32; with transformers' 1e-30, torch makes NaN of the weight."""
    weight = torch.nn.Parameter(torch.ones(3, 3))
    weight.grad = torch.zeros(3, 3)
    registry.build({"type": "Adafactor", "eps": [1e-19, 1e-3]}).create_optimizer([weight]).step()
    assert torch.equal(torch.ones(3, 3), weight)
