"""What the tests of `optim plot` share: plugins without torch, and configs of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cli_support
import pytest
from site_folder import SiteFolder

SCHEDULES = '''
"""Schedules for tests of plots."""
from __future__ import annotations
from typing import ClassVar
import attrs
from optim_core import Duration

@attrs.frozen
class Line:
    total: int
    floor: float

    def rates(self, steps, base_lr, multiplier=1.0):
        import numpy as np
        return np.maximum(base_lr * (1.0 - np.minimum(steps, self.total) / self.total), self.floor * multiplier)

@attrs.frozen(kw_only=True)
class DemoLinear:
    """Down to an absolute floor in a straight line."""

    num_training_steps: Duration | None = None
    floor: float = 0.0

    def closed_form(self, horizon):
        if self.num_training_steps is None:
            return Line(horizon.require("total_steps", "DemoLinear"), self.floor)
        return Line(self.num_training_steps.resolve(horizon, "DemoLinear.num_training_steps"), self.floor)

    def build(self, optimizer, horizon):
        raise NotImplementedError

@attrs.frozen(kw_only=True)
class DemoEpochs:
    """Times gamma after each epoch."""

    gamma: float
    interval: ClassVar[str] = "epoch"

    def factor(self, step):
        return self.gamma**step

    def build(self, optimizer, horizon):
        raise NotImplementedError

@attrs.frozen(kw_only=True)
class DemoPlateau:
    """Follows a metric."""

    monitor: str | None = None

    def build(self, optimizer, horizon):
        raise NotImplementedError
'''

HALVES_CLASS = '''
"""An optimizer for tests of plots."""
from __future__ import annotations
from typing import ClassVar
import attrs

@attrs.frozen(kw_only=True)
class DemoHalves:
    """Two rates."""

    lr: float = 0.5
    narrow_lr: float = 0.1
    rates: ClassVar = {"wide": "lr", "narrow": "narrow_lr"}
    unmultiplied: ClassVar = ("lr",)

    def build(self, params):
        raise NotImplementedError
'''

BASE = "optimizer:\n  type: DemoDescent\n  config: {lr: 3e-4}\n"
LINEAR = BASE + "scheduler: {type: DemoLinear, config: {}}\n"
STEPS = BASE + "scheduler: {type: DemoEpochs, config: {gamma: 0.5}}\n"
PLATEAU = BASE + "scheduler: {type: DemoPlateau, config: {monitor: val_loss}}\n"
HALVES = "optimizer:\n  type: DemoHalves\n  config: {lr: 0.5, narrow_lr: 0.1}\n"
NAMED = """\
optimizer_configs:
  left:
    optimizer: {type: DemoDescent, config: {lr: 1e-3}}
    scheduler: {type: DemoEpochs, config: {gamma: 0.5}, interval: epoch}
  right:
    optimizer: {type: DemoDescent, config: {lr: 2e-3}}
"""


def config_writer(site: SiteFolder, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Do what `cli_support.config_writer` does, and install plugins that have curves to draw."""
    names = ("DemoLinear", "DemoEpochs", "DemoPlateau")
    targets = {
        "optim_core.schedulers": {name: f"demo_schedules:{name}" for name in names},
        "optim_core.optimizers": {"DemoHalves": "demo_halves:DemoHalves"},
    }
    modules = {"demo_schedules": SCHEDULES, "demo_halves": HALVES_CLASS}
    site.add("optim-lines", entry_points=targets, modules=modules)
    return cli_support.config_writer(site, folder, monkeypatch)
