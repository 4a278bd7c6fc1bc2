"""Where the momentum of matrices lies in memory."""

import copy
import io

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from optim_muon.momentum import as_one
from optim_muon.optimizer import Muon

SMALL = (6, 4)
LARGE = (256, 128)


def parameters(*shapes):
    source = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=source)) for shape in shapes]


def muon(params, **options):
    return Muon([{"params": params, "use_muon": True, **options}])


def step(optimizer, params, number=0):
    source = torch.Generator().manual_seed(number)
    for param in params:
        param.grad = torch.randn(param.shape, generator=source)
    optimizer.step()


def buffers(optimizer, params):
    return [optimizer.state[param]["momentum_buffer"] for param in params]


def test_small_matrices_of_one_shape_lie_together():
    """Each buffer is a row of one tensor."""
    params = parameters(SMALL, (3, 3), SMALL, SMALL)
    optimizer = muon(params)
    step(optimizer, params)
    alike = buffers(optimizer, [params[0], *params[2:]])
    found = as_one(alike)

    assert found.shape == (3, *SMALL)
    assert [row.data_ptr() for row in found] == [buffer.data_ptr() for buffer in alike]


@pytest.mark.parametrize("shapes", [(LARGE, LARGE), (SMALL,)])
def test_others_have_memory_of_their_own(shapes):
    """Large matrices, and one by itself."""
    params = parameters(*shapes)
    optimizer = muon(params)
    step(optimizer, params)

    assert all(buffer.untyped_storage().nbytes() == buffer.nbytes for buffer in buffers(optimizer, params))


def test_neighbours_in_memory_are_not_enough():
    """They are one tensor only as long as one piece of memory has all of them, whole and in order."""
    whole = torch.zeros(4, *SMALL)
    rows = list(whole)
    parts = torch.zeros(2, 3 * SMALL[0], SMALL[1])

    assert as_one(rows).data_ptr() == whole.data_ptr()
    assert as_one(rows[1:3]).data_ptr() == whole[1].data_ptr()
    assert as_one([rows[0], rows[2]]) is None
    assert as_one(rows[::-1]) is None
    assert as_one([parts[0, :6], parts[1, :6]]) is None
    assert as_one([row.t() for row in rows]) is None


@pytest.mark.parametrize("options", [{}, {"nesterov": False}])
def test_they_step_to_the_bit_as_they_do_apart(options):
    """Also where one of them has no gradient for a while."""
    params = parameters(*[SMALL] * 4)
    apart = copy.deepcopy(params)
    first, second = muon(params, **options), muon(apart, **options)
    for number in range(4):
        for some, optimizer in ((params, first), (apart, second)):
            step(optimizer, some[: 3 if number == 1 else 4], number)
            some[3].grad = None if number == 0 else some[3].grad
            for param in some:
                if optimizer is second:
                    optimizer.state[param]["momentum_buffer"] = optimizer.state[param]["momentum_buffer"].clone()

    assert all(torch.equal(one, other) for one, other in zip(params, apart, strict=True))
    assert as_one(buffers(first, params)) is not None
    assert as_one(buffers(second, apart)) is None


@pytest.mark.parametrize("again", ["loaded", "copied"])
def test_they_lie_together_again(again):
    """After a state_dict has come from a file, and in a copy of the optimizer."""
    params = parameters(*[SMALL] * 3)
    optimizer = muon(params)
    step(optimizer, params)
    if again == "copied":
        found = copy.deepcopy(optimizer)
    else:
        file = io.BytesIO()
        torch.save(optimizer.state_dict(), file)
        file.seek(0)
        found = muon(parameters(*[SMALL] * 3))
        found.load_state_dict(torch.load(file, weights_only=True))
    kept = buffers(found, found.param_groups[0]["params"])
    one, own = as_one(kept), as_one(buffers(optimizer, params))

    assert torch.equal(own, one)
    assert own.data_ptr() != one.data_ptr()


def test_tensors_without_memory_are_never_one():
    """As torch's fake tensors are, by which memory is planned."""
    with FakeTensorMode():
        assert as_one(torch.zeros(3, *SMALL).unbind()) is None
