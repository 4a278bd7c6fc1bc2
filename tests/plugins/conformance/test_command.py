"""The command `optim conformance`."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("torch")

from cli_support import broken, optim

from optim_conformance import properties_of

IDLE_CLIPPER = """
import attrs
import torch

@attrs.frozen
class Idle:
    'Does nothing.'
    def build(self): return self
    def clip(self, parameters): return torch.zeros(())
"""


OWN_CLIP = """
import attrs

class Outer:
    @attrs.frozen
    class Idle:
        'Does nothing.'
        def build(self): return self
        def clip(self, parameters):
            import torch
            return torch.zeros(())
"""


def test_the_command_checks_installed_plugins():
    """Exit status 0 and a line for each where nothing fails."""
    done = optim("conformance", "norm", "value")

    assert 0 == done.code
    assert ["clipper norm", "clipper value", "2 checked; nothing failed"] == [
        line.partition(" of ")[0] for line in done.stdout.splitlines()
    ]


def test_the_command_fails_where_a_property_does(site, tmp_path, monkeypatch):
    """Exit status 1; JSON has the results, also of a class in the current folder that no entry point names.

    What is broken stops none of it, and is there with its problem, and without results.
    """
    targets = {"optim_core.clippers": {"idle": "idle_clipper:Idle"}}
    site.add("optim-idle", entry_points=targets, modules={"idle_clipper": IDLE_CLIPPER})
    broken(site, "Broken", "raise SystemExit(3)", kind="clipper")
    (tmp_path / "own_clip.py").write_text(OWN_CLIP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    done = optim("conformance", "Broken", "idle", "own_clip:Outer.Idle", "--format", "json")
    reports = {report["name"]: report for report in done.json}
    installed, own = (
        {each["property"]: each["status"] for each in reports[name]["results"]} for name in ("idle", "Idle")
    )

    assert 1 == done.code
    assert dict.fromkeys(("Broken", "idle", "Idle"), "clipper") == {
        name: report["kind"] for name, report in reports.items()
    }
    assert {"failed"} == {installed[name] for name in ("norm_before", "clips", "light_import")}
    assert ("passed", "passed", "passed") == (installed["silent"], own["silent"], own["light_import"])
    assert (False, []) == (reports["Broken"]["passed"], reports["Broken"]["results"])
    assert "SystemExit: 3" in reports["Broken"]["problem"]


def test_the_command_wants_names_or_all():
    """Without either it is wrong usage."""
    assert 2 == optim("conformance").code
    assert 2 == optim("conformance", "--all", "norm").code


def test_the_command_lists_what_is_checked():
    """Each property with its sentence, without torch."""
    done = optim("conformance", "--list", "--kind", "clipper")

    assert 1 + len(properties_of("clipper")) == len(done.stdout.splitlines())


def test_a_broken_plugin_stops_no_other(site):
    """It has a line that says why it cannot be loaded, the others are checked, and the exit status is 1."""
    broken(site, "Broken", "import a_module_that_is_missing", kind="clipper")
    done = optim("conformance", "Broken", "norm")
    first, second, last = done.stdout.splitlines()

    assert 1 == done.code
    assert first.startswith("clipper Broken: it cannot be loaded: optim-broken 1.0 cannot provide")
    assert "a_module_that_is_missing" in first
    assert second.startswith("clipper norm of ")
    assert "2 checked; something failed in Broken" == last


def test_everything_that_is_installed_is_checked_although_some_is_broken(site, monkeypatch):
    """`--all` goes on after it, even where an import ends the process; its line says why it cannot be loaded."""
    broken(site, "Broken", "import a_module_that_is_missing", kind="clipper")
    broken(site, "Ended", "import os\nos._exit(3)", kind="clipper")
    allowed = "optim-broken,optim-conformance,optim-ended,optim-torch-builtin:norm"
    monkeypatch.setenv("OPTIM_CORE_ALLOW", allowed)
    done = optim("conformance", "--all", "--kind", "clipper")

    assert 1 == done.code
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("clipper Broken: "))
    assert line.startswith("clipper Broken: it cannot be loaded: optim-broken 1.0 cannot provide")
    assert "a_module_that_is_missing" in line
    assert "something failed in Broken, Ended" in done.stdout
    assert "norm of " in done.stdout


@pytest.mark.parametrize("name", ["Adagard", "no_such_module:Clip", "sound:NoSuchClass", "sound:step", "..:x", "a b:c"])
def test_a_name_that_means_nothing_is_wrong_usage(name):
    """Exit status 2, before anything is checked."""
    done = optim("conformance", "norm", name)

    assert (2, "") == (done.code, done.stdout)
    assert name.partition(":")[2] in done.stderr


def test_a_module_of_ones_own_that_cannot_be_imported_is_told_of(tmp_path, monkeypatch):
    """A module that fails at its import is told as a plugin that is broken."""
    (tmp_path / "own_broken.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    done = optim("conformance", "own_broken:Clip")

    assert 1 == done.code
    assert done.stdout.startswith("class own_broken:Clip: it cannot be loaded: ")
    assert "ZeroDivisionError" in done.stdout
