"""Matrices in parts of limited size."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from optim_muon.matrices import Matrices, in_parts
from optim_muon.orthogonal.orthogonalize import Iterations


def matrices_of(count, size):
    """Some matrices of one row, each parameter of which has this size."""
    tensors = [torch.zeros(1, size) for _ in range(count)]
    return Matrices(tensors, tensors, tensors, {}, (1, size), Iterations((), 1e-7, "auto"), torch.float32)


def size_of(matrices):
    return matrices.params[0].numel()


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=6), st.integers(1, 20))
def test_parts_hold_every_parameter_once_and_no_more_than_the_limit(sizes, limit):
    """They stay in order; one that is larger than the limit goes by itself; no part could hold the next parameter."""
    found = [matrices_of(count, size) for count, size in sizes]
    parts = [
        [parameter for matrices in part for parameter in matrices.params] for part in in_parts(found, limit, size_of)
    ]
    filled = [sum(parameter.numel() for parameter in part) for part in parts]

    expected = [id(parameter) for matrices in found for parameter in matrices.params]
    assert expected == [id(parameter) for part in parts for parameter in part]
    assert all(size <= limit or len(part) == 1 for size, part in zip(filled, parts, strict=True))
    assert all(size + after[0].numel() > limit for size, after in zip(filled, parts[1:], strict=False))


@pytest.mark.parametrize(("limit", "lengths"), [(100, [[3, 2]]), (8, [[2], [1, 2]]), (1, [[1], [1], [1], [1], [1]])])
def test_matrices_of_several_shapes_share_a_part(limit, lengths):
    """Three of four numbers and two of two: as many as fit."""
    found = [matrices_of(3, 4), matrices_of(2, 2)]
    assert lengths == [[len(matrices.params) for matrices in part] for part in in_parts(found, limit, size_of)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_rate_that_is_a_tensor_moves_as_the_number_does(dtype):
    """On a GPU such a rate is not read; the decay and the move are those of the number, to rounding."""
    moved = []
    for by_number in (True, False):
        torch.manual_seed(0)
        params, moves = ([torch.randn(4, 6).to(dtype) for _ in range(2)] for _ in range(2))
        group = {"lr": 0.02, "weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"}
        matrices = Matrices(params, params, params, group, (4, 6), Iterations((), 1e-7, "auto"), dtype)
        if by_number:
            matrices.move(moves)
        else:
            matrices._move_by(torch.tensor(0.02), moves)
        moved.append(params)

    torch.testing.assert_close(moved[0], moved[1], rtol=1e-6 if dtype == torch.float32 else 0, atol=1e-7)
