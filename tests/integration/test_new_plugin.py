"""What `optim new` writes is a distribution: it builds, installs, passes its own tests, and can be used."""

import json
import sys
import tomllib

import pytest
from warm_python import WarmPython

from .conftest import ROOT, build_wheels, run, succeed
from .environments import Environment, ours

pytestmark = pytest.mark.xdist_group("packaging")

# Kind to a recipe with the new plugin, and what that makes of it.
RECIPES = {
    "optimizer": ("{optimizer: {type: OwnOptimizer, config: {lr: 0.1, weight_decay: 0.1}}}", "run.optimizer"),
    "scheduler": (
        "{optimizer: {type: SGD, config: {lr: 0.1}}, scheduler: {type: own-scheduler, config: {period: 5}}}",
        "run.scheduler",
    ),
    "clipper": (
        "{optimizer: {type: SGD, config: {lr: 0.1}}, gradient_clipping: {type: OwnClipper, max_norm: 0.5}}",
        "run.clipper",
    ),
}
CREATE = """
import sys, torch
from optim_core import registry
run = registry.build(sys.argv[1]).create(torch.nn.Linear(4, 2), total_steps=10)
print(type(eval(sys.argv[2])).__module__.partition(".")[0])
"""
each_kind = pytest.mark.parametrize("kind", list(RECIPES))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Kind to what `optim new` wrote."""
    here = tmp_path_factory.mktemp("new")
    code = "from optim_core.cli import main; main()"
    for kind in RECIPES:
        succeed(sys.executable, "-c", code, "new", f"own-{kind}", "--kind", kind, cwd=here)
    return {kind: here / f"own-{kind}" for kind in RECIPES}


@pytest.fixture(scope="module")
def environment(folders, dist, tmp_path_factory):
    """Core, torch's plugins and the kit from their wheels, and beside them the wheels of the new ones."""
    here = tmp_path_factory.mktemp("environment")
    build_wheels(here, folders.values())
    made = Environment(here / "venv")
    made.install(*ours(dist, "optim-core", "optim-torch-builtin", "optim-conformance"), *here.glob("*.whl"))
    return made


@pytest.fixture(scope="module")
def python(environment):
    """The Python of that environment, with torch imported."""
    with WarmPython(["torch._dynamo", "pytest"], python=environment.python) as started:
        yield started


@each_kind
def test_it_is_tidy(folders, kind):
    """ruff has nothing to say, by its own settings."""
    for arguments in (["check"], ["format", "--check"]):
        done = run(sys.executable, "-m", "ruff", *arguments, cwd=folders[kind])
        assert 0 == done.returncode, done.output


def test_its_types_are_right(folders, tmp_path):
    """mypy --strict has nothing to say, by its own settings, which are those of the other kinds: one run reads all."""
    settings = [tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["mypy"] for folder in folders.values()]
    assert [settings[0]] * len(settings) == settings
    sources = [folder / "src" for folder in folders.values()]
    cwd = next(iter(folders.values()))
    done = run(sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, *sources, cwd=cwd)
    assert 0 == done.returncode, done.output


@each_kind
def test_its_own_tests_pass(python, folders, kind):
    """They run the conformance kit, on what was installed."""
    code = "import sys, pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', 'tests']))"
    done = python.code(code, cwd=folders[kind])
    assert 0 == done.returncode, done.output
    assert "passed" in done.output


@each_kind
def test_it_is_listed(environment, kind):
    """With its distribution, and the first line of its docstring."""
    records = json.loads(environment.optim("list", f"{kind}s", "--format", "json").stdout)
    (found,) = [record for record in records if record["name"] == f"Own{kind.title()}"]
    assert (f"own-{kind}", "0.1.0", "ok") == (found["distribution"], found["version"], found["state"])
    assert "replace it by yours" in found["summary"]


@each_kind
def test_a_config_with_it_becomes_live_objects(environment, python, kind, tmp_path):
    """It is valid, and what is created is the new plugin's, or what that took from torch."""
    recipe, part = RECIPES[kind]
    (tmp_path / "recipe.yaml").write_text(f"{recipe}\n")
    assert 0 == environment.optim("validate", "recipe.yaml", cwd=tmp_path).returncode
    expected = "torch\n" if kind == "scheduler" else f"own_{kind}\n"
    assert expected == python.code(CREATE, "recipe.yaml", part, cwd=tmp_path).stdout


@each_kind
def test_its_readme_is_true(environment, folders, kind, tmp_path):
    """The config in it is valid."""
    text = (folders[kind] / "README.md").read_text(encoding="utf-8")
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
