"""A report: what it holds, and what it says."""

from __future__ import annotations

import json

import attrs
import pytest

pytest.importorskip("torch")

from optim_conformance import ConformanceError, check, properties_of

# All of them look at one report.
pytestmark = pytest.mark.xdist_group("conformance_report")


@attrs.frozen(kw_only=True)
class Idle:
    """A clipper that does nothing."""

    def build(self):
        return self

    def clip(self, parameters):
        import torch

        return torch.tensor(0.0)


@pytest.fixture(scope="module")
def idle():
    """The report of a clipper that does nothing."""
    return check(Idle)


def test_a_report_has_every_property_once(idle):
    """In the order of the table."""
    assert list(properties_of("clipper")) == [result.property for result in idle.results]
    assert not idle.passed


def test_failures_are_raised_with_the_report(idle):
    """`raise_failures` is an AssertionError whose message says what was expected and seen."""
    with pytest.raises(AssertionError, match=r"expected: .*\n.*seen: "):
        idle.raise_failures()
    with pytest.raises(ConformanceError):
        idle.raise_failures()


def test_a_report_is_plain_data(idle):
    """JSON can hold it."""
    data = idle.as_data()

    assert list(data["results"]) == json.loads(json.dumps(data))["results"]
    assert data["passed"] is False


def test_what_cannot_be_declared_is_not_said_to(idle):
    """Nothing advises a declaration that would be refused."""
    assert [None] == [result.repair for result in idle.results if result.property == "light_import"]
    assert not [each for each in idle.results if each.repair and not properties_of("clipper")[each.property].declarable]
