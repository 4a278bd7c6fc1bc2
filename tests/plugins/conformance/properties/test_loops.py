"""What an optimizer needs of the training loop: what it says, what is so, and what a report says of that."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import looped

from optim_conformance import Kit, properties_of, subject_of

# All classes share a process.
pytestmark = pytest.mark.xdist_group("conformance_loops")


@pytest.fixture(scope="module")
def found():
    """Gives the result of one property of a class in `looped`; all classes share a process."""
    classes = [each for each in vars(looped).values() if isinstance(each, type) and each.__module__ == "looped"]
    subjects = {cls.__name__: subject_of(cls) for cls in classes}
    kit = Kit(subjects.values())
    return lambda name, wanted: kit.result(subjects[name], properties_of("optimizer")[wanted])


@pytest.mark.parametrize("name", ["SaysThatItNeedsAClosure", "IsWrongWithoutAClosure"])
def test_a_need_is_a_declaration(found, name):
    """`needs = ("closure",)` declares what a step without one is, and all else is checked with one."""
    result = found(name, "step_without_closure")

    assert ("declared", 'refuses: its `needs` has "closure"') == (result.status, result.reason)
    assert ["passed"] * 4 == [found(name, wanted).status for wanted in ("steps", "descends", "needs", "run_step")]


def test_a_need_that_is_not_said_is_told_with_the_words_to_say_it(found):
    """An optimizer that takes gradients before it calls the closure is to say so."""
    result = found("NeedsGradientsOfWhichItSaysNothing", "needs")

    assert "failed" == result.status
    assert 'say so: needs: ClassVar[tuple[str, ...]] = ("closure", "gradients")' == result.repair
    assert ["passed", "passed"] == [found("SaysThatItNeedsGradients", each).status for each in ("needs", "run_step")]


def test_what_is_made_in_eval_mode_is_trained(found):
    """The kit calls no `train()`: creating an optimizer leaves it in train mode."""
    assert ["passed"] * 4 == [
        found("StartsInEvalMode", wanted).status for wanted in ("steps", "modes", "needs", "run_step")
    ]
