"""What a docstring says of a class and its fields, in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from optim_core.plugin_class.docstrings import parse_docstring


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


def test_a_formula_is_kept_as_it_stands():
    """The lines of the section keep their breaks and depths, and are in no other part."""
    text = """Halve it.

    Formula:
        h = n / 2
            where n is even

        rounded

    Args:
        number: n.
    """
    found = parse_docstring(text)
    assert "h = n / 2\n    where n is even\n\nrounded" == found.formula
    assert ("", {"number": "n."}) == (found.body, found.fields)
    assert "" == parse_docstring("Halve it.").formula
