"""How names are compared, suggested and shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim_core.text.names import is_name, normalise, normalise_distribution
from optim_core.text.prose import listing, visible, with_article
from optim_core.text.spelling import nearest


@given(st.text())
def test_a_name_equals_itself_in_other_case_and_with_other_separators(name):
    """Normalising twice is normalising once, and neither case nor `-` and `_` count."""
    assert normalise(name) == normalise(normalise(name))
    assert normalise(name) == normalise(f"-{name.casefold()}_")


@pytest.mark.parametrize("name", ["Optim_Muon", "optim.muon", "OPTIM--muon", "optim-_.muon", "-optim-muon-"])
def test_a_distribution_has_one_normalised_name(name):
    """As the package indexes compare them."""
    assert "optim-muon" == normalise_distribution(name)


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
    """As Python would write them."""
    assert shown == visible(name)


@pytest.mark.parametrize("name", ["AdamW", "8bit", "a b", "é", "-x-"])
def test_what_may_be_a_name(name):
    """Visible text."""
    assert is_name(name)


@pytest.mark.parametrize("name", ["", " ", "-_", "a:b", "a\u200b", "a\n", "\u00a0"], ids=ascii)
def test_what_may_not_be_a_name(name):
    """What is empty to a reader, or reads as a qualified name."""
    assert not is_name(name)


@pytest.mark.parametrize(
    ("name", "right"),
    [("adamv", "AdamW"), ("Lino", "Lion"), ("sgd_", "SGD"), ("cos", "CosineAnnealingLR"), ("xyz", None), ("", None)],
)
def test_the_nearest_name(name, right):
    """A slip of the hand or a beginning; nothing where nothing is near."""
    assert right == nearest(name, ["AdamW", "Lion", "SGD", "CosineAnnealingLR"])


def test_a_huge_name_costs_no_time():
    """Nobody means anything by it."""
    assert None is nearest("a" * 10**7, ["a"])


def test_a_listing_ends():
    """What is left out is counted."""
    assert "a, b" == listing(["a", "b"])
    assert listing(str(number) for number in range(100)).endswith("39 and 60 more")


def test_articles():
    """Sentences about kinds read well."""
    assert ("an optimizer", "a clipper") == (with_article("optimizer"), with_article("clipper"))


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("adamw_torch_fused", "AdamW"),
        ("AdamW(lr=1e-3)", "AdamW"),
        ("get_cosine_schedule_with_warmup", "cosine"),
        ("linear_warmup", "linear"),
        ("epsilon", "eps"),
        ("adam_epsilon", "eps"),
        ("warmup_steps", None),
        ("none", None),
    ],
)
def test_a_name_in_words_of_another_project_is_near_by_its_words(name, right):
    """A whole word of it, or the beginning of one, and no letters from the middle."""
    assert right == nearest(
        name, ["AdamW", "cosine", "constant_with_warmup", "linear", "eps"] if "steps" not in name else ["eps"]
    )
