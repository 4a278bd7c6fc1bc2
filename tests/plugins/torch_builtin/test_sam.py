"""SAM and ASAM, compared with a plain loop."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from optim_core import OptimError, registry

OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9},
    "AdamW": {"lr": 0.01},
}


def model_of(dtype=torch.float32):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)).to(dtype)


def closure_of(model, step, sign=1.0, scale=1.0):
    inputs = torch.randn(16, 4, generator=torch.Generator().manual_seed(step)).to(next(model.parameters()).dtype)

    def closure():
        model.zero_grad()
        loss = model(inputs).square().mean() * sign * scale
        loss.backward()
        return loss

    return closure


def sam(name, *, inner=None, **fields):
    inner = {"type": name, "config": {**OPTIMIZERS[name], **(inner or {})}}
    return registry.build({"type": "SAM", "config": {"optimizer": inner, **fields}})


def plain_step(model, inner, closure, rho, *, adaptive):
    """One step as the paper's authors, and those of ASAM, write it."""
    loss = closure()
    with torch.no_grad():
        weights = [parameter.abs() if adaptive else torch.ones(()) for parameter in model.parameters()]
        norms = [(weight * each.grad).norm() for weight, each in zip(weights, model.parameters(), strict=True)]
        scale = rho / (torch.stack(norms).norm() + 1e-12)
        kept = [parameter.clone() for parameter in model.parameters()]
        for parameter in model.parameters():
            parameter.add_((parameter.square() if adaptive else 1.0) * parameter.grad * scale)
    closure()
    with torch.no_grad():
        for parameter, old in zip(model.parameters(), kept, strict=True):
            parameter.copy_(old)
    inner.step()
    return loss


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_is_the_plain_loop(name, dtype):
    """Bit for bit, and so is the loss that a step returns: that of the weights as they were."""
    plain, model = model_of(dtype), model_of(dtype)
    inner = getattr(torch.optim, name)(plain.parameters(), **OPTIMIZERS[name])
    optimizer = sam(name, rho=0.1).create_optimizer(model)
    for step in range(6):
        wanted = plain_step(plain, inner, closure_of(plain, step), 0.1, adaptive=False)
        assert torch.equal(wanted, optimizer.step(closure_of(model, step)))
        assert all(torch.equal(one, two) for one, two in zip(plain.parameters(), model.parameters(), strict=True))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_adaptive_is_the_plain_loop_of_asam(name):
    """To rounding: the square of a weight times a gradient is multiplied in another order."""
    plain, model = model_of(torch.float64), model_of(torch.float64)
    inner = getattr(torch.optim, name)(plain.parameters(), **OPTIMIZERS[name])
    optimizer = sam(name, rho=0.5, adaptive=True).create_optimizer(model)
    for step in range(6):
        plain_step(plain, inner, closure_of(plain, step), 0.5, adaptive=True)
        optimizer.step(closure_of(model, step))
    for one, two in zip(plain.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-12, atol=1e-14)


def test_weights_are_moved_by_rho_and_come_back():
    """The second gradient is taken at a distance of rho over all groups; a rate of nearly 0 leaves nothing of it."""
    model = model_of(torch.float64)
    spec = sam("SGD", inner={"lr": 1e-300, "momentum": 0.0}, rho=0.25)
    optimizer = spec.create_optimizer(model, lr_multipliers={model[2]: 2.0})
    before = [parameter.detach().clone() for parameter in model.parameters()]
    seen = []
    inner = closure_of(model, 0)

    def closure():
        seen.append([parameter.detach().clone() for parameter in model.parameters()])
        return inner()

    optimizer.step(closure)
    apart = torch.cat([(two - one).flatten() for one, two in zip(*seen, strict=True)])
    assert 2 == len(seen)
    assert 0.25 == pytest.approx(float(apart.norm()))
    assert all(torch.equal(one, two) for one, two in zip(before, model.parameters(), strict=True))


def test_weights_come_back_where_the_second_pass_fails():
    """The error is the closure's own, and nothing is stepped."""
    model = model_of()
    optimizer = sam("SGD").create_optimizer(model)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    calls = []
    inner = closure_of(model, 0)

    def closure():
        calls.append(1)
        if len(calls) == 2:
            raise ZeroDivisionError
        return inner()

    with pytest.raises(ZeroDivisionError):
        optimizer.step(closure)
    assert all(torch.equal(one, two) for one, two in zip(before, model.parameters(), strict=True))


def test_who_maximizes_looks_for_the_lowest_place():
    """The run is the mirror image of one that minimizes the negative."""
    up, down = model_of(), model_of()
    climbing = sam("SGD", inner={"maximize": True}).create_optimizer(up)
    falling = sam("SGD").create_optimizer(down)
    for step in range(5):
        climbing.step(closure_of(up, step, sign=-1.0))
        falling.step(closure_of(down, step))
    assert all(torch.equal(one, two) for one, two in zip(up.parameters(), down.parameters(), strict=True))


def test_half_precision_is_measured_in_single():
    """Gradients whose norm float16 cannot hold move the weights by rho all the same."""
    weight = nn.Parameter(torch.zeros(4096, dtype=torch.float16))
    optimizer = sam("SGD", inner={"lr": 1e-6, "momentum": 0.0}, rho=1.0).create_optimizer([weight])
    seen = []

    def closure():
        seen.append(weight.detach().clone())
        weight.grad = torch.full_like(weight, 2000.0)
        return weight.sum()

    optimizer.step(closure)
    assert 1.0 == pytest.approx(float(seen[1].float().norm()), rel=1e-2)


def test_without_gradients_nothing_moves():
    """Neither where there is none, nor where all are zero."""
    weight = nn.Parameter(torch.ones(3))
    optimizer = sam("SGD").create_optimizer([weight])
    optimizer.step(lambda: weight.sum())

    def zero():
        weight.grad = torch.zeros_like(weight)
        return weight.sum()

    optimizer.step(zero)
    assert [1.0, 1.0, 1.0] == weight.tolist()


def test_what_it_cannot_do_is_told_before_anything_changes():
    """A step without a closure, and sparse gradients."""
    embedding = nn.Embedding(4, 2, sparse=True)
    optimizer = sam("SGD").create_optimizer(embedding)
    before = embedding.weight.detach().clone()
    with pytest.raises(OptimError, match="SAM takes two gradients in a step: give step a closure"):
        optimizer.step()

    def closure():
        loss = embedding(torch.tensor([1, 2])).sum()
        loss.backward()
        return loss

    with pytest.raises(OptimError, match="SAM takes no sparse gradients"):
        optimizer.step(closure)
    assert torch.equal(before, embedding.weight)


@pytest.mark.parametrize("adaptive", [False, True])
def test_a_step_waits_for_no_device(adaptive):
    """Nothing in it asks what is in a tensor, which tensors without contents would refuse."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        weight = nn.Parameter(torch.ones(3, 2))
        optimizer = sam("SGD", adaptive=adaptive).create_optimizer([weight])

        def closure():
            weight.grad = torch.ones_like(weight)
            return weight.sum()

        optimizer.step(closure)
        assert (3, 2) == tuple(optimizer.state[weight]["momentum_buffer"].shape)
