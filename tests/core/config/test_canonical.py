"""A spec or recipe written as a config."""

from __future__ import annotations

import enum

import attrs
import pytest
from plugin_classes import empty_registry

from optim_core import (
    ConfigError,
    OptimError,
)

OPTIMIZER = {"type": "Momentum", "config": {"lr": 0.5}}


SCHEDULER = {"type": "ExponentialLR", "config": {"gamma": 0.9}}


def test_to_config_takes_specs_and_recipes_only():
    """Anything else is an error that says so."""
    with pytest.raises(OptimError, match="to_config takes a spec or a recipe, not dict"):
        empty_registry().to_config({})


@pytest.mark.parametrize(
    "config",
    [
        OPTIMIZER,
        {**OPTIMIZER, "lr_decay_gamma": 0.5},
        SCHEDULER,
        {"type": "Sequence", "schedulers": [{**SCHEDULER, "interval": "step"}], "milestones": [3]},
        {"type": "norm", "max_norm": 2},
        {"type": "Everything"},
        {"optimizer": OPTIMIZER},
        {"optimizer": OPTIMIZER, "scheduler": SCHEDULER, "gradient_clipping": {"max_norm": 1}},
        {"optimizer_configs": {"g": OPTIMIZER, "d": OPTIMIZER}, "scheduler_configs": {"d": SCHEDULER}},
        {"optimizer_configs": {"default": OPTIMIZER, "other": OPTIMIZER}},
        {"optimizer_configs": {"default": {"optimizer": OPTIMIZER, "scheduler": SCHEDULER}}},
    ],
)
def test_to_config_writes_what_builds_the_same_again(config):
    """The canonical config builds an equal spec, and is its own canonical config."""
    registry = empty_registry()
    built = registry.build(config)
    canonical = registry.to_config(built)
    assert built == registry.build(canonical)
    assert canonical == registry.to_config(registry.build(canonical))


def test_to_config_fills_in_every_default():
    """What the user left out is written out."""
    registry = empty_registry()
    assert {
        "type": "Momentum",
        "config": {"lr": 0.5, "momentum": 0.0, "betas": [0.9, 0.999], "weight_decay": 0.0, "nesterov": False},
    } == registry.to_config(registry.build(OPTIMIZER))


def test_to_config_refuses_what_no_file_can_hold():
    """A Python function in a config is named with its path."""
    registry = empty_registry()
    spec = registry.build({"type": "Everything", "function": abs})
    with pytest.raises(ConfigError, match=r"config\.function: is a Python object .* which no file can hold"):
        registry.to_config(spec)


class Form(enum.Enum):
    ROUND = "round"


@attrs.frozen(kw_only=True)
class WithEnum:
    form: Form = Form.ROUND

    def build(self, params):
        return None


def test_an_enum_is_written_as_its_value():
    """A field of an enum type is read and written by the enum's value."""
    registry = empty_registry()
    registry.register("optimizer", "WithEnum", WithEnum)
    spec = registry.build({"type": "WithEnum", "form": "round"})
    assert Form.ROUND is spec.config.form
    assert {"form": "round"} == registry.to_config(spec)["config"]
    with pytest.raises(ConfigError, match="form: 'square' is not a valid Form"):
        registry.build({"type": "WithEnum", "form": "square"})
