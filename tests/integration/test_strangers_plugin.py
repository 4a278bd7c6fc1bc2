"""A plugin by somebody else: installed from its wheel it is in everything, and uninstalled it is in nothing."""

import json
import re
import shutil

import pytest
from warm_python import WarmPython

from .conftest import ROOT
from .environments import Environment, ours, wheel

pytestmark = pytest.mark.xdist_group("packaging")

LION = ROOT / "examples/lion_plugin"


@pytest.fixture(scope="module")
def lion_wheel(tmp_path_factory):
    return wheel(LION, tmp_path_factory.mktemp("lion"))


@pytest.fixture(scope="module")
def environment(dist, lion_wheel, tmp_path_factory):
    """Core, torch's optimizers and the kit from their wheels, and beside them the stranger's."""
    made = Environment(tmp_path_factory.mktemp("stranger") / "venv")
    parts = ("optim-core", "optim-torch-builtin", "optim-schedules", "optim-conformance")
    made.install(*ours(dist, *parts), lion_wheel)
    return made


@pytest.fixture(scope="module")
def python(environment):
    """The Python of that environment, with what trains imported."""
    with WarmPython(["torch._dynamo", "sklearn.datasets", "pytest"], python=environment.python) as started:
        yield started


def listed(environment):
    """Name to distribution and version of every optimizer that `optim list` shows."""
    done = environment.optim("list", "optimizers", "--format", "json")
    assert 0 == done.returncode, done.output
    return {record["name"]: (record["distribution"], record["version"]) for record in json.loads(done.stdout)}


def test_nothing_of_optim_core_is_in_it(environment):
    """Its module imports neither optim-core nor torch, and its metadata does not ask for optim-core."""
    code = """
import sys, lion_plugin
from importlib.metadata import requires
print(sorted({"optim_core", "torch"} & set(sys.modules)), requires("lion-plugin"))
"""
    assert "[] ['attrs', 'lion-pytorch']\n" == environment.run("-c", code).output
    assert "optim_core" not in (LION / "src/lion_plugin/__init__.py").read_text(encoding="utf-8")


def test_it_is_listed_with_its_distribution(environment):
    """`optim list` names who provides it."""
    found = listed(environment)
    assert ("lion-plugin", "1.0.0") == found["Lion"]
    assert "AdamW" in found


def test_it_is_shown(environment):
    """`optim show` knows its fields, their ranges, and the first line of its docstring."""
    shown = environment.optim("show", "lion").output
    assert "Lion, an optimizer from lion-plugin 1.0.0" in shown
    assert "lr: a number, > 0; default 0.0001" in shown
    assert "arXiv:2302.06675" in shown


def test_a_config_with_it_is_validated(environment, tmp_path):
    """A good config is valid; a misspelt field and a negative rate are named with their places."""
    (tmp_path / "good.yaml").write_text("optimizer: {type: Lion, config: {lr: 1e-4, betas: [0.95, 0.98]}}\n")
    (tmp_path / "bad.yaml").write_text("optimizer:\n  type: lion\n  config:\n    lr: -1\n    weight_decai: 0.1\n")
    good = environment.optim("validate", "good.yaml", cwd=tmp_path)
    bad = environment.optim("validate", "bad.yaml", cwd=tmp_path)
    assert (0, 1) == (good.returncode, bad.returncode)
    assert "Lion from lion-plugin 1.0.0" in good.output
    assert "bad.yaml:4:5: optimizer.config.lr" in bad.output
    assert "did you mean `weight_decay`? Lion takes: lr, betas, weight_decay" in bad.output


def test_it_is_in_the_schema(environment):
    """What an editor completes is what is installed."""
    done = environment.optim("schema")
    assert '"Lion"' in done.stdout


def test_it_trains(python, tmp_path):
    """The demo learns with it, by its name in the config and nothing else."""
    changes = ["optimizer.type=Lion", "optimizer.config={lr: 0.002, weight_decay: 0.1}"]
    arguments = [part for change in changes for part in ("--set", change)]
    done = python.file(ROOT / "examples/digits/train.py", *arguments, cwd=tmp_path)
    assert 0 == done.returncode, done.output
    assert float(re.findall(r"test accuracy ([\d.]+)%", done.stdout)[-1]) >= 90


def test_its_own_tests_pass_where_it_is_installed(python, tmp_path):
    """They are about the plugin alone, and those of the kit, which comes from its wheel."""
    shutil.copytree(LION / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sys, pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', 'tests']))"
    done = python.code(code, cwd=tmp_path)
    assert 0 == done.returncode, done.output


def test_the_kit_adds_a_subcommand_where_it_is_installed(environment, dist):
    """`optim conformance` is listed and runs; without the distribution the message has the line that installs it."""
    assert "conformance" in environment.optim("--help").stdout
    assert "state_dict: " in environment.optim("conformance", "--list").stdout
    environment.uninstall("optim-conformance")
    try:
        missing = environment.optim("conformance", "Lion")
        assert 2 == missing.returncode
        assert "optim conformance comes with: pip install 'optim-core[conformance]'" in missing.output
        assert "conformance" not in environment.optim("--help").stdout
    finally:
        environment.install(*ours(dist, "optim-conformance"))


def test_beside_the_bridge_neither_shadows_the_other(environment, dist, tmp_path):
    """The entry point has the plain name; pytorch_optimizer's Lion is reached by its provider, or when preferred."""
    for file, name in (("plain.yaml", "Lion"), ("other.yaml", "pytorch_optimizer:Lion")):
        (tmp_path / file).write_text(f"optimizer: {{type: {name!r}, config: {{lr: 1e-4}}}}\n")
    environment.install(*ours(dist, "optim-pytorch-optimizer"))
    try:
        plain, other = (
            environment.optim("validate", file, cwd=tmp_path).output for file in ("plain.yaml", "other.yaml")
        )
        assert "Lion from lion-plugin 1.0.0" in plain
        assert "pytorch_optimizer:Lion from optim-pytorch-optimizer" in other
        assert ("lion-plugin", "1.0.0") == listed(environment)["Lion"]
        assert "optim-pytorch-optimizer" == listed(environment)["Prodigy"][0]
        names = set(json.loads(environment.optim("schema").stdout)["$defs"])
        assert [] == [name for name in names if "lion" in name.lower() and "torch.Tensor" in name]
    finally:
        environment.uninstall("optim-pytorch-optimizer")
    assert "no optimizer is called" in environment.optim("validate", "other.yaml", cwd=tmp_path).output


def test_uninstalled_it_is_gone(environment, python, lion_wheel, tmp_path):
    """Nothing of it stays behind: not in the list, the schema, or what validates."""
    (tmp_path / "lion.yaml").write_text("optimizer: {type: Lion, config: {lr: 1e-4}}\n")
    environment.uninstall("lion-plugin")
    try:
        assert "Lion" not in listed(environment)
        assert '"Lion"' not in environment.optim("schema").stdout
        shown, validated = environment.optim("show", "Lion"), environment.optim("validate", "lion.yaml", cwd=tmp_path)
        trained = python.file(ROOT / "examples/digits/train.py", "--set", "optimizer.type=Lion", cwd=tmp_path)
        assert [1, 1, 1] == [done.returncode for done in (shown, validated, trained)]
        assert "no optimizer is called `Lion`" in validated.output
        assert "no optimizer is called `Lion`" in trained.output
    finally:
        environment.install(lion_wheel)
    assert "Lion" in listed(environment)
