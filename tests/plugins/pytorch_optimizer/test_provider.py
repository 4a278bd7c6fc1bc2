"""Every optimizer of pytorch_optimizer that is offered: its config is checked, and what is built is its own class."""

import copy
import pickle
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
from optim_pytorch_optimizer.keyword_options import OPTION_TEXTS
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
    "DistributedMuon": "process group has not been initialized",
    "LoRARite": "is no factor of a LoRA layer",
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
    if "weight_decay" not in attrs.fields_dict(optimizers.load(name)) or name in (
        "DeMo",
        "DistributedMuon",
        "LoRARite",
        "SpectralSphere",
    ):
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
    assert fields.keys() - OPTION_TEXTS.keys() <= parameters.keys()
    left_out = parameters.keys() - fields.keys() - {"kwargs"}
    assert left_out <= {"clip_lambda", "projection_fn", "reduce_func", "process_group", "norm_kwargs"}
    for key in fields.keys() & parameters.keys():
        field, default = fields[key], parameters[key].default
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
        ("AdamMini", {"num_embeds": 100}, "num_embeds", "must be a multiple of `num_heads`, 32, is 100"),
        ("AdamMini", {"num_query_groups": 3}, "num_heads", "must be a multiple of `num_query_groups`, 3, is 32"),
        ("AdamMini", {"num_query_groups": 0}, "num_query_groups", "must be > 0"),
        ("AdEMAMix", {"betas": [0.9, 0.999, 1.5]}, "betas[2]", r"must be in \[0, 1\]"),
        ("SophiaH", {"hessian_distribution": "normal"}, "hessian_distribution", "`gaussian` or `rademacher`"),
        ("AdaFactor", {"momentum_dtype": "int8"}, "momentum_dtype", "must be `bfloat16`"),
        ("MARS", {"mars_type": "adam"}, "mars_type", "adamw"),
        ("PAdam", {"partial": 0}, "partial", r"must be in \(0, 1\]"),
        ("BSAM", {"num_data": 1.5}, "num_data", "must be a whole number"),
        ("SOAP", {"data_format": "channels"}, "data_format", "channels_first"),
        ("AccSGD", {"constant": 2}, "constant", "must be ≤ 1"),
        ("Alice", {"rank": 1}, "leading_basis", "`rank - leading_basis` must be ≥ 0"),
        ("DASH", {"grafting_beta": 1.0}, "grafting_beta", r"must be in \[0, 1\)"),
        ("FlashAdamW", {"master_weight_bits": 16}, "master_weight_bits", "24, 32"),
        ("FlashAdamW", {"fused": True}, "fused", "kernels are not available"),
        ("GrokFastAdamW", {"grokfast_lamb": -1}, "grokfast_lamb", "must be ≥ 0"),
        ("Muon", {"ns_coeffs": "jordan"}, "ns_coeffs", "must be `original`"),
        ("Muon", {"ns_coeffs": []}, "ns_coeffs", "1"),
        ("Prodigy", {"betas": [0.9, 1.0]}, "betas[1]", r"must be in \[0, 1\)"),
        ("Prodigy", {"beta3": 1.5}, "beta3", r"must be in \[0, 1\]"),
        ("ROSE", {"compute_dtype": "bfloat16"}, "compute_dtype", "no useful effect when compute_dtype is bfloat16"),
        ("Ranger21", {"num_iterations": 0}, "num_iterations", "must be ≥ 1"),
        ("SCION", {"norm_type": 9}, "norm_type", r"must be in \[0, 7\]"),
        ("SaRA", {"progressive_iter": -2}, "progressive_iter", "must be ≥ -1"),
        ("ScheduleFreeAdamW", {"betas": [0.0, 0.9]}, "betas[0]", r"must be in \(0, 1\)"),
    ],
)
def test_a_value_out_of_range_is_refused(registry, name, fields, path, message):
    """Ranges are those that the constructor checks, and they are checked without it."""
    with pytest.raises(ConfigError, match=message) as caught:
        registry.build(config_of(name, **fields))
    assert [path] == [problem.path.rpartition("config.")[2] for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("DASH", {"grafting_beta": None}),
        ("FlashAdamW", {"master_weight_bits": None}),
        ("Prodigy", {"beta3": None}),
        ("ROSE", {"compute_dtype": "bfloat16", "bf16_sr": False}),
        ("Alice", {"rank": 1, "leading_basis": 1}),
        ("Muon", {"ns_coeffs": [[3.4, -4.8, 2.0], [3.0, -4.0, 2.0]]}),
    ],
)
def test_what_the_constructor_takes_is_accepted(registry, name, fields):
    """A check under a condition, or of several arguments together, is no more than that."""
    assert type(registry.build(config_of(name, **fields)).create_optimizer(problem()[0])).__name__ == name


@each_name
@pytest.mark.filterwarnings("ignore::optim_core.errors.UnusualRateWarning")
def test_what_a_config_may_say_the_constructor_takes(registry, name):
    """Numbers at the edge of a range are refused with the config, or by nobody."""
    if name in NEED_MORE:
        return
    for key in attrs.fields_dict(optimizers.load(name)):
        for value in (0, 1, 1.0, -1, 1e9, [0.0, 0.0], [0.9, 1.0], True):
            try:
                spec = registry.build(config_of(name, **{key: value}))
            except ConfigError:
                continue
            assert spec.create_optimizer(problem()[0]).param_groups


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


def test_names_that_are_torchs_too_are_listed(registry):
    """Under the name that a config uses; a plain name is never two plugins'."""
    records = [record for record in registry.plugins("optimizer") if record.provider == "pytorch_optimizer"]
    assert set(NAMES) == {record.name.removeprefix("pytorch_optimizer:") for record in records}
    assert {"pytorch_optimizer:RAdam", "pytorch_optimizer:AdaMax", "Lion"} <= set(registry.optimizers)


@each_name
def test_a_spec_survives_pickling_and_copying(registry, name):
    """It can cross to another process, and its class is the same one."""
    spec = registry.build(config_of(name))
    again = pickle.loads(pickle.dumps(spec))
    assert spec == again == copy.deepcopy(spec)
    assert type(spec.config) is type(again.config)


def test_pickled_specs_are_unpickled_in_a_new_process_without_torch(registry):
    """All of them, where nothing was loaded before."""
    specs = [registry.build(config_of(name)) for name in NAMES]
    code = """
import pickle, sys
specs = pickle.loads(sys.stdin.buffer.read())
print(sorted({"torch", "pytorch_optimizer"} & set(sys.modules)))
print([repr(spec.config) for spec in specs])
"""
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(specs), capture_output=True, check=False)
    assert ["[]", str([repr(spec.config) for spec in specs])] == done.stdout.decode().splitlines(), done.stderr


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
    assert len(NAMES) >= 118


@pytest.mark.parametrize("name", [*LEFT_OUT, "NoSuchOptimizer"])
def test_what_is_left_out_says_why(name):
    """The provider names the class and the reason."""
    with pytest.raises(LookupError, match=name):
        optimizers.load(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("LOMO", "updates each weight within backward"),
        ("pytorch_optimizer:adalomo", "has no step of its own"),
        ("pytorch_optimizer:SAM", "wraps another optimizer"),
        ("pytorch_optimizer:AdamW", "is torch's own"),
    ],
)
def test_who_asks_for_what_is_left_out_is_told_why(registry, name, reason):
    """Where the config is refused, and not only in the README."""
    with pytest.raises(ConfigError, match=reason):
        registry.build({"type": name, "lr": 0.1})


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


def test_each_says_what_it_is_without_being_made():
    """In one line, with which the docstring of the plugin class begins."""
    for name in NAMES:
        summary = optimizers.summary(name)
        assert summary
        assert optimizers.load(name).__doc__.partition("\n")[0].endswith(f".{name}: {summary}")
