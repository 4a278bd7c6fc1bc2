"""The docstrings of the kit; that their examples run is seen with those of all distributions."""

from __future__ import annotations

from docstrings import ROOT, public_modules, without_example


def test_whatever_is_public_has_an_example():
    """Each public function, class and method of the kit has an example in its docstring."""
    assert [] == without_example(public_modules(ROOT / "plugins/conformance/src"))
