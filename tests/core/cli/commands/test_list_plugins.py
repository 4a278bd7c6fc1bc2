"""`optim list`."""

from __future__ import annotations

import sys

import pytest
from cli_support import broken, install_demo, optim
from site_folder import provider_source


@pytest.fixture(autouse=True)
def _demo(site):
    install_demo(site)


def _rows(done):
    return {row["name"]: row for row in done.json if row["distribution"] == "optim-demo"}


def test_json_has_all_that_is_known():
    """--format json has a plugin's record and the first line of its docstring."""
    assert {
        "name": "DemoDescent",
        "kind": "optimizer",
        "distribution": "optim-demo",
        "version": "1.5",
        "target": "demo_plugins:DemoDescent",
        "state": "ok",
        "error": None,
        "alias_of": None,
        "provider": None,
        "summary": "Demo descent: goes ≤ downhill (Doe 1999, arXiv:9901.00001).",
    } == _rows(optim("list", "--format", "json"))["DemoDescent"]


def test_nothing_that_is_listed_is_imported():
    """The docstrings are read from the source files."""
    optim("list")

    assert "demo_plugins" not in sys.modules


def test_a_kind_limits_the_list():
    """`optim list clippers` has the clippers and nothing else."""
    done = optim("list", "clippers", "--format", "json")

    assert ["democlip"] == list(_rows(done))
    assert {"clipper"} == {row["kind"] for row in done.json}


def test_an_unknown_kind_is_wrong_usage():
    """`optim list optimisers` exits with 2 and names the kinds."""
    done = optim("list", "optimisers")

    assert 2 == done.code
    assert "optimizers" in done.stderr


def test_an_alias_says_what_it_stands_for():
    """An alias is listed as another name of its plugin."""
    assert any(
        line.startswith("demo ") and line.endswith("another name of DemoDescent")
        for line in optim("list", columns=300).stdout.splitlines()
    )


def test_in_a_wide_terminal_a_plugin_is_one_line():
    """Name, kind, distribution, version, state and docstring stand on one line where there is room."""
    line = next(line for line in optim("list", columns=300).stdout.splitlines() if line.startswith("DemoSteps"))

    assert ["DemoSteps", "scheduler", "optim-demo", "1.5", "ok", "Demo", "steps."] == line.split()


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_in_a_narrow_terminal_the_docstring_stands_below(columns):
    """Where there is no room, the docstring stands below the rest, and no line is too long."""
    lines = optim("list", "clippers", columns=columns).stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("democlip"))

    assert "Demo clipping." in "\n".join(lines[at : at + 2])
    assert max(map(len, lines)) <= columns


def test_what_is_broken_is_listed_with_the_reason(site):
    """A distribution without METADATA is listed as broken, with the reason."""
    targets = {"optim_core.optimizers": {"Lost": "lost:Lost"}}
    site.add("optim-lost", entry_points=targets, metadata=None)
    done = optim("list", columns=300)

    assert 0 == done.code
    assert any(line.startswith("Lost") and "broken" in line and "METADATA" in line for line in done.stdout.splitlines())


def test_a_module_that_does_not_parse_has_no_docstring(site):
    """A plugin whose source is not Python is listed all the same."""
    broken(site, "Bad", "def (:")
    row = next(row for row in optim("list", "--format", "json").json if row["name"] == "Bad")

    assert (None, "ok") == (row["summary"], row["state"])


def test_what_a_provider_offers_is_listed_with_the_provider(site):
    """A plugin without an entry point of its own is listed with the provider that has it."""
    targets = {"optim_core.providers": {"many": "many_plugins:Provider"}}
    site.add("optim-many", entry_points=targets, modules={"many_plugins": provider_source(["Offered"])})

    assert any(
        line.startswith("Offered ") and line.endswith("from the provider many")
        for line in optim("list", columns=300).stdout.splitlines()
    )
    assert "Offered, an optimizer from optim-many 1.0\n" in optim("show", "Offered").stdout


def test_brackets_in_a_docstring_are_shown_as_they_are(site):
    """A docstring with [bold] in it is no markup."""
    docstring = '    """In [bold] and [0, 1)."""\n'
    source = f"import attrs\n@attrs.frozen\nclass Marked:\n{docstring}    def build(self, params): ...\n"
    site.add(
        "optim-marked", entry_points={"optim_core.optimizers": {"Marked": "marked:Marked"}}, modules={"marked": source}
    )

    assert "In [bold] and [0, 1)." in optim("list", columns=300).stdout


def test_what_an_entry_point_hides_of_a_provider_is_listed_and_shown_qualified(site):
    """Under the name that a config uses for it."""
    targets = {"optim_core.providers": {"many": "many_plugins:Provider"}}
    site.add("optim-many", entry_points=targets, modules={"many_plugins": provider_source(["DEMODESCENT"])})

    rows = {row["name"]: row["distribution"] for row in optim("list", "--format", "json").json}
    assert "optim-demo" == rows["DemoDescent"]
    assert "optim-many" == rows["many:DEMODESCENT"]
    assert "DEMODESCENT" not in rows
    shown = optim("show", "many:demodescent", "--format", "json").json
    assert ("many:DEMODESCENT", "optim-many", []) == (shown["name"], shown["distribution"], shown["aliases"])
    assert "many_plugins:Provider" == shown["target"]
