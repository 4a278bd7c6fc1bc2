"""The plugin of pytest, which every pytest finds where the kit is installed."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from running import run_pytest

from optim_conformance import properties_of

ONLY_THE_PLUGIN = """
import sys

def test_other():
    loaded = {name for name in sys.modules if name.partition(".")[0] in ("optim_core", "optim_conformance", "torch")}
    assert {"optim_conformance", "optim_conformance.pytest_plugin"} == loaded
"""


def test_the_plugin_of_pytest_adds_a_test_for_each_property(tmp_path):
    """With `--optim-conformance NAME`, beside whatever else is collected."""
    (tmp_path / "test_other.py").write_text("def test_other(): ...")
    done = run_pytest("--optim-conformance", "norm", "--collect-only", "-q", "test_other.py", cwd=tmp_path)
    names = [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line]

    assert 0 == done.returncode, done.stdout + done.stderr
    assert ["test_other", *(f"norm-{name}" for name in properties_of("clipper"))] == names


def test_the_plugin_of_pytest_imports_nothing_where_it_is_not_asked_for(tmp_path):
    """Of the kit, optim-core and torch there are the package and the plugin itself, which pytest loads everywhere."""
    (tmp_path / "test_other.py").write_text(ONLY_THE_PLUGIN)
    done = run_pytest("test_other.py", cwd=tmp_path)

    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["nrom", "no_such_module:Clip"])
def test_the_plugin_of_pytest_says_that_a_name_means_nothing(tmp_path, name):
    """It is wrong usage, without a traceback."""
    done = run_pytest("--optim-conformance", name, cwd=tmp_path)

    assert pytest.ExitCode.USAGE_ERROR == done.returncode
    assert done.stderr.startswith("ERROR: --optim-conformance: ")
    assert f"`{name}`" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_plugin_of_pytest_takes_a_kind_and_a_class(tmp_path):
    """The kind goes for all names; a class is named by its module; that pytest is told of the plugin does no harm."""
    options = ("--optim-conformance", "sound:SoundClip", "--optim-conformance-kind", "clipper", "-q")
    chosen = ("-p", "optim_conformance.pytest_plugin", "-k", "round_trip or documented")
    done = run_pytest(*options, *chosen, cwd=tmp_path)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_a_kind_that_there_is_not_is_wrong_usage(tmp_path):
    """The message has those that there are."""
    done = run_pytest("--optim-conformance", "norm", "--optim-conformance-kind", "clippers", cwd=tmp_path)

    assert pytest.ExitCode.USAGE_ERROR == done.returncode
    kinds = "optimizer, scheduler, clipper, model, dataset, logger, demo"
    assert f"'clippers' is no kind of plugin (choose from {kinds})" in done.stderr
