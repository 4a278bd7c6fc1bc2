"""Every plugin class of the distribution, found by its entry points."""

import tomllib
from importlib import import_module
from pathlib import Path

import pytest

DISTRIBUTION = Path(__file__).parents[3] / "plugins" / "schedules"


def entry_points():
    project = tomllib.loads((DISTRIBUTION / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["entry-points"]["optim_core.schedulers"]


def load(target):
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def pytest_generate_tests(metafunc):
    """Gives a test one class at a time, with its name in configs: `name`, `plugin_class`."""
    if "plugin_class" in metafunc.fixturenames:
        cases = sorted((name, load(target)) for name, target in entry_points().items())
        metafunc.parametrize(("name", "plugin_class"), cases, ids=[name for name, _ in cases])


@pytest.fixture
def targets():
    """The target of every entry point, by name."""
    return entry_points()
