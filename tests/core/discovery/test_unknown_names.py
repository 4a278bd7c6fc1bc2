"""What is said of a name that no plugin has."""

from __future__ import annotations

import pytest

from optim_core import (
    Registry,
    UnknownTypeError,
)


def test_an_unknown_name_is_a_key_error_and_an_attribute_error_with_a_suggestion(site):
    """Old code catches either, and a reader sees the right name and whose it is."""
    site.offer("any", "Lion", version="2.0")
    for error in (KeyError, AttributeError, UnknownTypeError):
        with pytest.raises(error) as caught:
            site.registry().optimizers["Loin"]
        assert "no optimizer is called `Loin`\n    did you mean `Lion` (any 2.0)?" == str(caught.value)


def test_without_a_near_name_all_are_listed(site):
    """What there is, is the next best hint."""
    site.offer("any", "Lion", "Adan")
    with pytest.raises(KeyError, match="installed are: Adan, Lion"):
        site.registry().optimizers["Xyzzy"]
    with pytest.raises(KeyError, match="none is installed; try pip install"):
        Registry(path=[]).optimizers["Xyzzy"]


def test_a_wrong_distribution_gets_the_right_one_suggested(site):
    """The hint for a qualified name is a qualified name."""
    site.offer("optim-lion", "Lion")
    with pytest.raises(KeyError, match="did you mean `optim-lion:Lion`"):
        site.registry().optimizers["optim-loin:Lion"]


def test_a_distribution_of_ours_that_is_missing_is_told_with_its_extra(site):
    """`optim-muon:Muon` is not installed; a name that it has not, and a stranger's, get no such line."""
    registry = site.registry()
    for name, extra in (("optim-muon:Muon", "muon"), ("Optim_Torch_Builtin:adamw", "torch")):
        assert f"pip install 'optim-core[{extra}]'" in registry.unknown("optimizer", name, "type").hint
    for name in ("optim-muon:Moon", "other:AdamW"):
        assert "pip install" not in registry.unknown("optimizer", name, "type").hint


def test_a_name_of_another_kind_is_said_to_be_one(site):
    """A schedule in the place of an optimizer."""
    site.offer("any", "Cosine", kind="scheduler")
    with pytest.raises(KeyError, match="`cosine` is a scheduler, not an optimizer"):
        site.registry().optimizers["cosine"]


def test_an_unknown_name_is_shown_escaped_and_short(site):
    """A config cannot colour a terminal or flood it."""
    with pytest.raises(KeyError) as caught:
        Registry(path=[]).optimizers["\x1b[31m\u202e" + "x" * 10**6]
    message = str(caught.value)
    assert r"\x1b[31m\u202e" in message
    assert len(message) < 200


@pytest.mark.parametrize("name", [None, 3, b"Lion", ("Lion",), float("nan"), []])
def test_what_is_no_text_is_no_name(site, name):
    """It is not in the catalog, and indexing is a KeyError."""
    site.offer("any", "Lion")
    catalog = site.registry().optimizers
    assert name not in catalog
    assert None is catalog.get(name)
