"""The examples in the kit's docstrings run."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from docstrings import ROOT, cases, examples_in, public_modules, run_example, without_example

KIT = ROOT / "plugins/conformance/src"


@cases(examples_in(KIT))
def test_each_example_does_what_it_shows(example):
    """Each example in a docstring of the kit runs alone, and prints what it says."""
    # A class that is defined in it is in no file, as in a notebook: it is checked in this process.
    example.globs["__name__"] = "notebook"
    run_example(example)


def test_whatever_is_public_has_an_example():
    """Each public function, class and method of the kit has an example in its docstring."""
    assert [] == without_example(public_modules(KIT))
