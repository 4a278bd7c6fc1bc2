"""The examples in the docstrings of the other distributions run, and here none is skipped."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from docstrings import (
    ROOT,
    cases,
    examples_in,
    needs,
    public_modules,
    run_example,
    without_example,
    without_section,
)

SOURCES = [ROOT / "core/src", *sorted(ROOT.glob("plugins/*/src"))]


# What Lightning says of itself, in runs as short as these.
@pytest.mark.filterwarnings(r"ignore:.*isinstance\(treespec, LeafSpec\):FutureWarning")
@pytest.mark.filterwarnings("ignore:.*does not have many workers")
# LightningCLI calls what the jsonargparse of today has under other names.
@pytest.mark.filterwarnings("ignore::jsonargparse._deprecated.JsonargparseDeprecationWarning")
@cases(test for source in SOURCES[1:] for test in examples_in(source))
def test_each_example_does_what_it_shows(example, tmp_path, monkeypatch):
    """Each example in a docstring of a plugin's distribution runs alone, in an empty folder, as it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["python"])
    for name in ("ALLOW", "BLOCK", "PREFER"):
        monkeypatch.delenv(f"OPTIM_CORE_{name}", raising=False)
    run_example(example)


@pytest.mark.parametrize("source", SOURCES[1:], ids=lambda source: source.parent.name)
def test_whatever_is_public_has_an_example(source):
    """Each public function, class and method that a distribution hands on has an example in its docstring.

    It also says what it takes, returns and raises.
    """
    assert [] == without_example(public_modules(source)) + without_section(public_modules(source))


def test_nothing_is_missing_here():
    """Where the whole workspace is installed, no example is skipped."""
    wanted = {name for source in SOURCES for test in examples_in(source) for name in needs(test)}
    assert set() == {name for name in wanted if find_spec(name) is None}
