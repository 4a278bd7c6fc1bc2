"""GradientClipper is as the document on the optimizer factory has it."""

import math

import pytest
import torch

from optim_core import ConfigError
from optim_core.compat import GradientClipper


@pytest.fixture
def parameters():
    """A matrix of two units with weights of norm 5 and gradients of norm 10 and 0.3, and a scalar without gradient."""
    matrix = torch.nn.Parameter(torch.tensor([[3.0, 4.0], [4.0, 3.0]]))
    matrix.grad = torch.tensor([[6.0, 8.0], [0.3, 0.0]])
    return [matrix, torch.nn.Parameter(torch.ones(1))]


def test_automatic_gradient_clipping(parameters, model, train):
    """The document: `GradientClipper(max_norm=1.0, norm_type=2)`, and `clipper.clip_gradients(model.parameters())`
    between `loss.backward()` and `optimizer.step()`."""
    clipper = GradientClipper(max_norm=1.0, norm_type=2)
    norm = clipper.clip_gradients(parameter for parameter in parameters)

    assert math.hypot(10, 0.3) == pytest.approx(norm.item())
    assert 1.0 == pytest.approx(parameters[0].grad.norm().item())

    train(torch.optim.SGD(model.parameters(), lr=0.1), clipper.clip_gradients)
    total = torch.nn.utils.get_total_norm([parameter.grad for parameter in model.parameters()])
    assert 1.0 == pytest.approx(total.item())


def test_adaptive_gradient_clipping(parameters):
    """The document: `GradientClipper(max_norm=1.0, adaptive=True, clip_factor=0.1)`: each unit to 0.1 times the norm of
    its weights, and all of them together to 1.0."""
    clipper = GradientClipper(max_norm=1.0, adaptive=True, clip_factor=0.1)
    norm = clipper.clip_gradients(parameter for parameter in parameters)

    assert math.hypot(10, 0.3) == pytest.approx(norm.item())
    assert [0.5, 0.3] == pytest.approx(parameters[0].grad.norm(dim=1).tolist())

    tight = GradientClipper(max_norm=0.1, adaptive=True, clip_factor=0.1)
    tight.clip_gradients(parameters)
    assert 0.1 == pytest.approx(parameters[0].grad.norm().item(), rel=1e-5)


def test_adaptive_clipping_alone(parameters):
    """Without `max_norm` the units are all that is clipped."""
    GradientClipper(adaptive=True, clip_factor=0.2).clip_gradients(parameters)

    assert [1.0, 0.3] == pytest.approx(parameters[0].grad.norm(dim=1).tolist())


def test_the_largest_value_is_a_norm_too(parameters):
    """`norm_type` may be infinite, as in torch."""
    norm = GradientClipper(max_norm=4.0, norm_type=math.inf).clip_gradients(parameters[0])

    assert 8.0 == norm.item()
    assert 4.0 == pytest.approx(parameters[0].grad.max().item())


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({}, "max_norm"),
        ({"max_norm": 0}, "max_norm"),
        ({"max_norm": -1.0}, "max_norm"),
        ({"max_norm": "small"}, "max_norm"),
        ({"max_norm": 1.0, "norm_type": 0}, "norm_type"),
        ({"max_norm": 1.0, "clip_factor": 0.1}, "clip_factor"),
        ({"adaptive": True, "clip_factor": 0}, "clip_factor"),
        ({"adaptive": True, "max_norm": 0}, "max_norm"),
    ],
)
def test_wrong_arguments(arguments, path):
    """They are told by their names when the clipper is made."""
    with pytest.raises(ConfigError) as caught:
        GradientClipper(**arguments)

    assert [path] == [problem.path for problem in caught.value.problems]


def test_clippers_are_values():
    """Equal numbers make equal clippers."""
    assert GradientClipper(max_norm=1.0, norm_type=2) == GradientClipper(1.0, 2.0)
    assert GradientClipper(1.0) != GradientClipper(2.0)
