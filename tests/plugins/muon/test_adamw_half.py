"""The AdamW half is torch.optim.AdamW."""

import pytest
import torch
from torch import nn

from optim_muon.optimizer import Muon

SHAPES = [(5,), (3, 4), (), (0, 3), (2, 3, 2, 2)]


def parameters(dtype=torch.float32):
    source = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=source).to(dtype)) for shape in SHAPES]


def adamw(params, **options):
    return Muon([{"params": params, "use_muon": False, **options}])


def give_gradients(step, *several, skip=()):
    for params in several:
        source = torch.Generator().manual_seed(step)
        for place, param in enumerate(params):
            grad = torch.randn(param.shape, generator=source).to(param.dtype)
            param.grad = None if place in skip else grad


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("options", [{}, {"lr": 0.1, "weight_decay": 0.3, "betas": (0.5, 0.9), "eps": 1e-3}])
def test_it_steps_as_torchs_fused_adamw_to_the_bit(dtype, options):
    """For every dtype, shape and option."""
    ours, theirs = parameters(dtype), parameters(dtype)
    first, second = adamw(ours, **options), torch.optim.AdamW(theirs, fused=True, **{"lr": 3e-4, **options})
    for step in range(4):
        give_gradients(step, ours, theirs)
        first.step()
        second.step()

    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_parameter_without_a_gradient_keeps_a_count_of_its_own():
    """Shared counts part where one parameter does not step, and the result stays torch's."""
    ours, theirs = parameters(), parameters()
    first, second = adamw(ours), torch.optim.AdamW(theirs, lr=3e-4, fused=True)
    for step, skip in enumerate([(), (1,), (), (0, 3), (1, 2), ()]):
        give_gradients(step, ours, theirs, skip=skip)
        first.step()
        second.step()

    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert [5, 4, 5, 5, 6] == [int(first.state[param]["step"]) for param in ours]


def test_memory_in_another_order_makes_no_difference():
    """Parameters, gradients and state may each have strides of their own."""
    plain = nn.Parameter(torch.arange(24.0).view(2, 3, 2, 2))
    last = nn.Parameter(torch.arange(24.0).view(2, 3, 2, 2).to(memory_format=torch.channels_last))
    cut = nn.Parameter(torch.arange(48.0).view(2, 3, 2, 4)[..., ::2])
    start = cut.detach().clone()
    wanted = nn.Parameter(start.clone())
    first, second = adamw([plain, last, cut]), adamw([wanted])
    for step in range(3):
        grad = torch.randn(2, 3, 2, 2, generator=torch.Generator().manual_seed(step))
        plain.grad, last.grad, cut.grad, wanted.grad = grad, grad.clone(), grad.clone(), grad.clone()
        first.step()
        second.step()

    torch.testing.assert_close(plain, last)
    torch.testing.assert_close(wanted, cut)
    assert not torch.equal(start, cut)


def test_many_parameters_share_one_count_in_memory_and_none_in_the_state_dict():
    """What is saved is each parameter's own."""
    params = parameters()
    optimizer = adamw(params)
    give_gradients(0, params)
    optimizer.step()
    saved = optimizer.state_dict()["state"]

    assert 1 == len({id(optimizer.state[param]["step"]) for param in params})
    assert len(params) == len({values["step"].data_ptr() for values in saved.values()})


def test_sparse_gradients_are_refused():
    """The kernel would not take them."""
    table = nn.Embedding(4, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()

    with pytest.raises(RuntimeError, match="sparse"):
        adamw([table.weight]).step()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_it_steps_on_a_gpu():
    """With the count on the device."""
    param = nn.Parameter(torch.ones(4, device="cuda"))
    param.grad = torch.ones_like(param)
    optimizer = adamw([param])
    optimizer.step()

    assert (param < 1).all()
    assert optimizer.state[param]["step"].is_cuda
