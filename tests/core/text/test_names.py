"""How names are compared, and what may be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim_core.text.names import is_name, normalise, normalise_distribution


@given(st.text())
def test_a_name_equals_itself_in_other_case_and_with_other_separators(name):
    """Normalising twice is normalising once, and neither case nor `-` and `_` count."""
    assert normalise(name) == normalise(normalise(name))
    assert normalise(name) == normalise(f"-{name.casefold()}_")


@pytest.mark.parametrize("name", ["Optim_Muon", "optim.muon", "OPTIM--muon", "optim-_.muon", "-optim-muon-"])
def test_a_distribution_has_one_normalised_name(name):
    """All ways to write a distribution's name are one, as package indexes compare them."""
    assert "optim-muon" == normalise_distribution(name)


@pytest.mark.parametrize("name", ["AdamW", "8bit", "a b", "é", "-x-"])
def test_what_may_be_a_name(name):
    """Visible text."""
    assert is_name(name)


@pytest.mark.parametrize("name", ["", " ", "-_", "a:b", "a\u200b", "a\n", "\u00a0"], ids=ascii)
def test_what_may_not_be_a_name(name):
    """What is empty to a reader, or reads as a qualified name."""
    assert not is_name(name)
