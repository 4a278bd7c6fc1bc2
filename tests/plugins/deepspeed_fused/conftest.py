"""The kernels of DeepSpeed, compiled once into a folder of the environment; and what makes small problems to train."""

import os
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from warm_python import WarmPython

from optim_core import registry
from optim_deepspeed_fused.kernel.obstacles import NINJA_FOLDER

# Set for child processes too. Compiling takes about a minute, and is done once for an environment.
os.environ.setdefault("TORCH_EXTENSIONS_DIR", str(Path(sys.prefix) / "torch_extensions"))
# With one ninja for DeepSpeed's own classes and for ours: another one may not read its log, and compiles anew.
os.environ["PATH"] = os.pathsep.join([NINJA_FOLDER, os.environ["PATH"]])

# What torch imports with the first optimizer.
TORCH = "torch._dynamo"


def pytest_collection_modifyitems(items):
    """All in one worker: the others would wait for its compiler."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("deepspeed"))


@pytest.fixture(autouse=True)
def _one_thread():
    """The kernels wait for all their threads after each tensor, which takes long where others use the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def with_torch():
    """A Python that has imported torch, and shows every warning."""
    with WarmPython([TORCH], env={**os.environ, "PYTHONWARNINGS": "always"}) as started:
        yield started


@pytest.fixture(scope="session")
def with_deepspeed():
    """A Python that has imported DeepSpeed, too, and none of its kernels."""
    with WarmPython([TORCH, "deepspeed.ops.adam"], env={**os.environ, "PYTHONWARNINGS": "always"}) as started:
        yield started


@pytest.fixture
def make():
    """Builds an optimizer by the name of its plugin: name, parameters or model, config."""

    def build(name, params, **config):
        spec = registry.build({"type": name, "config": {"lr": 1e-2, **config}}, kind="optimizer")
        return spec.create_optimizer(params)

    return build


@pytest.fixture
def weights():
    """Parameters of some shapes, the same each time; odd sizes, so that vector code has a rest."""

    def make_weights(*dtypes):
        generator = torch.Generator().manual_seed(0)
        shapes = [(33, 17), (5,), (1,), (3, 3, 7), (1025,)]
        return [nn.Parameter(torch.randn(shape, generator=generator).to(dtype)) for dtype in dtypes for shape in shapes]

    return make_weights


@pytest.fixture
def train():
    """Trains parameters with gradients that depend on the step alone; `without` says whose gradient is None when."""

    def run(optimizer, parameters, steps, without=lambda index, step: False, scheduler=None):
        for step in steps:
            generator = torch.Generator().manual_seed(1000 + step)
            for index, parameter in enumerate(parameters):
                gradient = torch.randn(parameter.shape, generator=generator).to(parameter.dtype)
                parameter.grad = None if without(index, step) else gradient
            optimizer.step()
            if scheduler is not None:
                scheduler.step()

    return run


@pytest.fixture
def assert_close():
    """Two lists of parameters agree to the rounding of the kernels, which compute in float32."""

    def check(expected, found):
        for one, other in zip(expected, found, strict=True):
            rough = {torch.float32: 3e-5, torch.bfloat16: 2e-2, torch.float16: 3e-3}[one.dtype]
            torch.testing.assert_close(other.detach(), one.detach(), rtol=rough, atol=rough)

    return check
