"""What is around a step: hooks, and the profiler's record."""

import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from optim_muon.optimizer import Muon


@pytest.fixture
def optimizer():
    param = nn.Parameter(torch.ones(3, 3))
    param.grad = torch.ones(3, 3)
    return Muon([{"params": [param], "use_muon": True}])


@pytest.fixture
def called():
    """Hooks of every optimizer, which are taken away again; gives what they note."""
    noted = []
    handles = [
        register_optimizer_step_pre_hook(lambda *_: noted.append("before")),
        register_optimizer_step_post_hook(lambda *_: noted.append("after")),
    ]
    yield noted
    for handle in handles:
        handle.remove()


def test_hooks_of_every_optimizer_are_called(optimizer, called):
    """Before and after the step, each once."""
    optimizer.step()
    assert ["before", "after"] == called


def test_a_hook_may_change_the_arguments(optimizer):
    """As torch's optimizers let it."""
    optimizer.register_step_pre_hook(lambda _, args, kwargs: (args, {"closure": lambda: 5.0}))
    assert optimizer.step() == 5.0


def test_a_hook_that_is_taken_away_is_not_called(optimizer):
    """What is left is a plain step."""
    called = []
    handle = optimizer.register_step_post_hook(lambda *_: called.append("after"))
    optimizer.step()
    handle.remove()
    optimizer.step()
    assert ["after"] == called


def test_a_profiler_is_told_of_steps(optimizer):
    """By the name that torch gives them."""
    with torch.profiler.profile() as profiler:
        optimizer.step()
    assert 1 == sum(event.key == "Optimizer.step#Muon.step" for event in profiler.key_averages())


def test_a_step_is_known_to_be_one(optimizer):
    """Schedulers and torch look for these marks."""
    assert Muon.step.hooked
    assert Muon.step.__doc__ == Muon.step.__wrapped__.__doc__
