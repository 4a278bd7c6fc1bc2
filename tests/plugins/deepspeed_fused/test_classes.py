"""The plugin classes: what they take, what they refuse, and that neither torch nor DeepSpeed is needed for it."""

import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import attrs
import pytest
from deepspeed.ops.adam import DeepSpeedCPUAdam
from deepspeed.ops.adam import FusedAdam as DeepSpeedFusedAdam

from optim_core import ConfigError, registry
from optim_deepspeed_fused.cpu_adam import CPUAdam
from optim_deepspeed_fused.fused_adam import FusedAdam

DISTRIBUTION = Path(__file__).parents[3] / "plugins" / "deepspeed_fused"
both = pytest.mark.parametrize("name", ["FusedAdam", "CPUAdam"])


def build(name, **config):
    return registry.build({"type": name, "config": config}, kind="optimizer")


def test_the_entry_points_are_the_two_classes():
    """The distribution offers FusedAdam and CPUAdam, and no more."""
    project = tomllib.loads((DISTRIBUTION / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert {"optim_core.optimizers"} == set(project["entry-points"])
    assert {"CPUAdam", "FusedAdam"} == set(project["entry-points"]["optim_core.optimizers"])
    assert (FusedAdam, CPUAdam) == (registry.optimizers["FusedAdam"], registry.optimizers["cpu_adam"])


@pytest.mark.parametrize(
    ("cls", "bare", "ours"),
    [(FusedAdam, DeepSpeedFusedAdam, {"fallback"}), (CPUAdam, DeepSpeedCPUAdam, set())],
)
def test_the_fields_are_the_arguments_of_deepspeeds_class(cls, bare, ours):
    """Every argument is a field with DeepSpeed's name and default; only lr has none."""
    arguments = list(inspect.signature(bare).parameters.values())[1:]
    names = {"adamw_mode": "adam_w_mode"}
    expected = {names.get(each.name, each.name): each.default for each in arguments} | {"lr": attrs.NOTHING}
    fields = {field.name: field.default for field in attrs.fields(cls)}

    assert expected == {name: default for name, default in fields.items() if name not in ours}
    assert ours == set(fields) - set(expected)


@both
def test_lr_is_required(name):
    """A config without lr is refused."""
    with pytest.raises(ConfigError, match=r"config\.lr: is required and missing"):
        build(name, weight_decay=0.1)


@both
def test_amsgrad_is_refused_with_the_reason(name):
    """True is an error that says why and what to take; false is accepted."""
    with pytest.raises(
        ConfigError, match=r"config\.amsgrad: must be false: DeepSpeed's kernel has no AMSGrad"
    ) as error:
        build(name, lr=1e-3, amsgrad=True)

    assert "AdamW" in error.value.problems[0].hint
    assert build(name, lr=1e-3, amsgrad=False) == build(name, lr=1e-3)


@both
@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"lr": 0}, "config.lr"),
        ({"lr": 1e-3, "betas": [0.9, 1.0]}, "config.betas[1]"),
        ({"lr": 1e-3, "betas": [0.9, 0.99999999]}, "config.betas[1]"),
        ({"lr": 1e-3, "eps": 0}, "config.eps"),
        ({"lr": 1e-3, "eps": 1e-46}, "config.eps"),
        ({"lr": 1e-3, "weight_decay": -0.1}, "config.weight_decay"),
        ({"lr": 1e-3, "adam_w_mode": "false"}, "config.adam_w_mode"),
        ({"lr": 1e-3, "adamw_mode": False}, "config.adamw_mode"),
        ({"lr": 1e-3, "fused": True}, "config.fused"),
    ],
)
def test_what_is_out_of_range_or_unknown_is_refused(name, config, path):
    """The error names the field."""
    with pytest.raises(ConfigError) as error:
        build(name, **config)

    assert [path] == [problem.path for problem in error.value.problems]


@pytest.mark.parametrize("other", ["bias_correction", "set_grad_none"])
def test_the_fallback_is_refused_where_torch_has_no_such_option(other):
    """`fallback: torch` promises the same numbers, which torch's Adam cannot give without bias correction."""
    with pytest.raises(ConfigError, match=rf"config\.fallback: does not go with {other}: false"):
        build("FusedAdam", lr=1e-3, fallback="torch", **{other: False})


def test_the_fallback_is_one_of_two_words():
    """Anything else is refused with both."""
    with pytest.raises(ConfigError, match="must be `error` or `torch`"):
        build("FusedAdam", lr=1e-3, fallback="cpu")


TORCH_FREE = """
import sys
from optim_core import registry
for name in ("FusedAdam", "CPUAdam"):
    spec = registry.build({"type": name, "config": {"learning_rate": "1e-3", "betas": [0.9, 0.95]}})
    assert registry.build(registry.to_config(spec)) == spec
print(sorted({"torch", "deepspeed", "numpy"} & set(sys.modules)))
"""


def test_a_config_is_checked_without_torch_and_deepspeed():
    """Building specs and writing them back imports neither."""
    done = subprocess.run([sys.executable, "-c", TORCH_FREE], capture_output=True, text=True, check=False)

    assert (0, "[]\n") == (done.returncode, done.stdout), done.stderr
