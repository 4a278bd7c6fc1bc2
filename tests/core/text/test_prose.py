"""Parts of sentences: what can be printed, listings, articles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim_core.text.prose import listing, visible, with_article


@given(st.text())
def test_what_is_shown_can_be_printed(name):
    """Nothing invisible is left, and what was visible is unchanged."""
    assert visible(name).isprintable()
    assert not name.isprintable() or name == visible(name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\u200bb", r"a\u200bb"), ("\u202eabc", r"\u202eabc"), ("\x1b[0m", r"\x1b[0m"), ("a\nb", r"a\nb"), ("é", "é")],
)
def test_invisible_characters_are_shown_escaped(name, shown):
    """What cannot be seen in a name is shown as the escape that Python would write."""
    assert shown == visible(name)


def test_a_listing_ends():
    """What is left out is counted."""
    assert "a, b" == listing(["a", "b"])
    assert listing(str(number) for number in range(100)).endswith("39 and 60 more")


def test_articles():
    """Sentences about kinds read well."""
    assert ("an optimizer", "a clipper") == (with_article("optimizer"), with_article("clipper"))
