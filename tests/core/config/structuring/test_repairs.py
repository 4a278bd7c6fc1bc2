"""What is suggested in place of a value of the wrong type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim_core.config.structuring.repairs import as_bool, as_list, as_null, as_number
from optim_core.text.numerals import number_in


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10%", "0.1"),
        ("1,000", "1000"),
        ("1 000", "1000"),
        ("1_000_000", "1000000"),
        ("0,001", "0.001"),
        ("1e−4", "1e-4, with the `-` of the keyboard"),
        ("–0.5", "-0.5, with the `-` of the keyboard"),
        (" 1e-3 ", "1e-3"),
        ("'3'", "3"),
        ("“3”", "3"),
        ("１２", "12"),
        ("10k", "10000"),
        ("1.5M", "1500000"),
        ("10^-4", "1e-4"),
        ("10**-4", "1e-4"),
        ("3 x 10^-4", "3e-4"),
        ("1/8", "0.125"),
    ],
)
def test_a_number_in_other_clothes_is_recognised(text, meant):
    """Percent, separators, decimal commas, typographic signs, powers and fractions."""
    assert f"write {meant}" == as_number(text)


@pytest.mark.parametrize(
    "value", ["fast", "", "1/0", "1e-3f", "0.01/step", "1.2.3", "x" * 1000, True, None, [1, 2], {}]
)
def test_nothing_is_made_up(value):
    """What is no number in any clothes has no suggestion."""
    assert as_number(value) is None


@given(st.text(max_size=30))
def test_what_is_suggested_is_a_number(text):
    """Whatever the text: whoever obeys has a number."""
    hint = as_number(text)
    assert (
        hint is None
        or hint.startswith("variables")
        or number_in(hint.removeprefix("write ").partition(",")[0]) is not None
    )


@pytest.mark.parametrize(
    ("text", "hint"), [("1,000", "write 1000"), ("0,5", None), ("10%", None), ("1e3 ", "write 1e3")]
)
def test_a_whole_number_is_suggested_where_one_is_wanted(text, hint):
    """A share or a fraction is none."""
    assert hint == as_number(text, whole=True)


def test_what_is_not_filled_in_is_said_to_be_so():
    """Interpolations of Hydra, variables of a shell, fields of a template."""
    for text in ("${lr}", "$LR", "{{ lr }}"):
        assert (as_number(text) or "").startswith("variables are not filled in here")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("yes", "write true"),
        ("Off", "write false"),
        ("False", "write false without quotes"),
        (1, "write true"),
        (2, None),
    ],
)
def test_a_boolean_in_other_words(value, hint):
    """The words of YAML 1.1, Python and C for true and false have the hint to write those."""
    assert hint == as_bool(value)


def test_null_in_other_words():
    """Python's word for null, and null in quotes, have the hint to write null."""
    assert ["write null", "write null without quotes", None] == [as_null(text) for text in ("None", "null", "nothing")]


@pytest.mark.parametrize(
    ("value", "length", "hint"),
    [
        ("(0.9, 0.95)", 2, "write [0.9, 0.95] without quotes"),
        ("30,60", None, "write [30, 60] without quotes"),
        (30, None, "write [30]"),
        ({"beta1": 0.9, "beta2": 0.95}, 2, "write [0.9, 0.95]"),
        ([[0.9, 0.95]], 2, "take one pair of brackets away"),
        ([0.9], 2, None),
        (0.9, 2, None),
        ("a, b", 2, None),
    ],
)
def test_a_list_of_numbers_in_other_clothes(value, length, hint):
    """Text, a single number, a mapping, or brackets in brackets."""
    assert hint == as_list(value, length)
