"""The first step: what it wants, and what a report says of that."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import first_steps

from optim_conformance import Kit, properties_of, subject_of

# All classes share a process.
pytestmark = pytest.mark.xdist_group("conformance_first_step")


@pytest.fixture(scope="module")
def first():
    """Gives the result of one property of a class in `first_steps`; all classes share a process."""
    classes = [each for each in vars(first_steps).values() if isinstance(each, type) and hasattr(each, "build")]
    subjects = {cls.__name__: subject_of(cls) for cls in classes}
    kit = Kit(subjects.values())
    return lambda name, wanted="steps": kit.result(subjects[name], properties_of("optimizer")[wanted])


@pytest.mark.parametrize(
    ("name", "repair"),
    [
        ("WantsClosure", 'conformance = {"step_without_closure": "refuses: why"}'),
        ("WantsGraph", 'conformance = {"ordinary_backward": "refuses: why"}'),
        ("WantsMatrices", 'conformance = {"vectors": "refuses: why"}'),
        (
            "WantsMatricesAndClosure",
            'conformance = {"step_without_closure": "refuses: why", "vectors": "refuses: why"}',
        ),
        ("WantsTrain", "it steps after its `train()`"),
    ],
)
def test_what_a_step_wants_is_found_and_said(first, name, repair):
    """`steps` fails and says how to declare it; what needs a step is left out with a word about that."""
    result = first(name)

    assert "failed" == result.status
    assert repair in str(result)
    assert "it takes no step, see `steps`" == first(name, "descends").reason
    assert "passed" == first(name, "round_trip").status


def test_what_never_steps_is_given_no_advice(first):
    """The message has the exception, and the place in the plugin that raised it."""
    result = first("NeverSteps")

    assert result.repair is None
    assert result.seen.startswith("ValueError: out of luck (at first_steps.py:")


def test_what_a_step_with_a_closure_raises_is_said_too(first):
    """Where it is something else, and nothing makes it step."""
    result = first("WantsMoreThanAClosure")

    assert result.seen.startswith("ValueError: a closure (at first_steps.py:")
    assert result.repair.startswith("with a closure: ValueError: a licence (at first_steps.py:")


def test_what_weights_only_refuses_is_named(first):
    """Instead of torch's advice to everybody else."""
    result = first("KeepsAnObject", "state_dict")

    assert "the state holds first_steps.Kept, which weights_only refuses" == result.seen


def test_a_failure_says_how_to_declare_it(first):
    """In the manner that would be true here."""
    assert str(first("KeepsAnObject", "state_dict")).endswith(
        'if that is its nature, declare it: conformance = {"state_dict": "refuses: why"}'
    )
    assert str(first("Prints", "fields")).endswith(
        'if that is its nature, declare it: conformance = {"fields.log_every": "differs: why"}'
    )
