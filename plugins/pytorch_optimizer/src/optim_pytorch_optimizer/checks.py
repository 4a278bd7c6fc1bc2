"""Validators for what constructors of pytorch_optimizer check, where optim-core has none of that sort."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from optim_core.validators import FieldError, Interval, ItemsError
from optim_pytorch_optimizer.expressions import Expression

__all__ = ["Betas", "Check", "Item", "MultipleOf", "Refusal", "Relation"]

Check = Callable[[Any, Any, Any], Any]

# The exceptions with which working out an expression ends where the config alone does not give it a value.
_UNDECIDED = (LookupError, TypeError, ArithmeticError)


@attrs.frozen
class Betas:
    """Decay rates: the first two items are in one range, the third is in another; an item may be null."""

    first: Interval
    third: Interval

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: tuple[float | None, ...]) -> None:
        wrong = {}
        for index, item in enumerate(value):
            try:
                if item is not None:
                    (self.third if index == 2 else self.first)(instance, attribute, item)
            except ValueError as error:
                wrong[index] = error
        if wrong:
            raise ItemsError(wrong)


@attrs.frozen
class Item:
    """One item of a list is in a range, or null."""

    index: int
    range: Interval

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: tuple[float | None, ...]) -> None:
        item = value[self.index]
        try:
            if item is not None:
                self.range(instance, attribute, item)
        except ValueError as error:
            raise ItemsError({self.index: error}) from None


@attrs.frozen
class MultipleOf:
    """The value is a multiple of another field, where that is not null."""

    other: str

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: int) -> None:
        divisor = getattr(instance, self.other)
        if divisor and value % divisor:
            raise FieldError(f"must be a multiple of `{self.other}`, {divisor}, is {value}")


@attrs.frozen
class Relation:
    """The value of an expression on several fields is in a range."""

    checked: Expression
    range: Interval

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        try:
            self.range(instance, attribute, self.checked.value(instance))
        except FieldError as error:
            raise FieldError(f"`{self.checked}` {error.message}") from None
        except _UNDECIDED:
            # The source does not show the value, or it is null: the constructor decides.
            return


@attrs.frozen
class Refusal:
    """What a constructor refuses by an ``if`` of its own; its message is put together from the parts of its words."""

    test: Expression
    message: tuple[Expression, ...]

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        try:
            refused = self.test.value(instance)
        except _UNDECIDED:
            # The test asks for more than the config has, such as the parameters: the constructor decides.
            return
        if refused:
            raise FieldError(self._said(instance))

    def _said(self, instance: Any) -> str:
        return "".join(_shown(part, instance) for part in self.message)


def _shown(part: Expression, instance: Any) -> str:
    try:
        return str(part.value(instance))
    except _UNDECIDED:
        return str(part)
