"""Configs of other forms, written in the canonical one."""

from __future__ import annotations

import pytest
from plugin_classes import Clip, empty_registry

OPTIMIZER = {"type": "Momentum", "config": {"lr": 0.5}}


SCHEDULER = {"type": "ExponentialLR", "config": {"gamma": 0.9}}


PAIR = {"optimizer": OPTIMIZER, "scheduler": SCHEDULER}
BY_STEPS = {"optimizer": OPTIMIZER, "scheduler": {**SCHEDULER, "interval": "step"}}


FLAT = {"optimizer": "momentum", "learning_rate": 0.5, "scheduler": "exponential_lr", "gamma": 0.9}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"type": "momentum", "learning_rate": "5e-1"}, OPTIMIZER),
        ({"type": "momentum", "config": None}, {"type": "Momentum"}),
        ({"optimizer_name": "momentum", "lr": 0.5}, OPTIMIZER),
        ({**FLAT, "max_grad_norm": 2}, {**PAIR, "gradient_clipping": {"type": "norm", "config": {"max_norm": 2.0}}}),
        ({"training": {**FLAT, "amp": True}, "model": {}}, PAIR),
        ({"a": PAIR, "b": PAIR}, {"optimizer_configs": {"a": BY_STEPS, "b": BY_STEPS}}),
        (
            {"optimizer_configs": {"a": OPTIMIZER, "b": OPTIMIZER}, "scheduler_configs": {"b": SCHEDULER}},
            {"optimizer_configs": {"a": {"optimizer": OPTIMIZER}, "b": BY_STEPS}},
        ),
        (
            {**PAIR, "gradient_clipping": {"enabled": False, "max_norm": 1}},
            {**PAIR, "gradient_clipping": {"enabled": False, "max_norm": 1}},
        ),
        (
            {"optimizer_type": "momentum", "optimizer_params": {"lr_decay_gamma": 1}},
            {"type": "Momentum", "lr_decay_gamma": 1.0},
        ),
        (
            {
                "type": "sequence",
                "schedulers": [{"type": "exponentiallr", "gamma": 0.9}, {**SCHEDULER, "interval": "step"}],
            },
            {"type": "Sequence", "config": {"schedulers": [SCHEDULER, {**SCHEDULER, "interval": "step"}]}},
        ),
        ({"type": "everything", "inner": {"depth": "2"}}, {"type": "Everything", "config": {"inner": {"depth": 2}}}),
    ],
)
def test_migrate_writes_the_canonical_form_of_what_was_given(config, expected):
    """Names, numbers and nesting are canonical, no default is filled in, and the same is built."""
    registry = empty_registry()
    migrated = registry.migrate(config)
    assert expected == migrated
    assert registry.build(config) == registry.build(migrated)
    assert migrated == registry.migrate(migrated)


def test_migrate_keeps_the_specs_that_stand_in_a_mapping():
    """A spec in place of its config is written out."""
    registry = empty_registry()
    spec = registry.build({"type": "norm", "max_norm": 3})
    assert Clip(max_norm=3.0) == spec.config
    migrated = registry.migrate({"optimizer": OPTIMIZER, "gradient_clipping": spec})
    assert {"type": "norm", "config": {"max_norm": 3.0}} == migrated["gradient_clipping"]
