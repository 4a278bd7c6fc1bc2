"""What `optim new` writes is a distribution: it builds, installs, passes its own tests, and can be used."""

import json
import sys

import pytest

from .conftest import ROOT, run, succeed
from .environments import Environment, ours, wheel

pytestmark = pytest.mark.xdist_group("packaging")

# Kind to a recipe with the new plugin, and what that makes of it.
RECIPES = {
    "optimizer": ("{optimizer: {type: MyOwn, config: {lr: 0.1, weight_decay: 0.1}}}", "run.optimizer"),
    "scheduler": (
        "{optimizer: {type: SGD, config: {lr: 0.1}}, scheduler: {type: my-own, config: {period: 5}}}",
        "run.scheduler",
    ),
    "clipper": (
        "{optimizer: {type: SGD, config: {lr: 0.1}}, gradient_clipping: {type: MyOwn, max_norm: 0.5}}",
        "run.clipper",
    ),
}
CREATE = """
import sys, torch
from optim_core import registry
run = registry.build(sys.argv[1]).create(torch.nn.Linear(4, 2), total_steps=10)
print(type(eval(sys.argv[2])).__module__.partition(".")[0])
"""


@pytest.fixture(scope="module", params=list(RECIPES))
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def folder(kind, tmp_path_factory):
    """What `optim new` wrote."""
    here = tmp_path_factory.mktemp(f"new_{kind}")
    code = "from optim_core.cli import main; main()"
    succeed(sys.executable, "-c", code, "new", "my-own", "--kind", kind, cwd=here)
    return here / "my-own"


@pytest.fixture(scope="module")
def environment(folder, dist, tmp_path_factory):
    """Core, torch's plugins and the kit from their wheels, and beside them the wheel of the new one."""
    here = tmp_path_factory.mktemp("environment")
    made = Environment(here / "venv")
    made.install(*ours(dist, "optim-core", "optim-torch-builtin", "optim-conformance"), wheel(folder, here))
    return made


def test_it_is_tidy(folder, tmp_path_factory):
    """ruff and mypy --strict have nothing to say, by its own settings."""
    # What mypy finds out about torch serves all kinds.
    cache = tmp_path_factory.getbasetemp() / "mypy"
    mypy = ["mypy", "--strict", "--cache-dir", cache, "src"]
    for arguments in (["ruff", "check"], ["ruff", "format", "--check"], mypy):
        done = run(sys.executable, "-m", *arguments, cwd=folder)
        assert 0 == done.returncode, done.output


def test_its_own_tests_pass(environment, folder):
    """They run the conformance kit, on what was installed."""
    done = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=folder)
    assert 0 == done.returncode, done.output
    assert "passed" in done.output


def test_it_is_listed(environment, kind):
    """With its distribution, and the first line of its docstring."""
    records = json.loads(environment.optim("list", f"{kind}s", "--format", "json").stdout)
    (found,) = [record for record in records if record["name"] == "MyOwn"]
    assert ("my-own", "0.1.0", "ok") == (found["distribution"], found["version"], found["state"])
    assert "replace it by yours" in found["summary"]


def test_a_config_with_it_becomes_live_objects(environment, kind, tmp_path):
    """It is valid, and what is created is the new plugin's, or what that took from torch."""
    recipe, part = RECIPES[kind]
    (tmp_path / "recipe.yaml").write_text(f"{recipe}\n")
    assert 0 == environment.optim("validate", "recipe.yaml", cwd=tmp_path).returncode
    expected = "torch\n" if kind == "scheduler" else "my_own\n"
    assert expected == environment.run("-c", CREATE, "recipe.yaml", part, cwd=tmp_path).stdout


def test_its_readme_is_true(environment, folder, tmp_path):
    """The config in it is valid."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    (tmp_path / "readme.yaml").write_text(text.partition("```yaml\n")[2].partition("```")[0])
    done = environment.optim("validate", "readme.yaml", cwd=tmp_path)
    assert 0 == done.returncode, done.output


def test_the_templates_are_in_the_wheel(dist):
    """The wheel of the core holds all templates of its checkout."""
    import zipfile

    (core,) = ours(dist, "optim-core")
    inside = {name.rpartition("/")[2] for name in zipfile.ZipFile(core).namelist() if "/cli/new/templates/" in name}
    checkout = {file.name for file in (ROOT / "core/src/optim_core/cli/new/templates").iterdir()}
    assert checkout == inside
    assert "pyproject.txt" in inside
