"""The examples in the core's docstrings run; those that need torch or a plugin that is not installed are skipped."""

from __future__ import annotations

import doctest
import textwrap

import pytest
from docstrings import ROOT, cases, examples_in, needs, public_modules, run_example, without_example

CORE = ROOT / "core/src"


@cases(examples_in(CORE))
def test_each_example_does_what_it_shows(example, tmp_path, monkeypatch):
    """Each example in a docstring of the core runs alone, in an empty folder, and prints what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["python"])
    run_example(example)


def test_whatever_is_public_has_an_example():
    """Each public function, class and method of the core has an example in its docstring."""
    assert [] == without_example(public_modules(CORE))


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A folder of sources with one package: an example that is wrong, one that is right, and two without."""
    source = tmp_path / "src"
    package = source / "toy_with_examples"
    package.mkdir(parents=True)
    text = '''
        """A package."""

        __all__ = ["Kept", "half", "twice"]


        def half(number):
            """Return a half.

            >>> from toy_with_examples import half
            >>> half(4)
            3
            """
            return number / 2


        def twice(number):
            """Return the double."""
            return 2 * number


        class Kept:
            """A number.

            >>> from toy_with_examples import Kept
            >>> Kept().named("AdamW")
            'AdamW'
            """

            def named(self, name):
                return name

            def _private(self):
                return None
    '''
    (package / "__init__.py").write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(source)
    return source


def test_an_example_that_is_wrong_fails(toy):
    """An example that prints something else fails, and says what was expected and what came."""
    wrong, right = sorted(examples_in(toy), key=lambda test: test.name == "toy_with_examples.Kept")
    with pytest.raises(AssertionError, match=r"Expected:\n    3\nGot:\n    2\.0"):
        run_example(wrong)
    right.examples = [example for example in right.examples if "AdamW" not in example.source]
    run_example(right)


def test_what_lacks_an_example_is_named(toy):
    """A public function without an example is named, and so is a public method; what is private is not."""
    assert ["toy_with_examples.Kept.named", "toy_with_examples.twice"] == without_example(public_modules(toy))


def test_an_example_needs_what_it_imports_and_names():
    """An example needs each package that it imports, and the package of each plugin that it names."""
    source = ">>> import json.decoder\n>>> from attrs import frozen\n>>> name = 'adam_w'\n"
    example = doctest.DocTestParser().get_doctest(source, {}, "example", None, None)
    assert {"json", "attrs", "optim_torch_builtin"} == needs(example)
