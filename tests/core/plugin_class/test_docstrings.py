"""What a docstring says of a class and its fields, read from the class or from its file."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim_core.plugin_class.docstrings import parse_docstring, static_docstring


@given(st.text(st.sampled_from("Args: \nx`(*)\t")))
def test_any_text_can_be_taken_apart(text):
    """No docstring, however strange, is an error."""
    parse_docstring(text)


def test_an_example_is_no_part_of_what_is_shown():
    """A section with examples, wherever it stands, is in neither the body nor the texts of the fields."""
    text = """Halve it.

    Why it is halved.

    Example:
        >>> halve(4)
        2

    Args:
        number: what is halved.

    Raises:
        ValueError: it is odd.

    Examples:
        >>> lr: halve(6)
    """
    found = parse_docstring(text)
    assert "Why it is halved.\n\nRaises:\n    ValueError: it is odd." == found.body
    assert {"number": "what is halved."} == found.fields


PACKAGE = {
    "pack/__init__.py": "from .impl.real import Hidden as Shown\n1 / 0\n",
    "pack/impl/__init__.py": "1 / 0\n",
    "pack/impl/real.py": 'class Hidden:\n    """Found."""\n    class Deeper:\n        """Found deeper."""\n1 / 0\n',
    "pack/impl/up.py": "from ..impl.real import Hidden\nfrom . import real\n1 / 0\n",
    "pack/loop.py": "from pack.loop import Round\n",
    "space/inner/mod.py": '# -*- coding: latin-1 -*-\nclass Old:\n    """Found \xe9."""\n',
    "pack/binary.py": "\x00",
    "pack/function.py": 'def run():\n    """Found, too."""\n',
}


@pytest.mark.parametrize(
    ("docstring", "module", "attribute"),
    [
        ("Found.", "pack.impl.real", "Hidden"),
        ("Found deeper.", "pack.impl.real", "Hidden.Deeper"),
        ("Found.", "pack", "Shown"),
        ("Found.", "pack.impl.up", "Hidden"),
        ("Found \xe9.", "space.inner.mod", "Old"),
        ("Found, too.", "pack.function", "run"),
        (None, "pack.impl.up", "real"),
        (None, "pack.impl.up", "Missing"),
        (None, "pack.loop", "Round"),
        (None, "pack.binary", "X"),
        (None, "pack.missing", "X"),
        (None, "pack.function.below", "X"),
        (None, "missing", "X"),
        (None, "sys", "X"),
        (None, "math", "X"),
    ],
)
def test_a_docstring_is_found_in_packages_without_importing_them(tmp_path, monkeypatch, docstring, module, attribute):
    """Packages, namespace packages and re-exports are followed by their files; what cannot be found is None."""
    for name, text in PACKAGE.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="latin-1")
    monkeypatch.syspath_prepend(str(tmp_path))

    assert docstring == static_docstring(module, attribute)
    assert not {"pack", "space"} & set(sys.modules)
