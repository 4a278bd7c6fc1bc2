"""Every field of a config does something."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

import attrs

from optim_conformance.kinds import RECIPE_KINDS
from optim_conformance.outcomes import Differs, DoesNotApply
from optim_conformance.subject import Subject
from optim_conformance.table import property_of
from optim_conformance.trials.alternatives import MOST, alternatives
from optim_conformance.trials.live import built
from optim_conformance.trials.traces import Trace, far_apart, group_options, leaves, same, time_to_try, trace
from optim_core.errors import OptimError
from optim_core.plugin_tools import listing

__all__: list[str] = []

# These options say how a step is computed, and not what: it is enough that they reach the optimizer.
HOW = ("foreach", "fused", "capturable", "differentiable")
# The core says what this field means; a schedule does nothing with it.
OF_THE_CALLER = ("monitor",)
# How often combinations of values are tried for one field, and for how many seconds of the processor; and beside how
# many values of others where it is declared that it does nothing.
MOST_TRIED = 120
MOST_BASES_IF_DECLARED = 4
PATIENCE = 10.0

# "raised": the value was accepted, and a step raised an exception.
Effect = Literal["refused", "raised", "none", "some"]


@property_of(*RECIPE_KINDS, seconds=300.0)
def fields(subject: Subject) -> None:
    """Every field changes what is done by at least one of its values, or its other values are refused."""
    effects = _Effects(subject)
    idle: list[str] = []
    lively: list[str] = []
    try:
        for key in time_to_try(subject, subject.fields):
            declared = f"fields.{key}" in subject.declared
            if key in OF_THE_CALLER and subject.kind == "scheduler":
                continue
            if effects.does_something(key, declared=declared):
                lively += [key] if declared else []
            elif not declared:
                idle.append(key)
    except DoesNotApply:
        if not idle and not lively:
            raise
    if idle:
        tried = "; ".join(map(effects.what_was_tried, idle))
        seen = f"nothing changes with {listing(idle)}: {tried}"
        raise Differs("every field changes something", seen, declares=[f"fields.{key}" for key in idle])
    if lively:
        raise Differs(
            f"no effect of {listing(lively)}, as declared",
            "it has one: take the declaration away",
            declares=(),
            withdraws=[f"fields.{key}" for key in lively],
        )


@property_of(*RECIPE_KINDS, seconds=300.0)
def zero_is_meant(subject: Subject) -> None:
    """A field that is set to 0 is not taken for one that is not set."""
    effects = _Effects(subject)
    for key in time_to_try(subject, subject.fields):
        current = getattr(subject.spec().config, subject.fields[key].name)
        tiny = _tiny(current)
        if tiny is None or not _accepts(subject, key, 0) or not _accepts(subject, key, tiny):
            continue
        if effects.sets_apart(key, 0, tiny):
            expected = f"{key}: 0 does nearly what {key}: {tiny!r} does"
            raise Differs(expected, f"it does what the default {current!r} does")


def _tiny(current: Any) -> Any:
    """Return a value that can hardly be told from 0, for what is a number and not 0, or may be one; else None."""
    if isinstance(current, float) and current != 0:
        return current * 1e-6
    return 1e-9 if current is None else None


def _accepts(subject: Subject, key: str, value: Any) -> bool:
    return bool(subject.where_accepted({key: value}))


def _known_as(changes: Mapping[str, Any], *, far: bool = False, half: bool = False) -> str:
    return repr((far, half, sorted(changes.items(), key=lambda item: item[0])))


def _refused_at_build(subject: Subject, changes: Mapping[str, Any]) -> bool:
    """Tell whether values of fields are refused, before there is a step."""
    try:
        built(subject, subject.spec(changes))
    except (OptimError, ValueError, TypeError, NotImplementedError, RuntimeError, ImportError):
        return True
    except Exception:  # noqa: BLE001 - a plugin may raise anything
        return False
    return False


@attrs.define
class _Effects:
    """What values of fields do, beside some other values; what was found out is kept."""

    subject: Subject
    _traces: dict[str, Trace | None] = attrs.field(factory=dict)
    _rich: dict[str, Any] | None = None
    _alternatives: dict[str, list[Any]] = attrs.field(factory=dict)
    _errors: dict[str, Exception] = attrs.field(factory=dict)
    _raised: dict[str, str] = attrs.field(factory=dict)
    _tried: dict[str, str] = attrs.field(factory=dict)

    def does_something(self, key: str, *, declared: bool) -> bool:
        """Tell whether some value of a field has an effect, alone or beside others, or all of them are refused.

        Args:
            key: the field.
            declared: whether it is declared that there is none, and few combinations with other fields are tried.
        """
        values = self._values(key)
        only_refused = True
        for value in values:
            found = self._effect({}, key, value)
            if found == "some":
                return True
            only_refused = only_refused and found == "refused"
        if only_refused:
            return True
        return self._does_something_in_half_precision(key) or self._does_something_beside_others(key, declared)

    def _does_something_beside_others(self, key: str, declared: bool) -> bool:
        """Tell whether a value has an effect beside values of other fields, as many of them as there is time for."""
        every_pair = ((base, value) for base in self._bases(key, declared) for value in self._values(key)[:3])
        pairs = list(islice(every_pair, MOST_TRIED))
        start = time.process_time()
        for number, (base, value) in enumerate(pairs):
            if time.process_time() - start > PATIENCE:
                self._tried[key] = f" beside {number} of {len(pairs)} values of others, for which there was time"
                return False
            if self._effect(base, key, value, far=self._goes_far) == "some":
                return True
        return False

    @property
    def _goes_far(self) -> bool:
        """Tell whether `trace` knows how to go farther than it goes where a value alone is tried."""
        return self.subject.kind == "scheduler"

    def _does_something_in_half_precision(self, key: str) -> bool:
        """Tell whether a value has an effect on parameters of bfloat16, as a sum that is kept more exactly has."""
        if self.subject.kind != "optimizer" or key in HOW or "bf16" in self.subject.declared:
            return False
        return any(self._effect({}, key, value, half=True) == "some" for value in self._values(key)[:3])

    def what_was_tried(self, key: str) -> str:
        """Say which values a field was tried with, and what came of them where it was an exception."""
        values = listing(map(repr, self._values(key)))
        raised = f", and a step raised {self._raised[key]}" if key in self._raised else ""
        return f"{key} was tried as {values}{self._tried.get(key, '')}{raised}"

    def sets_apart(self, key: str, zero: Any, tiny: Any) -> bool:
        """Tell whether 0 does to the bit what the default does, and a value next to 0 does something clearly else."""
        default = self._trace({})
        if default is None or self._leaves(default, {key: zero}) is not False:
            return False
        near = self._trace({key: tiny})
        return near is not None and far_apart(default, near)

    def _values(self, key: str) -> list[Any]:
        if key not in self._alternatives:
            self._alternatives[key] = alternatives(self.subject, key)
        return self._alternatives[key]

    def _effect(
        self, base: Mapping[str, Any], key: str, value: Any, *, far: bool = False, half: bool = False
    ) -> Effect:
        if self.subject.kind == "optimizer" and key in HOW:
            return self._effect_on_groups(base, key, value)
        reference = self._trace(base, far=far, half=half)
        if reference is None:
            return "refused"
        changes = {**base, key: value}
        left = self._leaves(reference, changes, far=far, half=half)
        if left is None:
            return "raised" if self._why_raised(changes, key) else "refused"
        return "some" if left else "none"

    def _leaves(
        self, reference: Trace, changes: Mapping[str, Any], *, far: bool = False, half: bool = False
    ) -> bool | None:
        """Tell whether something else is done with the changes; None where an exception comes before that shows."""
        known = _known_as(changes, far=far, half=half)
        if self.subject.kind != "optimizer" or known in self._traces:
            changed = self._trace(changes, far=far, half=half)
            return None if changed is None else not same(reference, changed)
        try:
            return leaves(reference, self.subject, changes, half=half)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            self._traces[known] = None
            self._errors[known] = error
            return None

    def _why_raised(self, changes: Mapping[str, Any], key: str) -> bool:
        """Tell whether the values are accepted, and it is a step that raises."""
        raised = self._errors.get(_known_as(changes))
        if raised is None or _refused_at_build(self.subject, changes):
            return False
        self._raised[key] = f"{type(raised).__name__}: {raised}"[:100]
        return True

    def _effect_on_groups(self, base: Mapping[str, Any], key: str, value: Any) -> Effect:
        try:
            reference, changed = group_options(self.subject, base), group_options(self.subject, {**base, key: value})
        except Exception:  # noqa: BLE001 - a plugin may refuse by whatever it raises
            return "refused"
        return "none" if reference == changed else "some"

    def _trace(self, changes: Mapping[str, Any], *, far: bool = False, half: bool = False) -> Trace | None:
        """Return what is done with these values; None where something was raised."""
        known = _known_as(changes, far=far, half=half)
        if known not in self._traces:
            try:
                self._traces[known] = trace(self.subject, changes, far=far, half=half)
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                self._traces[known] = None
                self._errors[known] = error
        return self._traces[known]

    def _bases(self, key: str, declared: bool) -> Iterator[dict[str, Any]]:
        """Yield configs in which other fields are not at rest, each once: nesterov means nothing without momentum."""
        known = set() if self._goes_far else {_known_as({})}
        others = [other for other in self.subject.fields if other != key]
        if not declared:
            others.sort(key=self._is_no_switch)
        for base in islice(self._every_base(key, others), MOST_BASES_IF_DECLARED if declared else None):
            if _known_as(base) not in known:
                known.add(_known_as(base))
                yield base

    def _every_base(self, key: str, others: Sequence[str]) -> Iterator[dict[str, Any]]:
        rich = {name: value for name, value in self._all_at_work().items() if name != key}
        yield {}
        yield rich
        for rank in range(MOST):
            for other in others:
                for value in self._values(other)[rank : rank + 1]:
                    yield {other: value}
                    yield {**rich, other: value}

    def _is_no_switch(self, key: str) -> bool:
        """Tell whether a field is something else than a switch, on which other fields hang more often."""
        return not any(isinstance(value, bool) for value in self._values(key)[:1])

    def _all_at_work(self) -> dict[str, Any]:
        """Return another value for each field that is 0 by default, as many as go together."""
        if self._rich is None:
            self._rich = {}
            config = self.subject.spec().config
            for key, field in self.subject.fields.items():
                current = getattr(config, field.name)
                if current == 0 and not isinstance(current, bool):
                    self._rich |= self._first_that_works(key, self._values(key))
        return self._rich

    def _first_that_works(self, key: str, values: Iterable[Any]) -> dict[str, Any]:
        for value in values:
            if self._trace({**(self._rich or {}), key: value}) is not None:
                return {key: value}
        return {}
