"""What is measured of an optimizer."""

import math

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from optim_core.run.monitors.measures import Clipped, by_module, norms_of, parameter_names, read


def optimizer_of(*groups):
    return torch.optim.SGD([{"params": [torch.zeros(2, requires_grad=True)], **group} for group in groups], lr=0.1)


def test_parameters_have_the_names_they_came_with():
    """One that came without has its place."""
    named = torch.optim.SGD(nn.Linear(2, 1).named_parameters(), lr=0.1)

    assert ["weight", "bias"] == parameter_names(named)
    assert ["parameter 0", "parameter 1"] == parameter_names(optimizer_of({}, {}))


def test_norms_of_half_precision_do_not_overflow():
    """Nor do those of a sparse gradient count an entry twice as two; those of complex numbers are norms, too."""
    half = torch.full((4,), 60000.0, dtype=torch.float16)
    sparse = torch.sparse_coo_tensor([[0, 0]], [3.0, 1.0], (4,), check_invariants=True)
    complex_number = torch.tensor([3.0 + 4.0j])

    assert [120000.0, 4.0, 5.0] == read(norms_of([half, sparse, complex_number]))


def test_numbers_and_tensors_are_read_in_their_order():
    """Of several dtypes and shapes of one element."""
    found = read([0.5, torch.tensor(1), torch.tensor([2.0], dtype=torch.float64), torch.tensor(True), 4])

    assert [0.5, 1.0, 2.0, 1.0, 4.0] == found


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (None, {"a.0": 5.0, "a.1": 12.0, "b": 1.0, "scale": 2.0}),
        (1, {"a": 13.0, "b": 1.0, "scale": 2.0}),
        (5, {"a.0": 5.0, "a.1": 12.0, "b": 1.0, "scale": 2.0}),
        (0, {}),
    ],
)
def test_the_norm_of_a_module_is_that_of_its_parameters(depth, expected):
    """A tensor that is no module's stands for itself."""
    norms = {"a.0.weight": 3.0, "a.0.bias": 4.0, "a.1.weight": 12.0, "b.weight": 1.0, "scale": 2.0}

    assert expected == by_module(norms, depth)


def test_what_is_not_finite_stays_so():
    """An infinity beside a NaN is an infinity."""
    assert {"a": math.inf} == by_module({"a.x": math.inf, "a.y": 1.0}, None)


def test_a_clipper_that_does_not_count_says_nothing():
    """Nor does none at all."""
    assert Clipped.of(None) is None
    assert Clipped.of(nn.Identity()) is None
