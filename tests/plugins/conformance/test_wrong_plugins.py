"""The kit is right about plugins that are wrong on purpose, and about sound ones."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import sound
import wrong_classes  # noqa: F401 - it fills the table
import wrong_clippers  # noqa: F401
import wrong_guests
import wrong_heavy  # noqa: F401
import wrong_optimizers  # noqa: F401
import wrong_options  # noqa: F401
import wrong_schedulers  # noqa: F401
import wrong_steps  # noqa: F401
from wrong_plugins import WRONG, MoreOrLess

from optim_conformance import Kit, properties_of, subject_of

# One process for all: those that need a fresh process share it.
pytestmark = pytest.mark.xdist_group("conformance_of_wrong_plugins")

SOUND = (
    sound.SoundSGD,
    sound.SoundAveraging,
    sound.SoundWithItsOwnRate,
    sound.SoundByNorm,
    sound.SoundDecay,
    sound.SoundClip,
    sound.SoundAdaptiveClip,
)
# Random numbers are drawn by one, which is a property of its own.
DRAWS = {"SoundByNorm": {"global_state"}}


@pytest.fixture(scope="module")
def reports():
    """The report of each class."""
    subjects = {each: subject_of(each) for each in [*SOUND, *(each.cls for each in WRONG)]}
    kit = Kit(subjects.values())
    return {cls: kit.report(subject) for cls, subject in subjects.items()}


@pytest.mark.parametrize("cls", SOUND, ids=lambda cls: cls.__name__)
def test_a_sound_plugin_has_every_property(reports, cls):
    """Nothing fails, and nothing is passed over, but that one of them draws random numbers."""
    others = [result for result in reports[cls].results if result.status not in ("passed", "not applicable")]

    assert [] == [str(result) for result in others if result.property not in DRAWS.get(cls.__name__, ())]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.property}-{wrong.cls.__name__}")
def test_a_wrong_plugin_is_caught_by_what_it_lacks(reports, wrong):
    """The property fails, and no property but those that cannot hold without it."""
    report = reports[wrong.cls]
    failed = {result.property for result in report.of("failed")}
    told = str(report)

    assert wrong.property in failed, told
    if wrong.others is not MoreOrLess:
        assert wrong.others | {wrong.property} == failed, told


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: f"{wrong.property}-{wrong.cls.__name__}")
def test_a_failure_says_what_was_expected_and_seen(reports, wrong):
    """Each failed result has both, and the sentence."""
    for result in reports[wrong.cls].of("failed"):
        assert result.expected
        assert result.seen
        assert result.sentence in str(result)


def test_all_that_is_left_behind_is_named(reports):
    """The message has each part of the process's state that the plugin changes."""
    (result,) = (each for each in reports[wrong_guests.LeavesMuchBehind].results if each.property == "global_state")

    assert [] == [part for part in wrong_guests.LEFT_BEHIND if part not in result.seen]


def test_each_property_catches_something(reports):
    """For each property of each kind there is a wrong plugin; what all kinds share needs one of any kind."""
    caught = {(reports[wrong.cls].kind, wrong.property) for wrong in WRONG}
    of_any = {name for _, name in caught}
    checks = {kind: properties_of(kind) for kind in ("optimizer", "scheduler", "clipper")}
    shared = set.intersection(*(set(properties) for properties in checks.values()))
    wanted = {(kind, name) for kind, properties in checks.items() for name in properties if name not in shared}

    assert set() == wanted - caught
    assert set() == shared - of_any
