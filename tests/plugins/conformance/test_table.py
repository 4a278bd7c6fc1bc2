"""The table of properties."""

from __future__ import annotations

import pytest

from optim_conformance import properties_of


@pytest.mark.parametrize("kind", ["optimizer", "scheduler", "clipper"])
def test_each_property_has_one_sentence(kind):
    """It ends with a full stop, and says what must be true in one line of text."""
    for made in properties_of(kind).values():
        assert made.sentence.endswith("."), made.name
        assert len(made.sentence) < 130, made.name
