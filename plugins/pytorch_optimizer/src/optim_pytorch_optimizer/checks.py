"""The validators of what constructors of pytorch_optimizer check, beside those that optim-core has."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import attrs

from optim_core.validators import FieldError, Interval, ItemsError
from optim_pytorch_optimizer.expressions import Expression

__all__ = ["Betas", "Check", "Item", "Refusal", "Relation"]

Check = Callable[[Any, Any, Any], Any]


@attrs.frozen
class Betas:
    """Decay rates: the first two items in one range, the third in another; null is none."""

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
    """One item of a list is in a range; null is none."""

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
class Relation:
    """What is worked out from several fields is in a range."""

    subject: Expression
    range: Interval

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        try:
            self.range(instance, attribute, self.subject.value(instance))
        except FieldError as error:
            raise FieldError(f"`{self.subject}` {error.message}") from None
        except (LookupError, TypeError):
            # It is more than the source shows, or null; the constructor decides.
            return


@attrs.frozen
class Refusal:
    """What a constructor refuses by an ``if`` of its own, with its words."""

    test: Expression
    message: ast.expr

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        try:
            refused = self.test.value(instance)
        except (LookupError, TypeError):
            # It asks for more than the config has, such as the parameters; the constructor decides.
            return
        if refused:
            raise FieldError(self._said(instance))

    def _said(self, instance: Any) -> str:
        parts = self.message.values if isinstance(self.message, ast.JoinedStr) else [self.message]
        return "".join(self._part(part, instance) for part in parts)

    def _part(self, part: ast.expr, instance: Any) -> str:
        node = part.value if isinstance(part, ast.FormattedValue) else part
        try:
            return str(attrs.evolve(self.test, node=node).value(instance))
        except (LookupError, TypeError):
            return ast.unparse(node)
