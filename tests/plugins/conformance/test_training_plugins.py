"""The kit is right about plugins of a training command, sound ones and others that are wrong on purpose."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")
pytest.importorskip("lightning")

from training_plugins import SOUND, WRONG, Largest, Linear, Lines, Notes

from optim_conformance import Kit, properties_of, subject_of
from optim_conformance.kinds import RECIPE_KINDS, TRAINING_KINDS

# One process for all of them.
pytestmark = pytest.mark.xdist_group("conformance_of_training_plugins")


@pytest.fixture(scope="module")
def kit():
    """The kit of all of them."""
    return Kit(subject_of(cls, kind) for kind, cls in [*SOUND, *((kind, cls) for kind, _, cls in WRONG)])


def subject_in(kit, cls):
    return next(each for each in kit.subjects if each.cls is cls)


@pytest.mark.parametrize("cls", [cls for _, cls in SOUND], ids=lambda cls: cls.__name__)
def test_a_sound_plugin_has_every_property(kit, cls):
    """Nothing fails."""
    report = kit.report(subject_in(kit, cls))
    assert report.passed, str(report)


@pytest.mark.parametrize(("kind", "name", "cls"), WRONG, ids=lambda each: getattr(each, "__name__", str(each)))
def test_a_wrong_plugin_is_caught_by_what_it_lacks(kit, kind, name, cls):
    """The property fails, and says what was expected and seen."""
    result = kit.result(subject_in(kit, cls), properties_of(kind)[name])
    assert ("failed", True, True) == (result.status, bool(result.expected), bool(result.seen)), str(result)


def test_each_property_of_these_kinds_catches_something():
    """For each property that other kinds do not have there is a wrong plugin."""
    shared = set(properties_of(RECIPE_KINDS[0]))
    wanted = {(kind, name) for kind in TRAINING_KINDS for name in properties_of(kind) if name not in shared}
    assert set() == wanted - {(kind, name) for kind, name, _ in WRONG}


@pytest.mark.parametrize(("cls", "kind"), [(Lines, "dataset"), (Linear, "model"), (Notes, "logger"), (Largest, "demo")])
def test_the_kind_of_a_class_shows_in_its_build(cls, kind):
    """The names of the arguments of `build` tell the kind, and of a dataset what else it has."""
    assert kind == subject_of(cls).kind
