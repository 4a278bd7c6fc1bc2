"""What the tests of the command `optim` share: a distribution to show, and two ways to run the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from site_folder import SiteFolder

from optim_core import registry
from optim_core.cli.group import cli

DEMO = '''
"""Plugins for tests."""
from __future__ import annotations
from collections.abc import Mapping
from typing import Any, ClassVar, Literal
import attrs
from optim_core.specs import SchedulerSpec
from optim_core.validators import each, fraction, in_range, non_negative, positive

@attrs.frozen(kw_only=True)
class DemoDescent:
    """Demo descent: goes ≤ downhill (Doe 1999, arXiv:9901.00001).

    Unlike torch's SGD it does nothing.

    Args:
        lr: learning rate, > 0.
        betas: decay of ``two`` means,
            each in [0, 1).
        mode: how.
    """

    lr: float = attrs.field(default=1e-3, validator=positive)
    betas: tuple[float, float] = attrs.field(default=(0.9, 0.999), validator=each(fraction))
    eps: float = attrs.field(default=1e-8, validator=positive)
    mode: Literal["fast", "slow"] | None = None

    def build(self, params):
        return None

@attrs.frozen(kw_only=True)
class DemoSteps:
    """Demo steps."""

    step_size: int = attrs.field(validator=positive)
    gamma: float = attrs.field(default=0.1, validator=in_range(gt=0, le=1))
    warmup: SchedulerSpec | None = None

    interval: ClassVar[str] = "epoch"

    def build(self, optimizer, horizon):
        return None

@attrs.frozen(kw_only=True)
class DemoClip:
    """Demo clipping."""

    max_norm: float = attrs.field(validator=positive)
    limits: list[float] = attrs.Factory(list)

    example: ClassVar[Mapping[str, Any]] = {"max_norm": 2.0}

    def build(self):
        return self
'''

ENTRY_POINTS = {
    "optim_core.optimizers": {"DemoDescent": "demo_plugins:DemoDescent", "demo": "demo_plugins:DemoDescent"},
    "optim_core.schedulers": {"DemoSteps": "demo_plugins:DemoSteps"},
    "optim_core.clippers": {"democlip": "demo_plugins:DemoClip"},
}

VALID = """\
optimizer:
  type: DemoDescent
  config: {lr: 3e-4}
scheduler:
  type: demo-steps
  config:
    step_size: 5
gradient_clipping: {type: democlip, max_norm: 1.0}
"""

WRONG = """\
optimizer:
  type: DemoDescent
  config:
    lr: -1
    epz: 1e-8
scheduler:
  type: DemoStep
"""


def install_demo(site: SiteFolder) -> None:
    """Install the distribution optim-demo 1.5."""
    site.add("optim-demo", version="1.5", entry_points=ENTRY_POINTS, modules={"demo_plugins": DEMO})


def config_writer(site: SiteFolder, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Install the plugins; return a function that writes a config into `folder` and returns its name."""
    install_demo(site)
    monkeypatch.chdir(folder)

    def write(text: str, name: str = "train.yaml") -> str:
        (folder / name).write_text(text, encoding="utf-8")
        return name

    return write


def broken(site: SiteFolder, name: str, top: str, kind: str = "optimizer") -> None:
    """Install a distribution optim-`name` whose module, which offers the plugin `name`, begins with `top`."""
    module = f"module_of_{name.lower()}"
    source = f"import attrs\n{top}\n@attrs.frozen\nclass {name}:\n    def build(self, params): ...\n"
    targets = {f"optim_core.{kind}s": {name: f"{module}:{name}"}}
    site.add(f"optim-{name.lower()}", entry_points=targets, modules={module: source})


class Finished:
    """What a run of the command left behind: its exit status and what it printed."""

    def __init__(self, code: int, stdout: str, stderr: str) -> None:
        self.code = code
        self.stdout = stdout
        self.stderr = stderr

    @property
    def json(self):
        return json.loads(self.stdout)


def optim(*arguments: str, columns: int | None = None) -> Finished:
    """Run `optim` in this process, with a registry that has seen nothing yet."""
    registry.refresh()
    env = {"COLUMNS": None if columns is None else str(columns)}
    result = CliRunner().invoke(cli, list(arguments), prog_name="optim", env=env)
    registry.refresh()
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Finished(result.exit_code, result.stdout, result.stderr)


def environment(site: SiteFolder, **more: str) -> dict[str, str]:
    """Return the variables of a process that sees the distributions in `site`."""
    return {**os.environ, "PYTHONPATH": str(site.folder), **more}


def optim_process(site: SiteFolder, *arguments: str, **variables: str) -> Finished:
    """Run the installed command `optim` as a process of its own."""
    command = Path(sys.executable).with_name("optim")
    env = environment(site, **variables)
    done = subprocess.run([command, *arguments], env=env, capture_output=True, timeout=60, check=False)
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def python_process(site: SiteFolder, source: str, *arguments: str) -> Finished:
    """Run a piece of Python in a fresh interpreter."""
    command = [sys.executable, "-c", textwrap.dedent(source), *arguments]
    done = subprocess.run(command, env=environment(site), capture_output=True, timeout=60, check=False)
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())
