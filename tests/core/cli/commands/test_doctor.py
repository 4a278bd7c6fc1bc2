"""`optim doctor`."""

from __future__ import annotations

import sys

import pytest
from cli_support import broken, install_demo, optim
from site_folder import provider_source

from optim_core import __version__


@pytest.fixture(autouse=True)
def _demo(site):
    install_demo(site)


def _findings(*arguments):
    return optim("doctor", "--format", "json", *arguments).json["findings"]


def test_where_nothing_is_wrong_it_says_so():
    """With nothing but good plugins it says that everything is fine, and with which versions."""
    done = optim("doctor")

    assert 0 == done.code
    assert f"optim-core {__version__}\n" in done.stdout
    assert "optim-demo 1.5" in done.stdout
    assert done.stdout.endswith("everything is fine\n")


def test_json_has_the_versions():
    """--format json has the versions of python, optim-core and every distribution in use."""
    report = optim("doctor", "--no-probe", "--format", "json").json

    assert __version__ == report["optim_core"]
    assert {"name": "optim-demo", "version": "1.5"} in report["distributions"]
    assert [] == report["findings"]
    assert report["probed"] is False


def test_a_plugin_that_breaks_at_import_is_found(site):
    """What only an import shows is found, with the distribution, the cause and the repair, in a child process."""
    broken(site, "Bad", "import a_module_that_is_missing")
    done = optim("doctor")

    assert 1 == done.code
    assert "broken: optimizer Bad\n    optim-bad 1.0 cannot provide `Bad = module_of_bad:Bad`: " in done.stdout
    assert "pip install --upgrade optim-bad a_module_that_is_missing" in done.stdout
    assert "module_of_bad" not in sys.modules


def test_a_plugin_that_ends_the_process_is_found(site):
    """What would end any process that uses it is found and named, and the way to keep it out."""
    broken(site, "Deadly", "import os\nos._exit(3)")
    [finding] = _findings()

    assert ("broken", "optimizer Deadly") == (finding["state"], finding["what"])
    assert "ends the process with exit status 3" in finding["message"]
    assert "OPTIM_CORE_BLOCK=optim-deadly:Deadly" in finding["message"]


def test_a_provider_that_ends_the_process_does_not_end_the_doctor(site):
    """A provider, which would be imported to list what it offers, is found in the child process, too."""
    targets = {"optim_core.providers": {"many": "deadly_provider:Provider"}}
    site.add("optim-many", entry_points=targets, modules={"deadly_provider": "import os\nos._exit(3)"})
    [finding] = _findings()

    assert ("broken", "provider many") == (finding["state"], finding["what"])


def test_without_probe_nothing_is_imported(site):
    """--no-probe leaves out what only an import shows."""
    broken(site, "Bad", "import a_module_that_is_missing")

    assert [] == _findings("--no-probe")


def test_an_ambiguous_name_is_told_once_with_both_ways_out(site):
    """Two distributions that claim one name are one finding that names both and the ways out."""
    site.offer("optim-first", "Doubled")
    site.offer("optim-second", "Doubled")
    done = optim("doctor", "--format", "json")

    [finding] = done.json["findings"]
    assert 1 == done.code
    assert ("ambiguous", "optimizer Doubled") == (finding["state"], finding["what"])
    assert "optim-first 1.0 and optim-second 1.0 " in finding["message"]
    assert "`optim-first:Doubled` or `optim-second:Doubled`" in finding["message"]


def test_an_incompatible_distribution_comes_with_the_upgrade(site):
    """A distribution that does not admit this optim-core is found without importing it."""
    site.offer("optim-old", "Old", requires=["optim-core<0.0.1"])
    done = optim("doctor", "--no-probe", "--format", "json")

    [finding] = done.json["findings"]
    assert 1 == done.code
    assert "incompatible" == finding["state"]
    assert "pip install --upgrade optim-old" in finding["message"]


def test_what_is_blocked_is_told_and_is_no_error(monkeypatch):
    """A blocked plugin is told with the setting that blocks it, and the exit status stays 0."""
    monkeypatch.setenv("OPTIM_CORE_BLOCK", "DemoSteps")
    done = optim("doctor", "--format", "json")

    [finding] = done.json["findings"]
    assert 0 == done.code
    assert ("blocked", "scheduler DemoSteps") == (finding["state"], finding["what"])
    assert "block lists `DemoSteps`; take it out of OPTIM_CORE_BLOCK" == finding["message"]


@pytest.mark.parametrize("kind", ["provider", "command"])
def test_a_blocked_provider_or_command_is_told(site, monkeypatch, kind):
    """They are no plugins, and a setting that keeps them out is as good to know; neither is imported."""
    site.add("optim-out", entry_points={f"optim_core.{kind}s": {"out": "gone:out"}})
    monkeypatch.setenv("OPTIM_CORE_BLOCK", "out")
    [finding] = _findings()

    assert ("blocked", f"{kind} out") == (finding["state"], finding["what"])
    assert "block lists `out`; take it out of OPTIM_CORE_BLOCK" == finding["message"]


def test_a_broken_provider_leaves_the_other_settings_in_force(site, monkeypatch):
    """What OPTIM_CORE_BLOCK and OPTIM_CORE_ALLOW say still counts where the doctor leaves a provider alone."""
    targets = {"optim_core.providers": {"many": "deadly_provider:Provider"}}
    site.add("optim-many", entry_points=targets, modules={"deadly_provider": "import os\nos._exit(3)"})
    monkeypatch.setenv("OPTIM_CORE_BLOCK", "DemoSteps")
    found = {finding["what"]: (finding["state"], finding["message"]) for finding in _findings()}

    assert {"provider many", "scheduler DemoSteps"} == set(found)
    assert ("blocked", "block lists `DemoSteps`; take it out of OPTIM_CORE_BLOCK") == found["scheduler DemoSteps"]


def test_a_setting_that_means_nothing_is_told(monkeypatch):
    """A misspelt item of OPTIM_CORE_BLOCK is told, and the exit status stays 0."""
    monkeypatch.setenv("OPTIM_CORE_BLOCK", "optim-dmeo")
    done = optim("doctor", "--no-probe", "--format", "json")

    assert 0 == done.code
    assert [("setting", "block lists `optim-dmeo`, which means nothing that is installed")] == [
        (finding["state"], finding["message"]) for finding in done.json["findings"]
    ]


def test_a_hidden_distribution_is_told(site, tmp_path, monkeypatch):
    """A distribution that another one of its name hides is told."""
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    type(site)(earlier).offer("optim-demo", "Other", version="1.4")
    monkeypatch.syspath_prepend(str(earlier))
    done = optim("doctor", "--no-probe", "--format", "json")

    [finding] = done.json["findings"]
    assert "hidden" == finding["state"]
    assert "optim-demo 1.5" in finding["message"]
    assert "optim-demo 1.4" in finding["message"]


def test_a_malformed_file_of_a_stranger_is_told(site):
    """A malformed entry_points.txt of any distribution stops `import torch`, so it is told."""
    site.add("stranger", entry_points=b"[console_scripts]\nwithout equals\n")
    done = optim("doctor", "--no-probe")

    assert 1 == done.code
    assert "broken: stranger\n" in done.stdout
    assert "has no `=`" in done.stdout


def test_a_broken_command_is_found(site):
    """A subcommand that cannot be imported, and one that is incompatible or claimed twice, are found."""
    site.add("optim-gone", entry_points={"optim_core.commands": {"gone": "not_there:command"}})
    site.add("optim-x", entry_points={"optim_core.commands": {"train": "x:command"}}, modules={"x": "command = 1"})
    site.add("optim-y", entry_points={"optim_core.commands": {"train": "y:command"}}, modules={"y": "command = 1"})
    found = {(finding["state"], finding["what"]): finding["message"] for finding in _findings()}

    assert "optim-gone 1.0 cannot provide `gone = not_there:command`" in found["broken", "command gone"]
    assert "each offer a command called `train`" in found["ambiguous", "command train"]


def test_plugins_with_one_trouble_are_one_finding(site):
    """What is wrong with a distribution is told once, not for each of its plugins."""
    targets = {"optim_core.optimizers": {"One": "lost:One", "Two": "lost:Two"}}
    site.add("optim-lost", entry_points=targets, metadata=None)
    [finding] = _findings("--no-probe")

    assert "optimizer One, optimizer Two" == finding["what"]


def test_a_plugin_that_cannot_be_built_here_is_found(site):
    """What a plugin class's own check says is told, with the exit status 1, and only where plugins are imported."""
    source = (
        "import attrs\n@attrs.frozen\nclass Needy:\n    @classmethod\n    def check(cls):\n"
        "        return ['no compiler: install one']\n    def build(self, params): ...\n"
    )
    targets = {"optim_core.optimizers": {"Needy": "needy:Needy"}}
    site.add("optim-needy", entry_points=targets, modules={"needy": source})
    done = optim("doctor")

    assert 1 == done.code
    assert "broken: optimizer Needy\n    optim-needy 1.0 cannot provide" in done.stdout
    assert "it cannot be built here: no compiler: install one\n" in done.stdout
    assert [] == _findings("--no-probe")


def test_a_provider_that_offers_nothing_is_told(site):
    """It is no failure; one that says that this may be is not told of."""
    for name, more in (("empty-zoo", ""), ("sparse-zoo", "Provider.may_be_empty = True\n")):
        module = name.replace("-", "_")
        targets = {"optim_core.providers": {name: f"{module}:Provider"}}
        site.add(name, entry_points=targets, modules={module: provider_source([]) + more})
    (finding,) = _findings("--no-probe")
    assert ("empty", "empty-zoo") == (finding["state"], finding["what"])
    assert "offers no optimizer" in finding["message"]
