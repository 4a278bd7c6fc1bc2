"""What the integration tests share: the checkout, its distributions, and what is built from them once."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command, cwd=None, env=None):
    """Runs a command to its end; its output is text."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    done.output = done.stdout + done.stderr
    return done


def succeed(*command, cwd=None, env=None):
    """Runs a command that must succeed, and returns what it prints."""
    done = run(*command, cwd=cwd, env=env)
    assert done.returncode == 0, done.output
    return done.stdout


def manifests():
    """The pyproject.toml of every distribution, by the folder that holds it."""
    files = [ROOT / "core/pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
    return {file.parent: tomllib.loads(file.read_text()) for file in files}


# What `python -m build --no-isolation` does for one project, with the backend loaded once for all of them.
BUILD = """
import os, sys, tarfile, tempfile
from hatchling import build
made, folder, *projects = sys.argv[1:]
for project in projects:
    os.chdir(project)
    if made == "wheel":
        build.build_wheel(folder)
        continue
    sdist = build.build_sdist(folder)
    with tempfile.TemporaryDirectory() as unpacked, tarfile.open(os.path.join(folder, sdist)) as archive:
        archive.extractall(unpacked, filter="data")
        os.chdir(os.path.join(unpacked, sdist.removesuffix(".tar.gz")))
        build.build_wheel(folder)
        os.chdir(folder)
"""


def build_wheels(folder, projects):
    """Build the wheel of each project from its sources, into a folder."""
    succeed(sys.executable, "-c", BUILD, "wheel", folder, *projects)


@pytest.fixture(scope="session")
def dist(tmp_path_factory):
    """A folder with the sdist of every distribution, and the wheel made from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    succeed(sys.executable, "-c", BUILD, "both", folder, *manifests())
    return folder
