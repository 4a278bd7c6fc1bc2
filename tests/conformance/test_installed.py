"""Everything that is installed passes the conformance kit."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from optim_core import registry
from optim_core.discovery import KINDS
from optim_core.testing import Kit, subject_of

# One process for all: those that need a fresh process share it.
pytestmark = pytest.mark.xdist_group("conformance_of_what_is_installed")

# What a provider offers is the code of another library, in numbers: `optim conformance NAME` tells about each.
INSTALLED = [
    (record.kind, record.name)
    for kind in KINDS
    for record in registry.plugins(kind)
    if record.state == "ok" and record.alias_of is None and record.provider is None
]


@pytest.fixture(scope="module")
def kit():
    """The kit for all of them."""
    return Kit(subject_of(name, kind) for kind, name in INSTALLED)


@pytest.mark.parametrize("number", range(len(INSTALLED)), ids=[name for _, name in INSTALLED])
def test_it_has_every_property_or_declares_what_it_cannot(kit, number):
    """No property fails."""
    report = kit.report(kit.subjects[number])

    assert report.passed, str(report)
