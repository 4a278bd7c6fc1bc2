"""What holds for the files of the checkout."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from .conftest import ROOT, manifests

# A folder of somebody's machine; a `\w` or a dot before the slash is a longer path that only looks like one.
OF_A_MACHINE = re.compile(r"(?<![\w.\-/}])(/(home|root|Users|work|opt|mnt|private|var/folders)/\w|[A-Z]:\\Users)")


def files():
    """The files that git knows, or would if they were added."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def text_of(file):
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_file_names_a_path_of_a_machine():
    """No file holds this checkout's folder, the home of who runs the tests, or what looks like another's."""
    here = [str(ROOT), str(Path.home())]
    found = []
    for file in files():
        text = text_of(file)
        found += [(file.relative_to(ROOT).as_posix(), match.group()) for match in OF_A_MACHINE.finditer(text)]
        found += [(file.relative_to(ROOT).as_posix(), place) for place in here if f"{place}/" in text]
    assert [] == found


def test_every_module_is_in_a_typed_distribution():
    """Each distribution has one package below src, with py.typed; what another program looks into is a namespace."""
    for folder in manifests():
        packages = [package for package in (folder / "src").iterdir() if (package / "__init__.py").is_file()]
        assert 1 == len(packages)
        assert (packages[0] / "py.typed").is_file()


def test_mypy_finds_every_distribution():
    """The src of each is in mypy_path: types are those of the checkout, not of what is installed."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert {f"{folder.relative_to(ROOT).as_posix()}/src" for folder in manifests()} <= set(settings["mypy_path"])


def test_constraints_pin_what_the_manifests_name():
    """Everything that a distribution or a group of the workspace names has its version in constraints.txt."""
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    pinned = {
        canonicalize_name(line.partition("==")[0])
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    }
    named = [line for group in workspace.values() for line in group if isinstance(line, str)]
    for manifest in manifests().values():
        extras = manifest["project"].get("optional-dependencies", {})
        named += [line for lines in (manifest["project"]["dependencies"], *extras.values()) for line in lines]
        named += manifest["build-system"]["requires"]
    ours = {canonicalize_name(manifest["project"]["name"]) for manifest in manifests().values()}
    assert {canonicalize_name(Requirement(line).name) for line in named} - ours <= pinned


def test_every_distribution_takes_torch_from_the_oldest_that_was_tried():
    """Where a distribution needs torch, its lower bound is that which CONTRIBUTING says was tried with the suites."""
    oldest = re.search(r"`\.venvs/torch-(\S+)`: \1 is the oldest", (ROOT / "CONTRIBUTING.md").read_text()).group(1)
    for manifest in manifests().values():
        for requirement in map(Requirement, manifest["project"]["dependencies"]):
            if requirement.name == "torch":
                bounds = {part.operator: part.version for part in requirement.specifier}
                assert Version(oldest).release[:2] == Version(bounds[">="]).release[:2]


@pytest.mark.xdist_group("one_worker")
def test_tests_that_share_what_they_build_run_in_one_worker(request):
    """Where pytest runs with `--dist loadgroup`, a test's name ends with its group, by which it finds its worker."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("nothing is distributed by groups")
    assert request.node.nodeid.endswith("@one_worker"), "install the versions in constraints.txt"
