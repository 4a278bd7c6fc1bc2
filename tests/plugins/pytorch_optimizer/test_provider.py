"""Every optimizer of pytorch_optimizer that is offered: its config is checked, and what is built is its own class."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import attrs
import pytest
import pytorch_optimizer
import torch
from torch import nn

from optim_core import ConfigError, Registry
from optim_pytorch_optimizer.left_out import LEFT_OUT
from optim_pytorch_optimizer.provider import optimizers

ROOT = Path(__file__).parents[3]
NAMES = optimizers.names()
REQUIRED = {"BSAM": {"num_data": 32}, "Ranger21": {"num_iterations": 100}}
# What they say where the training loop does not do what they need.
NEED_MORE = {
    "AliG": "requires closure",
    "BSAM": "requires closure",
    "DeMo": "process group has not been initialized",
    "SpectralSphere": "only supports 2D parameters",
}
# They change nothing in the first steps.
LATE = ("AdaShift", "RAdam", "ScheduleFreeRAdam")
each_name = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def registry():
    return Registry()


def config_of(name, **fields):
    return {"type": f"pytorch_optimizer:{name}", "config": {**REQUIRED.get(name, {}), **fields}}


def problem():
    """A small network, and a function that gives its loss."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    data = torch.randn(32, 6)
    wanted = data.sum(dim=1, keepdim=True).tanh()
    return model, lambda: ((model(data) - wanted) ** 2).mean()


def train(registry, name, **fields):
    """Trains the small network; its parameters before and after."""
    steps = 12 if name in LATE else 2
    model, loss = problem()
    if name == "SaRA":
        # It changes only weights that are as good as zero.
        nn.init.uniform_(model[0].weight, -1e-4, 1e-4)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    optimizer = registry.build(config_of(name, **fields)).create_optimizer(model)
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward(create_graph=name in ("AdaHessian", "SophiaH"))
        optimizer.step()
    return before, [parameter.detach() for parameter in model.parameters()], optimizer


@each_name
@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
def test_it_trains_from_its_defaults(registry, name):
    """What is built is an instance of the library's class, and its steps change the parameters; or it says why not."""
    if name in NEED_MORE:
        with pytest.raises(Exception, match=NEED_MORE[name]):
            train(registry, name)
        return
    before, after, optimizer = train(registry, name)
    assert type(optimizer) is getattr(pytorch_optimizer, name)
    assert any(not torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert all(bool(torch.isfinite(parameter).all()) for parameter in after)


@each_name
def test_a_misspelt_keyword_is_refused(registry, name):
    """The library would take it and say nothing."""
    with pytest.raises(ConfigError) as caught:
        registry.build(config_of(name, weight_decai=0.1))
    problem = caught.value.problems[0]
    assert ("optimizer.config.weight_decai", "unknown key") == (problem.path, problem.message) or (
        "config.weight_decai",
        "unknown key",
    ) == (problem.path, problem.message)


@each_name
def test_zero_weight_decay_is_zero(registry, name):
    """No group decays where the config says 0, whatever the class's own default."""
    if "weight_decay" not in attrs.fields_dict(optimizers.load(name)) or name in ("DeMo", "SpectralSphere"):
        return
    model, _ = problem()
    optimizer = registry.build(config_of(name, weight_decay=0)).create_optimizer(model)
    assert [0] == sorted({group["weight_decay"] for group in optimizer.param_groups})


@each_name
def test_fields_are_those_of_the_signature_with_its_defaults(name):
    """What the library's class would take by itself is what a config shows, beside what no config can hold."""
    import inspect

    fields = attrs.fields_dict(optimizers.load(name))
    parameters = dict(list(inspect.signature(getattr(pytorch_optimizer, name)).parameters.items())[1:])
    assert fields.keys() <= parameters.keys()
    left_out = parameters.keys() - fields.keys() - {"kwargs"}
    assert left_out <= {"clip_lambda", "projection_fn", "reduce_func", "process_group", "norm_kwargs"}
    for key, field in fields.items():
        default = parameters[key].default
        if default is inspect.Parameter.empty:
            assert attrs.NOTHING is field.default
        elif isinstance(default, torch.dtype):
            assert str(default) == f"torch.{field.default}"
        elif field.default is not None:
            assert default == field.default


@pytest.mark.parametrize(
    ("name", "fields", "path", "message"),
    [
        ("Lion", {"lr": 0}, "lr", "must be > 0"),
        ("Lion", {"betas": [0.9, 1.0]}, "betas[1]", r"must be in \[0, 1\)"),
        ("Lion", {"betas": [0.9, 0.99, 0.999]}, "betas", "must be a list of 2 numbers"),
        ("Lion", {"weight_decay": -0.1}, "weight_decay", "must be ≥ 0"),
        ("Lion", {"weight_decouple": "false"}, "weight_decouple", "must be true or false"),
        ("AdEMAMix", {"betas": [0.9, 0.999, 1.5]}, "betas[2]", r"must be in \[0, 1\]"),
        ("SophiaH", {"hessian_distribution": "normal"}, "hessian_distribution", "`gaussian` or `rademacher`"),
        ("AdaFactor", {"momentum_dtype": "int8"}, "momentum_dtype", "must be `bfloat16`"),
        ("MARS", {"mars_type": "adam"}, "mars_type", "adamw"),
        ("PAdam", {"partial": 0}, "partial", r"must be in \(0, 1\]"),
        ("BSAM", {"num_data": 1.5}, "num_data", "must be a whole number"),
        ("SOAP", {"data_format": "channels"}, "data_format", "channels_first"),
    ],
)
def test_a_value_out_of_range_is_refused(registry, name, fields, path, message):
    """Ranges are those that the constructor checks, and they are checked without it."""
    with pytest.raises(ConfigError, match=message) as caught:
        registry.build(config_of(name, **fields))
    assert [path] == [problem.path.rpartition("config.")[2] for problem in caught.value.problems]


def test_a_dtype_is_named(registry):
    """`float32` in the config is torch.float32 in the group."""
    model, _ = problem()
    optimizer = registry.build(config_of("FAdam", fim_dtype="float64")).create_optimizer(model)
    assert torch.float64 is optimizer.fim_dtype
    assert torch.float32 is optimizer.momentum_dtype


def test_a_default_that_no_config_can_hold_is_left_to_the_library(registry):
    """Prodigy's growth rate is infinite by default, and may be set."""
    model, _ = problem()
    rates = [
        registry.build(config_of("Prodigy", **fields)).create_optimizer(model).param_groups[0]["growth_rate"]
        for fields in ({}, {"growth_rate": 1.02})
    ]
    assert [float("inf"), 1.02] == rates


def test_a_name_of_a_distribution_is_not_shadowed(registry):
    """`RAdam` and `Adamax` are torch's; the others of the same name, whatever its case, are reached by the provider."""
    assert "optim_torch_builtin" in registry.optimizers["RAdam"].__module__
    assert "optim_torch_builtin" in registry.optimizers["adamax"].__module__
    assert "optim_core.bridge" in registry.optimizers["pytorch_optimizer:RAdam"].__module__
    assert "AdaMax" == registry.optimizers["optim-pytorch-optimizer:adamax"].__name__
    assert "Lion" == registry.optimizers["lion"].__name__


def test_neither_torch_nor_the_library_is_imported_to_check_a_config():
    """Listing and validating read source alone."""
    code = """
import sys
from optim_core import registry
registry.build({"type": "lion", "lr": 1e-4})
assert "Prodigy" in list(registry.optimizers)
print(sorted({"torch", "pytorch_optimizer", "numpy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert "[]\n" == done.stdout, done.stderr


def test_names_are_those_of_the_library_without_what_is_left_out():
    """Each name that the library lists as its own is offered or left out for a reason, and each reason has a name."""
    own = {
        cls.__name__
        for cls in pytorch_optimizer.optimizer.OPTIMIZER_LIST
        if cls.__module__.startswith("pytorch_optimizer")
    }
    assert own == {*NAMES, *LEFT_OUT}
    assert set() == set(NAMES) & LEFT_OUT.keys()
    assert len(NAMES) >= 100


@pytest.mark.parametrize("name", [*LEFT_OUT, "NoSuchOptimizer"])
def test_what_is_left_out_says_why(name):
    """The provider names the class and the reason."""
    with pytest.raises(LookupError, match=name):
        optimizers.load(name)


def test_the_readme_names_what_is_left_out():
    """Every name without a plugin stands in the table at the end."""
    text = (
        (ROOT / "plugins/pytorch_optimizer/README.md").read_text(encoding="utf-8").partition("## What is left out")[2]
    )
    assert set(LEFT_OUT) <= set(re.findall(r"\w+", text))


def test_the_distribution_offers_the_provider():
    """The entry point has the name that stands before `:` in a config."""
    project = tomllib.loads((ROOT / "plugins/pytorch_optimizer/pyproject.toml").read_text())["project"]
    assert {"pytorch_optimizer": "optim_pytorch_optimizer.provider:optimizers"} == project["entry-points"][
        "optim_core.providers"
    ]
