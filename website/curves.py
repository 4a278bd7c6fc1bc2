"""The curve of each installed schedule, in a run that shows what it does."""

from __future__ import annotations

from typing import Any

from optim_core import Horizon, registry
from optim_core.cli.plot.curves import Curve, curves_of
from optim_core.cli.plot.groups import groups_of
from optim_core.plugin_tools import example

__all__ = ["BASE_LR", "HORIZON", "curve_of", "pictured"]

HORIZON = Horizon(total_steps=10_000, steps_per_epoch=100, epochs=100)
BASE_LR = 1e-3

# What is drawn instead of a class's own example, where in a run of this length that is next to a straight line.
_PICTURED: dict[str, dict[str, Any]] = {
    "ChainedScheduler": {
        "schedulers": [
            {"type": "LinearLR", "config": {"start_factor": 0.1, "total_iters": 20}},
            {"type": "ExponentialLR", "config": {"gamma": 0.97}},
        ]
    },
    "ConstantLR": {"factor": 0.5, "total_iters": 20},
    "constant_with_warmup": {"num_warmup_steps": "20%"},
    "greedy": {"patience": 3, "min_lr": 1e-4, "max_lr": 2e-3, "factor": 0.8, "monitor": "val_loss"},
    "InverseLR": {"inv_gamma": 1_000, "power": 0.5, "warmup": 0.995},
    "inverse_sqrt": {"num_warmup_steps": "5%"},
    "LinearLR": {"start_factor": 0.25, "total_iters": 50},
    "PolynomialLR": {"total_iters": 80, "power": 2.0},
    "ReduceLROnPlateau": {"mode": "min", "factor": 0.5, "patience": 5},
    "sequential": {
        "schedulers": [
            {"type": "constant_with_warmup", "config": {"num_warmup_steps": "25%"}},
            {"type": "cosine", "config": {"eta_min": 1e-6}},
        ],
        "durations": ["40%"],
    },
    "SequentialLR": {
        "schedulers": [
            {"type": "LinearLR", "config": {"start_factor": 0.1, "total_iters": 15}},
            {"type": "CosineAnnealingLR", "config": {"T_max": 85}},
        ],
        "milestones": [15],
    },
    "warmup": {
        "scheduler": {"type": "InverseLR", "config": {"inv_gamma": 1_000, "power": 0.5}},
        "num_warmup_steps": "15%",
    },
    "warmup_stable_decay": {"num_warmup_steps": "10%", "num_decay_steps": "30%"},
}
# A loss that falls, stays, falls again and stays, one an epoch: for schedules that wait for a metric.
_METRICS = [2 ** -(min(epoch, 30) / 6 + min(max(epoch - 55, 0), 15) / 6) for epoch in range(99)]


def pictured(name: str) -> dict[str, Any]:
    """Return the config of the schedule `name` that its curve is drawn of."""
    return {"type": name, "config": _PICTURED.get(name) or example(registry.schedulers[name])}


def curve_of(name: str) -> Curve:
    """Return the curve of a schedule, from a base rate of 0.001, over 100 epochs of 100 steps."""
    spec = registry.build(pictured(name), "scheduler")
    curve, *_ = curves_of(groups_of(name, spec, BASE_LR), HORIZON, _METRICS if spec.waits_for_metric else None)
    return curve
