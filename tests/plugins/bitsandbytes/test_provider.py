"""Every optimizer of bitsandbytes that is offered: its config is checked, and every field of it has an effect."""

import copy
import pickle
import subprocess
import sys

import attrs
import pytest
import torch
from torch import nn

from optim_bitsandbytes.provider import optimizers
from optim_core import ConfigError, Registry

NAMES = optimizers.names()
each_name = pytest.mark.parametrize("name", NAMES)
pytestmark = [
    pytest.mark.filterwarnings("ignore:.torch.jit.script_method. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Paged optimizers are not supported on CPU"),
]
# Another value for each field, and what else has to be set for it to matter.
OTHER = {
    "alpha": 0.5,
    "betas": None,
    "eps": 1.0,
    "lr": 0.02,
    "max_unorm": 1e-3,
    "min_8bit_size": 10**6,
    "momentum": 0.5,
    "optim_bits": 8,
    "t_alpha": 10,
    "t_beta3": 10,
    "weight_decay": 0.3,
}


@pytest.fixture(scope="module")
def registry():
    return Registry()


def config_of(name, **fields):
    required = {"lr": 0.01} | ({"momentum": 0.9} if name.startswith(("SGD", "LARS")) else {})
    return {"type": name, "config": {**required, **fields}}


def train(registry, name, **fields):
    """A weight matrix of 64 x 128 after 4 steps."""
    torch.manual_seed(0)
    model = nn.Linear(128, 64, bias=False)
    data = torch.randn(32, 128)
    optimizer = registry.build(config_of(name, **fields)).create_optimizer(model)
    losses = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = ((model(data) - 1) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model.weight.detach(), losses, optimizer


@each_name
def test_it_trains_on_a_cpu(registry, name):
    """What is built is an instance of the library's class, and lowers the loss."""
    import bitsandbytes

    _, losses, optimizer = train(registry, name)
    assert type(optimizer) is getattr(bitsandbytes.optim, name)
    assert losses[-1] < losses[0]


@each_name
def test_every_field_has_an_effect(registry, name):
    """A field that changed nothing would be a silent no-op; paging is for GPUs, and changes no number."""
    plain, _, _ = train(registry, name)
    for key, field in attrs.fields_dict(optimizers.load(name)).items():
        if key == "is_paged" or (key == "min_8bit_size" and "8bit" not in name):
            continue
        other = OTHER[key] if key != "betas" else [0.5, *field.default[1:]]
        assert not torch.equal(plain, train(registry, name, **{key: other})[0]), key


@each_name
def test_what_has_no_effect_is_refused(registry, name):
    """bitsandbytes takes `amsgrad` and `nesterov`, and ignores them."""
    for key in ("amsgrad", "nesterov", "adam_w_mode", "args"):
        with pytest.raises(ConfigError, match="unknown key"):
            registry.build(config_of(name, **{key: True}))


@each_name
def test_zero_weight_decay_is_zero(registry, name):
    """No group decays where the config says 0."""
    optimizer = registry.build(config_of(name, weight_decay=0)).create_optimizer(nn.Linear(4, 2))
    assert [0] == [group["weight_decay"] for group in optimizer.param_groups]


def test_momentum_is_demanded_where_there_is_no_step_without():
    """SGD8bit with momentum 0 would fail when it is built."""
    momentum = attrs.fields_dict(optimizers.load("SGD8bit"))["momentum"]
    assert attrs.NOTHING is momentum.default
    with pytest.raises(ConfigError, match=r"must be in \(0, 1\), is 0"):
        Registry().build({"type": "SGD8bit", "lr": 0.1, "momentum": 0.0})


@pytest.mark.parametrize("name", ["RMSprop8bit", "RMSprop32bit"])
@pytest.mark.parametrize("alpha", [0, 1, 1.5])
def test_the_decay_of_rmsprop_is_between_0_and_1(name, alpha):
    """Its class refuses the ends when it is built; the config refuses them before."""
    with pytest.raises(ConfigError, match=r"alpha: must be in \(0, 1\)"):
        Registry().build({"type": name, "lr": 0.1, "alpha": alpha})
    assert 1.5 == Registry().build({"type": "AdEMAMix8bit", "alpha": 1.5}).config.alpha


@each_name
def test_a_spec_survives_pickling_and_copying(registry, name):
    """It can cross to another process, and its class is the same one."""
    spec = registry.build(config_of(name))
    again = pickle.loads(pickle.dumps(spec))
    assert spec == again == copy.deepcopy(spec)
    assert type(spec.config) is type(again.config)


def test_no_plain_name_is_taken():
    """What is offered has its bits or its paging in its name."""
    assert [] == [name for name in NAMES if not (name.endswith("bit") or name.startswith("Paged"))]
    with pytest.raises(LookupError, match="AdamW"):
        optimizers.load("AdamW")
    assert {"AdamW8bit", "AdamW32bit", "PagedAdamW", "Lion8bit", "SGD8bit"} <= set(NAMES)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bitsandbytes:AdamW", "it is `AdamW32bit` here"),
        ("AdEMAMix32bit", "too small for its own kernel"),
    ],
)
def test_who_asks_for_what_is_left_out_is_told_why(registry, name, reason):
    """Where the config is refused, and not only in the README."""
    with pytest.raises(ConfigError, match=reason):
        registry.build({"type": name, "lr": 0.1})


def test_neither_torch_nor_the_library_is_imported_to_check_a_config():
    """Listing and validating read source alone."""
    code = """
import sys
from optim_core import registry
registry.build({"type": "adamw8bit", "lr": 1e-4})
print(sorted({"torch", "bitsandbytes", "numpy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert "[]\n" == done.stdout, done.stderr


def test_each_says_what_it_is_without_being_made():
    """In one line, with which the docstring of the plugin class begins."""
    for name in NAMES:
        summary = optimizers.summary(name)
        assert summary
        assert optimizers.load(name).__doc__.partition("\n")[0].endswith(f".{name}: {summary}")
