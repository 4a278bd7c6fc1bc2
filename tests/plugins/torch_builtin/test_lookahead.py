"""Lookahead, compared with a plain loop."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from optim_core import registry

OPTIMIZERS = {
    "SGD": {"lr": 0.1, "momentum": 0.9},
    "AdamW": {"lr": 0.01},
    "RMSprop": {"lr": 0.01},
}


def model_of(dtype=torch.float32):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)).to(dtype)


def backward(model, step):
    inputs = torch.randn(16, 4, generator=torch.Generator().manual_seed(step)).to(model[0].weight.dtype)
    model.zero_grad()
    model(inputs).square().mean().backward()


def lookahead(name, **fields):
    inner = {"type": name, "config": OPTIMIZERS[name]}
    return registry.build({"type": "Lookahead", "config": {"optimizer": inner, **fields}})


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize(("k", "alpha"), [(1, 0.5), (3, 0.5), (5, 0.8), (4, 1.0)])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_is_the_plain_loop(name, k, alpha, dtype):
    """Bit for bit: slow += alpha * (fast - slow) after every k steps, and fast = slow."""
    plain, model = model_of(dtype), model_of(dtype)
    inner = getattr(torch.optim, name)(plain.parameters(), **OPTIMIZERS[name])
    slow = [parameter.detach().clone() for parameter in plain.parameters()]
    optimizer = lookahead(name, k=k, alpha=alpha).create_optimizer(model)
    for step in range(12):
        backward(plain, step)
        inner.step()
        if (step + 1) % k == 0:
            with torch.no_grad():
                for fast, kept in zip(plain.parameters(), slow, strict=True):
                    kept.add_(fast - kept, alpha=alpha)
                    fast.copy_(kept)
        backward(model, step)
        optimizer.step()
        assert all(torch.equal(one, two) for one, two in zip(plain.parameters(), model.parameters(), strict=True))


def test_slow_weights_begin_before_the_first_step():
    """What is loaded into the model after the optimizer was made counts."""
    model = model_of()
    optimizer = lookahead("SGD", k=2).create_optimizer(model)
    assert {} == optimizer.slow_weights
    with torch.no_grad():
        model[0].bias.fill_(0.5)
    backward(model, 0)
    optimizer.step()
    assert [0.5] * 8 == optimizer.slow_weights[model[0].bias].tolist()
    assert not torch.equal(model[0].bias, optimizer.slow_weights[model[0].bias])
    backward(model, 1)
    optimizer.step()
    assert torch.equal(model[0].bias, optimizer.slow_weights[model[0].bias])


def test_a_later_group_counts_from_its_first_step():
    """It is pulled after k steps of its own."""
    model = model_of()
    optimizer = lookahead("SGD", k=3).create_optimizer(list(model[0].parameters()))
    for step in range(2):
        backward(model, step)
        optimizer.step()
    optimizer.add_param_group({"params": list(model[2].parameters())})
    pulled = []
    for step in range(2, 6):
        backward(model, step)
        optimizer.step()
        pulled.append([torch.equal(each.weight, optimizer.slow_weights[each.weight]) for each in (model[0], model[2])])
    assert [[True, False], [False, False], [False, True], [True, False]] == pulled


def test_a_state_without_slow_weights_can_be_loaded():
    """A state that was saved before the first step: they begin at the next one."""
    model = model_of()
    spec = lookahead("AdamW", k=2)
    optimizer = spec.create_optimizer(model)
    optimizer.load_state_dict(spec.create_optimizer(model).state_dict())
    backward(model, 0)
    optimizer.step()
    assert list(model.parameters()) == list(optimizer.slow_weights)


def test_loaded_slow_weights_are_copies():
    """Training on changes nothing in the state that was loaded."""
    model = model_of()
    optimizer = lookahead("SGD", k=1).create_optimizer(model)
    backward(model, 0)
    optimizer.step()
    state = optimizer.state_dict()
    loaded = lookahead("SGD", k=1).create_optimizer(model)
    loaded.load_state_dict(state)
    before = state["state"][0]["slow_weight"].clone()
    backward(model, 1)
    loaded.step()
    assert torch.equal(before, state["state"][0]["slow_weight"])


def test_a_scaler_that_skips_a_step_skips_it_whole():
    """Neither the count nor a weight moves."""
    model, plain = model_of(), model_of()
    optimizer = lookahead("SGD", k=2).create_optimizer(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale(model(torch.full((2, 4), float("inf"))).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert "lookahead_step" not in optimizer.param_groups[0]
    assert all(torch.equal(one, two) for one, two in zip(plain.parameters(), model.parameters(), strict=True))
