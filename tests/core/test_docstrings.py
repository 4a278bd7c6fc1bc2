"""The examples in the core's docstrings run; those that need torch or a plugin that is not installed are skipped."""

from __future__ import annotations

import doctest
import re
import textwrap

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

import optim_core

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


def test_whatever_is_public_says_what_it_takes_returns_and_raises():
    """Each public function and method of the core has what hover texts are read for."""
    assert [] == without_section(public_modules(CORE))


def test_the_package_says_in_two_screens_what_is_in_it():
    """`help(optim_core)` begins with the main names in words, each of which is there."""
    text = optim_core.__doc__
    assert len(text.splitlines()) <= 50
    for name in set(optim_core.__all__) & {
        "registry",
        "Recipe",
        "Optimization",
        "Horizon",
        "load_checkpoint",
        "OptimError",
    }:
        assert name in text
    begun = re.findall(r"^    ([A-Za-z]\w*(?:, \w+)*):", text.partition("What a config becomes")[2], re.MULTILINE)
    assert set() == {name for names in begun for name in names.split(", ")} - set(optim_core.__all__)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A folder of sources with one package: an example that is wrong, one that is right, and two without."""
    source = tmp_path / "src"
    package = source / "toy_with_examples"
    package.mkdir(parents=True)
    text = '''
        """A package."""

        __all__ = ["Kept", "half", "thrice", "twice"]


        def half(number):
            """Return a half.

            >>> from toy_with_examples import half
            >>> half(4)
            3
            """
            return number / 2


        def twice(number: int) -> int:
            """Return the double."""
            return 2 * number


        def thrice(number: int, times: int) -> int:
            """Do it often.

            >>> from toy_with_examples import thrice
            >>> thrice(2, 3)
            6
            """
            if times < 0:
                raise ValueError
            return times * number


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
    wrong, right, _ = sorted(
        examples_in(toy), key=lambda test: ("half", "Kept", "thrice").index(test.name.split(".")[1])
    )
    with pytest.raises(AssertionError, match=r"Expected:\n    3\nGot:\n    2\.0"):
        run_example(wrong)
    right.examples = [example for example in right.examples if "AdamW" not in example.source]
    run_example(right)


def test_what_lacks_an_example_is_named(toy):
    """A public function without an example is named, and so is a public method; what is private is not."""
    assert ["toy_with_examples.Kept.named", "toy_with_examples.twice"] == without_example(public_modules(toy))


def test_what_a_docstring_leaves_out_is_named(toy):
    """A function whose docstring is silent of arguments, of its value and of its errors is named for each."""
    lacking = [f"toy_with_examples.thrice says no {section}" for section in ("Args", "Raises", "Returns")]
    assert lacking == without_section(public_modules(toy))


def test_an_example_needs_what_it_imports_and_names():
    """An example needs each package that it imports, and the package of each plugin that it names."""
    source = ">>> import json.decoder\n>>> from attrs import frozen\n>>> name = 'adam_w'\n"
    example = doctest.DocTestParser().get_doctest(source, {}, "example", None, None)
    assert {"json", "attrs", "optim_torch_builtin"} == needs(example)
