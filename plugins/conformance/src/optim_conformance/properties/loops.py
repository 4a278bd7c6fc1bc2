"""What a plugin needs of the training loop, by its own word, and the loop that reads that: `run.step`."""

from __future__ import annotations

from typing import Any

from optim_conformance.kinds import RECIPE_KINDS
from optim_conformance.outcomes import Differs
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.looping import (
    clipped_by_hand,
    clipped_by_loop,
    scheduled_by_hand,
    scheduled_by_loop,
    trained_by_hand,
    trained_by_loop,
)
from optim_conformance.trials.training import begin, difference, equal, values
from optim_core.errors import PluginError
from optim_core.plugin_class.needs import ATTRIBUTE, has_modes

__all__: list[str] = []

TRIED = 3
STEPS = 8
MODES = "`train()` and `eval()`"


@property_of("optimizer", declarable=False)
def needs(subject: Subject) -> None:
    """What the class says in `needs` is so, and what its optimizer needs of the training loop is said there."""
    try:
        said = subject.needs
    except PluginError as error:
        raise Differs(f"words that `{ATTRIBUTE}` may have", str(error)) from error
    if "metric" in said:
        raise Differs("a need of an optimizer", '"metric", which is one of schedules', repair=_without("metric"))
    modes = has_modes(begin(subject).optimizer)
    if modes and "modes" not in said:
        raise Differs(f'"modes" in `{ATTRIBUTE}`', f"{MODES} without a word of them", repair=_with(said, "modes"))
    if "modes" in said and not modes:
        raise Differs(f"{MODES} of an optimizer that needs modes", "not both", repair=_without("modes"))
    _check_gradients(subject)


def _check_gradients(subject: Subject) -> None:
    """Fail where it is said that gradients are to be there beside a closure and that is not so, or the other way."""
    said = "gradients" in subject.needs
    if said and "closure" not in subject.needs:
        raise Differs('"closure" beside "gradients"', '"gradients" alone', repair=_without("gradients"))
    if "closure" not in subject.needs:
        return
    primed, plain = begin(subject), begin(subject)
    plain.primed = False
    try:
        plain.go(TRIED)
    except Exception as error:
        if not said:
            seen = f"{type(error).__name__} where there is a closure and no gradient yet"
            raise Differs(f'"gradients" in `{ATTRIBUTE}`', seen, repair=_with(subject.needs, "gradients")) from error
        return
    if said and equal(values(plain), values(primed.go(TRIED))):
        raise Differs("steps that need gradients", "the same steps without any", repair=_without("gradients"))


def _with(said: frozenset[Any], word: str) -> str:
    words = [f'"{each}"' for each in sorted({*said, word})]
    return f"say so: {ATTRIBUTE}: ClassVar[tuple[str, ...]] = ({', '.join(words)}{',' if len(words) == 1 else ''})"


def _without(word: str) -> str:
    return f'take "{word}" out of `{ATTRIBUTE}`'


@property_of(*RECIPE_KINDS)
def run_step(subject: Subject) -> None:
    """A loop of `run.step`, which knows of it only what it says, does what the same calls by hand do, bit for bit."""
    if subject.kind == "scheduler":
        _same(scheduled_by_hand(subject), scheduled_by_loop(subject), "rates")
    elif subject.kind == "clipper":
        _same(clipped_by_hand(subject), clipped_by_loop(subject), "norms")
    else:
        hand, loop = trained_by_hand(subject, STEPS), trained_by_loop(subject, STEPS)
        _same(["", *values(hand)], ["", *values(loop)], "")


def _same(by_hand: list[Any], by_loop: list[Any], numbers: str) -> None:
    """Fail where the numbers, which come first, or the parameters after them are not the same."""
    if by_hand[0] != by_loop[0]:
        raise Differs(f"the {numbers} {by_hand[0]}", f"{by_loop[0]}")
    if not equal(by_hand[1:], by_loop[1:]):
        apart = difference(by_hand[1:], by_loop[1:])
        raise Differs("the parameters of the same calls by hand", f"they differ by up to {apart:.3g}")
