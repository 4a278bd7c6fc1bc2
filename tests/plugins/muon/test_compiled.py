"""torch.compile of a function that steps."""

import shutil

import pytest
import torch

from optim_core import registry

BACKENDS = ["eager", "aot_eager", "inductor"]
CONFIG = {"type": "Muon", "config": {"lr": 0.02}}


@pytest.fixture(autouse=True)
def _fresh_compiler():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def trained(wrap, *, tensor_rate=False):
    """A model after six steps with rates that change, and how many frames were compiled in each half of them."""
    torch.manual_seed(0)
    layers = [torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 32), torch.nn.Linear(32, 4)]
    model = torch.nn.Sequential(*layers)
    optimizer = registry.build(CONFIG).create_optimizer(model)
    if tensor_rate:
        for group in optimizer.param_groups:
            group["lr"] = torch.tensor(group["lr"])
    step = wrap(optimizer.step)
    data = torch.randn(8, 16)
    compiled = []
    for number in range(6):
        if number in (0, 3):
            torch._dynamo.utils.counters.clear()
        model(data).square().mean().backward()
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * 0.9
        step()
        optimizer.zero_grad()
        if number in (2, 5):
            compiled.append(torch._dynamo.utils.counters["frames"]["total"])
    return model, compiled


# inductor imports what torch itself calls deprecated.
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("tensor_rate", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_compiled_step_is_the_step(backend, tensor_rate):
    """Bit for bit, and compiled once: neither a step nor another rate compiles it again."""
    if backend == "inductor" and shutil.which("c++") is None:
        pytest.skip("inductor needs a compiler")
    expected, _ = trained(lambda step: step, tensor_rate=tensor_rate)
    compiled, (at_first, later) = trained(lambda step: torch.compile(step, backend=backend), tensor_rate=tensor_rate)
    assert (True, 0) == (at_first > 0, later)
    for name, value in expected.state_dict().items():
        assert torch.equal(value, compiled.state_dict()[name]), name


def test_a_whole_training_step_may_be_compiled():
    """Forward, backward and step in one function: the step is the part that stays as it is."""

    def trained_by(wrap):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(16, 8), torch.nn.Linear(8, 8), torch.nn.Linear(8, 1))
        optimizer, data = registry.build(CONFIG).create_optimizer(model), torch.randn(8, 16)

        def train():
            model(data).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()

        wrapped = wrap(train)
        for _ in range(3):
            wrapped()
        return torch.nn.utils.parameters_to_vector(model.parameters())

    expected = trained_by(lambda train: train)
    assert torch.equal(expected, trained_by(lambda train: torch.compile(train, backend="eager")))
