"""From what a check raises to the result of a property, in this process."""

from __future__ import annotations

import contextlib
import io
import json
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from optim_conformance.addresses import in_child
from optim_conformance.outcomes import Differs, DoesNotApply, Result
from optim_conformance.subject import Subject
from optim_conformance.table import Property
from optim_conformance.trials.exceptions import told
from optim_conformance.trials.global_state import restored
from optim_core.plugin_class.declarations import ATTRIBUTE
from optim_core.plugin_tools import visible

__all__ = ["at_rest", "failed", "not_applicable", "result_of"]

LONGEST = 600
# A declaration that is made of what was seen stands on one line of the source.
LONGEST_REASON = 78
_IDLE = "differs: no value that was tried changes what is done"
_FOLDERS = re.compile(r"(?:/[\w.@+-]+)+/")
_PLACE = re.compile(r" \(at [^()]*\)")


@attrs.define
class _Failure:
    """What a check raised."""

    expected: str
    seen: str
    raised: bool
    declares: tuple[str, ...] | None = None
    repair: str | None = None
    withdraws: tuple[str, ...] = ()


def result_of(subject: Subject, wanted: Property, given: Any) -> Result:
    """Return what comes of one property of one subject; whatever the plugin raises is in the result.

    Args:
        subject: the plugin.
        wanted: the property.
        given: what its check is given.
    """
    outcome: _Failure | None = None
    try:
        with at_rest():
            wanted.check(given)
    except DoesNotApply as error:
        if wanted.name not in subject.declared:
            return not_applicable(wanted, str(error))
    except Differs as error:
        outcome = _Failure(error.expected, error.seen, False, error.declares, error.repair, error.withdraws)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not in_child():
            raise
        outcome = _Failure("no exception", told(error), raised=True)
    return _judged(subject, wanted, outcome)


def not_applicable(wanted: Property, why: str) -> Result:
    """Return the result of a property that means nothing for the plugin."""
    return Result(property=wanted.name, sentence=wanted.sentence, status="not applicable", reason=why)


def failed(
    wanted: Property,
    expected: str,
    seen: str,
    repair: str | None = None,
    declares: Mapping[str, str | None] | None = None,
) -> Result:
    """Return the result of a property that does not hold."""
    return Result(
        property=wanted.name,
        sentence=wanted.sentence,
        status="failed",
        expected=_short(expected),
        seen=_short(seen),
        repair=repair,
        declares={} if declares is None else declares,
    )


def _judged(subject: Subject, wanted: Property, outcome: _Failure | None) -> Result:
    """Return the result of a property that was checked, in the light of what the plugin declares."""
    declaration = subject.declared.get(wanted.name) if wanted.declarable else None
    made = Result(property=wanted.name, sentence=wanted.sentence, status="passed")
    if declaration is None:
        if outcome is None:
            return made
        return failed(wanted, outcome.expected, outcome.seen, _repair(wanted, outcome), _declares(wanted, outcome))
    refuses = declaration.manner == "refuses"
    # What an optimizer cannot do without what it needs, it may refuse or do wrongly.
    if outcome is not None and (outcome.raised == refuses or wanted.name in subject.implied):
        return attrs.evolve(made, status="declared", reason=str(declaration))
    expected = "an exception" if refuses else "a difference without an exception"
    seen = "the property holds: take the declaration away" if outcome is None else outcome.seen
    if wanted.name in subject.implied:
        expected, seen = "an exception, or a difference", "the property holds: take the word out of `needs`"
        return failed(wanted, f"{expected}, as declared", seen)
    text = None if outcome is None else _declaration(outcome)
    return failed(wanted, f"{expected}, as declared", seen, declares={wanted.name: text})


def _repair(wanted: Property, outcome: _Failure) -> str | None:
    """Say how a plugin declares that this is as it must be; None where it cannot."""
    keys = _keys(wanted, outcome)
    if outcome.repair is not None or not keys:
        return outcome.repair
    declared = json.dumps(dict.fromkeys(keys, f"{'refuses' if outcome.raised else 'differs'}: why"))
    return f"if that is its nature, declare it: {ATTRIBUTE} = {declared}"


def _keys(wanted: Property, outcome: _Failure) -> tuple[str, ...]:
    """Return what may be declared so that the property does not fail."""
    if outcome.declares is not None:
        return outcome.declares
    return (wanted.name,) if wanted.declarable and outcome.repair is None else ()


def _declares(wanted: Property, outcome: _Failure) -> dict[str, str | None]:
    """Return what to declare so that this is no failure, in full; None for a declaration that has to go."""
    keys = _keys(wanted, outcome)
    # What makes a step possible is refused; a field without effect is a difference.
    refused = attrs.evolve(outcome, raised=True) if not wanted.declarable else outcome
    texts = {key: _IDLE if key.startswith("fields.") else _declaration(refused) for key in keys}
    return {**texts, **dict.fromkeys(outcome.withdraws)}


def _declaration(outcome: _Failure) -> str:
    """Return a declaration with what was seen as the reason, without the place in a file, which changes."""
    seen = " ".join(_FOLDERS.sub("", _PLACE.sub("", visible(outcome.seen))).split()).replace('"', "'")
    return f"{'refuses' if outcome.raised else 'differs'}: {textwrap.shorten(seen, LONGEST_REASON, placeholder=' …')}"


def _short(text: str) -> str:
    text = visible(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


@contextlib.contextmanager
def at_rest() -> Iterator[None]:
    """Keep the global state as it is around a check, and silence warnings and what is printed.

    Whether a plugin prints, or changes global state, are properties of their own.
    """
    import torch

    with restored(), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The problems are tiny: threads would only wait for each other.
        torch.set_num_threads(1)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
