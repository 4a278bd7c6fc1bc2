"""What a plugin class says that it needs of the training loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs
import pytest
from plugin_classes import Momentum

from optim_core import PluginError
from optim_core.plugin_class.needs import has_modes, needs_of


@attrs.frozen
class Searches(Momentum):
    conformance: ClassVar[Mapping[str, str]] = {
        "step_without_closure": "refuses: it searches",
        "ordinary_backward": "differs: it is slower",
    }
    needs: ClassVar[tuple[str, ...]] = ("modes",)


@attrs.frozen
class Follows:
    monitor: str | None = None

    def build(self, optimizer, horizon): ...


@pytest.mark.parametrize(("cls", "needs"), [(Momentum, set()), (Searches, {"closure", "modes"}), (Follows, {"metric"})])
def test_a_class_and_its_instance_need_the_same(cls, needs):
    """What is refused is a need, what merely differs is none, and a field `monitor` is a metric."""
    assert (needs, needs) == (needs_of(cls), needs_of(cls()))


def test_what_an_instance_alone_knows_a_class_does_not_say():
    """A property depends on the config: it is none of the class."""

    @attrs.frozen
    class Around(Momentum):
        @property
        def needs(self):
            return ("closure",)

    assert (set(), {"closure"}) == (needs_of(Around), needs_of(Around()))


@pytest.mark.parametrize("wrong", ["closure", ("closures",), 5, None])
def test_needs_that_mean_nothing_are_refused(wrong):
    """The message has the words that there are."""
    cls = attrs.make_class("Wrong", {}, class_body={"needs": wrong})
    with pytest.raises(PluginError, match=r"`needs` of Wrong is .* it is a tuple of some of closure, create_graph, "):
        needs_of(cls)


def test_modes_are_two_methods():
    """One of the two is no mode."""
    both = type("Both", (), {"train": lambda self: None, "eval": lambda self: None})
    assert has_modes(both())
    assert not has_modes(type("One", (), {"train": lambda self: None})())
