"""What is published: wheels and sdists that hold what they should, and work where nothing else is installed."""

import ast
import configparser
import json
import re
import shutil
import sys
import tarfile
import venv
import zipfile
from email.parser import Parser
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import optim_core
from optim_core.discovery.extras import COMMANDS, EXTRAS, PROVIDED
from optim_core.kinds import KINDS

from .conftest import ROOT, build_wheels, manifests, run, succeed

# The fixtures that build and install are made once: all of these run in one worker.
pytestmark = pytest.mark.xdist_group("packaging")

PROJECTS = manifests()
OURS = {manifest["project"]["name"]: folder for folder, manifest in PROJECTS.items()}
each_project = pytest.mark.parametrize("folder", list(PROJECTS), ids=lambda folder: PROJECTS[folder]["project"]["name"])


def stem(folder):
    project = PROJECTS[folder]["project"]
    return f"{project['name'].replace('-', '_')}-{project['version']}"


def wheel_of(folder, dist):
    return zipfile.ZipFile(dist / f"{stem(folder)}-py3-none-any.whl")


def sources(folder):
    """The files below src, as a wheel names them."""
    src = folder / "src"
    files = [file for file in src.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    return {file.relative_to(src).as_posix() for file in files}


def requirements(folder):
    """What a distribution needs, extras included."""
    project = PROJECTS[folder]["project"]
    extras = project.get("optional-dependencies", {})
    return [Requirement(line) for lines in (project["dependencies"], *extras.values()) for line in lines]


def test_one_sdist_and_one_wheel_for_each_distribution(dist):
    """The build leaves exactly these files."""
    expected = {f"{stem(folder)}{end}" for folder in PROJECTS for end in (".tar.gz", "-py3-none-any.whl")}
    assert expected == {file.name for file in dist.iterdir()}


@each_project
def test_a_wheel_holds_the_sources_their_types_and_the_licence(folder, dist):
    """Every file below src is in it, py.typed among them, and nothing else but the metadata."""
    names = set(wheel_of(folder, dist).namelist())
    info = f"{stem(folder)}.dist-info/"
    code = {name for name in names if not name.startswith(info)}
    assert sources(folder) == code
    assert any(re.fullmatch(r"\w+/py\.typed", name) for name in code)
    assert (ROOT / "LICENSE").read_bytes() == wheel_of(folder, dist).read(f"{info}licenses/LICENSE")


@pytest.fixture(scope="session")
def dist_of_checkout(tmp_path_factory):
    """A folder with the wheel of every distribution, made from the checkout."""
    folder = tmp_path_factory.mktemp("dist_of_checkout")
    build_wheels(folder, PROJECTS)
    return folder


@each_project
def test_a_wheel_is_the_same_from_the_checkout_and_from_the_sdist(folder, dist, dist_of_checkout):
    """`python -m build` makes the wheel from the sdist; made from the checkout it holds the same bytes."""
    from_sdist = wheel_of(folder, dist)
    from_checkout = wheel_of(folder, dist_of_checkout)
    assert from_sdist.namelist() == from_checkout.namelist()
    assert all(from_sdist.read(name) == from_checkout.read(name) for name in from_sdist.namelist())


@each_project
def test_an_sdist_holds_what_a_build_needs(folder, dist):
    """pyproject.toml, README, licence and sources are in it."""
    with tarfile.open(dist / f"{stem(folder)}.tar.gz") as archive:
        names = {Path(name).relative_to(stem(folder)).as_posix() for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", *(f"src/{name}" for name in sources(folder))} <= names


@each_project
def test_metadata_says_what_it_is(folder, dist):
    """Name, version, licence, Python and a description are there, as an index shows them."""
    metadata = Parser().parsestr(wheel_of(folder, dist).read(f"{stem(folder)}.dist-info/METADATA").decode())
    project = PROJECTS[folder]["project"]
    assert project["name"] == metadata["Name"]
    assert project["version"] == metadata["Version"]
    assert "Apache-2.0" == metadata["License-Expression"]
    assert ">=3.11" == metadata["Requires-Python"]
    assert "text/markdown" == metadata["Description-Content-Type"]
    assert 10 < len(metadata["Summary"]) < 120
    assert len(metadata.get_payload().split()) > 20


@each_project
def test_entry_points_are_those_of_the_manifest_and_lead_somewhere(folder, dist):
    """Every entry point in the wheel is in pyproject.toml, and its object can be imported."""
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str
    wheel, name = wheel_of(folder, dist), f"{stem(folder)}.dist-info/entry_points.txt"
    parser.read_string(wheel.read(name).decode() if name in wheel.namelist() else "")
    project = PROJECTS[folder]["project"]
    expected = dict(project.get("entry-points", {}))
    if "scripts" in project:
        expected["console_scripts"] = project["scripts"]
    found = {section: dict(parser[section]) for section in parser.sections()}
    assert expected == found
    for target in [target for group in found.values() for target in group.values()]:
        module, _, attribute = target.partition(":")
        found = import_module(module)
        assert not attribute or hasattr(found, attribute), target


@each_project
def test_there_is_one_version(folder):
    """Every distribution has core's version, and asks for exactly that version of the others."""
    version = optim_core.__version__
    assert version == PROJECTS[folder]["project"]["version"]
    for requirement in requirements(folder):
        if requirement.name in OURS and requirement.name != PROJECTS[folder]["project"]["name"]:
            assert f"=={version}" == str(requirement.specifier), requirement


def test_every_plugin_is_an_extra_of_core_and_in_all():
    """`pip install optim-core[all]` brings every plugin along."""
    extras = PROJECTS[ROOT / "core"]["project"]["optional-dependencies"]
    offered = {Requirement(line).name for name, lines in extras.items() if name != "all" for line in lines}
    # An extra may take others along.
    assert set(OURS) == (offered | {"optim-core"}) & set(OURS)
    assert set(extras) - {"all"} == {extra for line in extras["all"] for extra in Requirement(line).extras}


# What is imported where its user has it already: a plugin or a framework brings torch, whoever tests brings pytest, and
# whoever trains by a strategy brings that.
BROUGHT_BY_OTHERS = {
    "optim-core": {"torch"},
    "optim-conformance": {"pytest"},
    "optim-frameworks": {"torch"},
    "optim-training": {"deepspeed"},
}


def imported(folder):
    """The modules that the sources of a distribution import, at any level, without those of the standard library."""
    own = {path.name for path in (folder / "src").iterdir()}
    found = set()
    for file in (folder / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module)
    return {name.partition(".")[0] for name in found} - own - sys.stdlib_module_names


@pytest.fixture(scope="session")
def distributions():
    """Module to the distributions that it comes with, of all that is installed."""
    return packages_distributions()


@each_project
def test_what_is_imported_is_required(folder, distributions):
    """Whatever the sources import comes with a dependency of the same manifest, and not by way of another one."""
    name = PROJECTS[folder]["project"]["name"]
    required = {canonicalize_name(each.name) for each in requirements(folder)}
    # Of an editable install the packages are not known.
    ours = {name.replace("-", "_"): [name] for name in OURS}
    comes_with = {**distributions, **ours}
    unmet = {
        module
        for module in imported(folder) - BROUGHT_BY_OTHERS.get(name, set())
        if required.isdisjoint(map(canonicalize_name, comes_with[module]))
    }
    assert set() == unmet


@each_project
def test_the_licence_is_the_same_everywhere(folder):
    """The LICENSE of each distribution is that of the project."""
    assert (ROOT / "LICENSE").read_bytes() == (folder / "LICENSE").read_bytes()


def pip(folder):
    """The pip of this environment, for another one."""
    return (sys.executable, "-m", "pip", "--python", folder / "venv/bin/python", "--disable-pip-version-check")


@pytest.fixture(scope="session")
def installed(dist, tmp_path_factory):
    """A fresh environment with optim-core[torch]; ours from the wheels, all else from the index."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=False)
    wanted = f"{dist / stem(ROOT / 'core')}-py3-none-any.whl[torch]"
    # Of the thousands of modules of torch few are imported.
    options = ("--quiet", "--no-compile", "--constraint", ROOT / "constraints.txt", "--find-links", dist)
    succeed(*pip(folder), "install", *options, "--report", folder / "report.json", wanted, cwd=folder)
    yield folder
    # pytest keeps the folders of the last three runs, and torch is large.
    shutil.rmtree(folder / "venv")


def test_the_wheels_install_with_their_extra(installed, dist):
    """pip takes ours from the wheels, torch in the tested version, and finds nothing missing."""
    report = json.loads((installed / "report.json").read_text())["install"]
    taken = {part["metadata"]["name"]: part for part in report}
    assert {"optim-core", "optim-torch-builtin", "torch"} <= set(taken)
    for name in set(taken) & set(OURS):
        assert taken[name]["download_info"]["url"].startswith(dist.as_uri()), name
    assert taken["torch"]["metadata"]["version"].startswith("2.13.0")
    assert "No broken requirements" in succeed(*pip(installed), "check")


GOOD = """\
optimizer: {type: AdamW, config: {lr: 1e-3, weight_decay: 0.1}}
scheduler: {type: OneCycleLR, config: {max_lr: 1e-3}}
gradient_clipping: {type: norm, max_norm: 1.0}
"""
BAD = """\
optimizer:
  type: AdamW
  config:
    lr: 1e-3
    weight_decai: 0.1
scheduler: {type: OneCycle, config: {}}
"""


def test_optim_validates_where_only_the_wheels_are_installed(installed, tmp_path):
    """`optim validate` leaves with 0 for a good file, and with 1 and every problem for a bad one."""
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    optim = installed / "venv/bin/optim"
    assert "good.yaml" in succeed(optim, "validate", "good.yaml", cwd=tmp_path)
    done = run(optim, "validate", "bad.yaml", cwd=tmp_path)
    assert 1 == done.returncode
    assert "bad.yaml:5:5" in done.output
    assert "weight_decay" in done.output
    assert "bad.yaml:6" in done.output
    assert "OneCycleLR" in done.output


def test_a_config_becomes_live_objects_where_only_the_wheels_are_installed(installed, tmp_path):
    """The recipe creates torch's own optimizer and schedule."""
    (tmp_path / "good.yaml").write_text(GOOD)
    code = """
import torch
from optim_core import registry
optimizer, scheduler = registry.build("good.yaml").create(torch.nn.Linear(4, 2), total_steps=10)
print(type(optimizer).__qualname__, type(scheduler).__qualname__)
"""
    assert "AdamW OneCycleLR\n" == succeed(installed / "venv/bin/python", "-c", code, cwd=tmp_path)


def test_the_hint_for_what_is_not_installed_knows_every_plugin_and_command_of_the_extras():
    """For each extra, the names that its distribution registers are those that messages offer it for."""
    extras = PROJECTS[ROOT / "core"]["project"]["optional-dependencies"]
    registered, provided, commands = {}, {}, {}
    # The extra `plot`, and those of frameworks, bring no plugin.
    adapters = set(PROJECTS[ROOT / "plugins/frameworks"]["project"]["optional-dependencies"])
    for extra in sorted(set(extras) - {"all", "plot"} - adapters):
        groups = [PROJECTS[OURS[Requirement(line).name]]["project"].get("entry-points", {}) for line in extras[extra]]
        registered[extra] = {
            kind: {name for group in groups for name in group.get(row.group, {})} for kind, row in KINDS.items()
        }
        providers = [load(target) for group in groups for target in group.get("optim_core.providers", {}).values()]
        provided[extra] = {
            kind: {name for provider in providers if provider.kind == kind for name in provider.names()}
            for kind in KINDS
        }
        commands[extra] = tuple(name for group in groups for name in group.get("optim_core.commands", {}))
    known = {extra: named(EXTRAS.get(extra, {})) for extra in registered}
    assert registered == known
    assert provided == {extra: named(PROVIDED.get(extra, {})) for extra in registered}
    assert commands == {extra: COMMANDS.get(extra, ()) for extra in registered}
    assert set(registered) == {*EXTRAS, *PROVIDED, *COMMANDS}


def load(target):
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def named(plugins):
    return {kind: set(plugins.get(kind, ())) for kind in KINDS}
