"""The table of properties."""

from __future__ import annotations

from typing import Any, Protocol

import attrs
import pytest

from optim_conformance import properties_of, subject_of
from optim_conformance.kinds import EVERY_KIND
from optim_core import OptimError
from optim_core.kinds import KINDS, PluginKind


class AveragerPlugin(Protocol):
    """A kind that the core does not ship."""

    def build(self, model: Any) -> Any: ...


@attrs.frozen
class EMA:
    """An average of the weights."""

    def build(self, model):
        return model


@pytest.mark.parametrize("kind", ["optimizer", "scheduler", "clipper"])
def test_each_property_has_one_sentence(kind):
    """It ends with a full stop, and says what must be true in one line of text."""
    for made in properties_of(kind).values():
        assert made.sentence.endswith("."), made.name
        assert len(made.sentence) < 130, made.name


def test_the_kit_has_properties_of_every_kind_of_the_core():
    """They are named in the order of the core's table."""
    assert tuple(KINDS) == EVERY_KIND
    assert all(properties_of(kind) for kind in KINDS)


def test_a_kind_of_which_the_kit_has_no_properties_is_refused(monkeypatch):
    """It is said so, whether the properties are asked for or a plugin is to be checked."""
    row = PluginKind(group="optim_core.averagers", protocol=AveragerPlugin, methods=("update(parameters)",))
    monkeypatch.setitem(KINDS, "averager", row)
    for ask in (lambda: properties_of("averager"), lambda: subject_of(EMA, "averager")):
        with pytest.raises(OptimError, match=r"no properties of the kind `averager` .* optimizer, scheduler, clipper"):
            ask()
