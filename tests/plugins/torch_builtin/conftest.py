"""Every plugin class of the distribution, found by its entry points, and a small model to train."""

import tomllib
from importlib import import_module
from pathlib import Path

import pytest

DISTRIBUTION = Path(__file__).parents[3] / "plugins" / "torch_builtin"


def entry_points(kind):
    project = tomllib.loads((DISTRIBUTION / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["entry-points"][f"optim_core.{kind}s"]


def load(target):
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def pytest_generate_tests(metafunc):
    """Gives a test one class at a time: `optimizer_class`, `scheduler_class`, `clipper_class`, `plugin_class`."""
    kinds = {
        "optimizer_class": ["optimizer"],
        "scheduler_class": ["scheduler"],
        "clipper_class": ["clipper"],
        "plugin_class": ["optimizer", "scheduler", "clipper"],
    }
    for argument, wanted in kinds.items():
        if argument in metafunc.fixturenames:
            targets = sorted({target for kind in wanted for target in entry_points(kind).values()})
            if argument == "optimizer_class":
                # Lookahead and SAM are no classes of torch's; they have tests of their own.
                targets = [target for target in targets if ".around." not in target]
            metafunc.parametrize(argument, [load(target) for target in targets], ids=lambda cls: cls.__name__)


@pytest.fixture
def distribution():
    """The folder of the distribution."""
    return DISTRIBUTION


@pytest.fixture
def plugin_targets():
    """The target of every entry point, by kind and name."""
    return {(kind, name): target for kind in KINDS for name, target in entry_points(kind).items()}


KINDS = ("optimizer", "scheduler", "clipper", "provider")
