"""Every field of a config does something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import attrs

from optim_core.names import listing
from optim_core.testing.alternatives import MOST, alternatives
from optim_core.testing.outcomes import Differs
from optim_core.testing.subject import Subject
from optim_core.testing.table import EVERY_KIND, property_of
from optim_core.testing.traces import Trace, far_apart, group_options, same, time_to_try, trace

__all__: list[str] = []

# How a step is computed, and not what: of these it is enough that they reach the optimizer.
HOW = ("foreach", "fused", "capturable", "differentiable")
# What core says that it means; a schedule does nothing with it.
OF_THE_CALLER = ("monitor",)
# How often combinations of values are tried for one field.
MOST_TRIED = 120
MOST_TRIED_IF_DECLARED = 12

Effect = Literal["refused", "none", "some"]


@property_of(*EVERY_KIND, seconds=300.0)
def fields(subject: Subject) -> None:
    """Every field changes what is done by at least one of its values, or its other values are refused."""
    effects = _Effects(subject)
    idle, lively = [], []
    for key in time_to_try(subject, subject.fields):
        declared = f"fields.{key}" in subject.declared
        if key in OF_THE_CALLER and subject.kind == "scheduler":
            continue
        if effects.does_something(key, MOST_TRIED_IF_DECLARED if declared else MOST_TRIED):
            lively += [key] if declared else []
        elif not declared:
            idle.append(key)
    if idle:
        tried = "; ".join(f"{key} was tried as {listing(map(repr, alternatives(subject, key)))}" for key in idle)
        raise Differs("every field changes something", f"nothing changes with {listing(idle)}: {tried}")
    if lively:
        raise Differs(f"no effect of {listing(lively)}, as declared", "it has one: take the declaration away")


@property_of(*EVERY_KIND, seconds=300.0)
def zero_is_meant(subject: Subject) -> None:
    """A field that is set to 0 is not taken for one that is not set."""
    effects = _Effects(subject)
    for key, field in subject.fields.items():
        current = getattr(subject.spec().config, field.name)
        tiny = _tiny(current)
        if tiny is None or not _accepts(subject, key, 0) or not _accepts(subject, key, tiny):
            continue
        if effects.sets_apart(key, 0, tiny):
            expected = f"{key}: 0 does nearly what {key}: {tiny!r} does"
            raise Differs(expected, f"it does what the default {current!r} does")


def _tiny(current: Any) -> Any:
    """A value that can hardly be told from 0, for what is a number and not 0, or may be one; else None."""
    if isinstance(current, float) and current != 0:
        return current * 1e-6
    return 1e-9 if current is None else None


def _accepts(subject: Subject, key: str, value: Any) -> bool:
    return bool(subject.where_accepted({key: value}))


@attrs.define
class _Effects:
    """What values of fields do, beside some other values; what was found out is kept."""

    subject: Subject
    _traces: dict[str, Trace | None] = attrs.field(factory=dict)
    _rich: dict[str, Any] | None = None
    _alternatives: dict[str, list[Any]] = attrs.field(factory=dict)

    def does_something(self, key: str, most: int) -> bool:
        """Whether some value of a field has an effect, alone or beside others, or all of them are refused.

        Args:
            key: the field.
            most: how many combinations with values of other fields are tried.
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
        tried = ((base, value) for base in self._bases(key) for value in values[:3])
        return any(
            self._effect(base, key, value, far=True) == "some"
            for (base, value), _ in zip(tried, range(most), strict=False)
        )

    def sets_apart(self, key: str, zero: Any, tiny: Any) -> bool:
        """Whether 0 does to the bit what the default does, and a value next to 0 does something clearly else."""
        default, at_zero, near = self._trace({}), self._trace({key: zero}), self._trace({key: tiny})
        if default is None or at_zero is None or near is None:
            return False
        return same(default, at_zero) and far_apart(default, near)

    def _values(self, key: str) -> list[Any]:
        if key not in self._alternatives:
            self._alternatives[key] = alternatives(self.subject, key)
        return self._alternatives[key]

    def _effect(self, base: Mapping[str, Any], key: str, value: Any, *, far: bool = False) -> Effect:
        if self.subject.kind == "optimizer" and key in HOW:
            return self._effect_on_groups(base, key, value)
        reference, changed = self._trace(base, far), self._trace({**base, key: value}, far)
        if reference is None or changed is None:
            return "refused"
        return "none" if same(reference, changed) else "some"

    def _effect_on_groups(self, base: Mapping[str, Any], key: str, value: Any) -> Effect:
        try:
            reference, changed = group_options(self.subject, base), group_options(self.subject, {**base, key: value})
        except Exception:  # noqa: BLE001 - a plugin may refuse by whatever it raises
            return "refused"
        return "none" if reference == changed else "some"

    def _trace(self, changes: Mapping[str, Any], far: bool = False) -> Trace | None:
        """What is done with these values; None where they are refused."""
        known = repr((far, sorted(changes.items(), key=lambda item: item[0])))
        if known not in self._traces:
            try:
                self._traces[known] = trace(self.subject, changes, far=far)
            except Exception:  # noqa: BLE001 - a plugin may refuse by whatever it raises
                self._traces[known] = None
        return self._traces[known]

    def _bases(self, key: str) -> Iterator[dict[str, Any]]:
        """Configs in which other fields are not at rest: nesterov means nothing without momentum."""
        rich = {name: value for name, value in self._all_at_work().items() if name != key}
        yield {}
        yield rich
        others = [other for other in self.subject.fields if other != key]
        for rank in range(MOST):
            for other in others:
                for value in self._values(other)[rank : rank + 1]:
                    yield {other: value}
                    yield {**rich, other: value}

    def _all_at_work(self) -> dict[str, Any]:
        """Fields that are 0 by default at another value, as many as go together."""
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
