"""The attrs validators that plugin classes share.

They are plain attrs validators: plugin classes may use them, attrs' own, or neither. These say their range in words
(`describe`), which `optim show` prints, and as JSON Schema keywords (`schema`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from optim_core.text.values import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import attrs

__all__ = [
    "Each",
    "FieldError",
    "Interval",
    "ItemsError",
    "each",
    "fraction",
    "in_range",
    "non_negative",
    "positive",
]


class FieldError(ValueError):
    """What a validator has against a value: `message`, and in `hint` the repair.

    A ValueError with a text alone does as well.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.hint)


class ItemsError(ValueError):
    """Items of a list are wrong, and the list is not: each is reported at its own place.

    Args:
        items: index, counted from 0, to what is wrong with that item.
    """

    def __init__(self, items: Mapping[int, ValueError]) -> None:
        super().__init__("; ".join(f"item {index} {error}" for index, error in items.items()))
        self.items = dict(items)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.items,)


class Interval:
    """A finite number between bounds, each of which may be left out: ``Interval(gt=0, le=1)`` is 0 < x ≤ 1.

    Raises:
        FieldError: when called with a number outside, or with one that is not finite; with `hint`, the repair.
    """

    __slots__ = ("ge", "gt", "hint", "le", "lt")

    def __init__(
        self,
        *,
        gt: float | None = None,
        ge: float | None = None,
        lt: float | None = None,
        le: float | None = None,
        hint: str | None = None,
    ) -> None:
        self.hint = hint
        self.gt = gt
        self.ge = ge
        self.lt = lt
        self.le = le

    def __repr__(self) -> str:
        return f"<a finite number {self.describe()}>"

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        inside = (
            (self.gt is None or value > self.gt)
            and (self.ge is None or value >= self.ge)
            and (self.lt is None or value < self.lt)
            and (self.le is None or value <= self.le)
            and math.isfinite(value)
        )
        if not inside:
            raise FieldError(f"must be {self.describe()}, is {shown(value)}", self.hint)

    def describe(self) -> str:
        """The range in words: ``> 0``, ``in [0, 1)``."""
        if (self.gt is None and self.ge is None) or (self.lt is None and self.le is None):
            bounds = ((">", self.gt), ("≥", self.ge), ("<", self.lt), ("≤", self.le))
            return next((f"{sign} {bound:g}" for sign, bound in bounds if bound is not None), "finite")
        opening = f"({self.gt:g}" if self.gt is not None else f"[{self.ge:g}"
        closing = f"{self.lt:g})" if self.lt is not None else f"{self.le:g}]"
        return f"in {opening}, {closing}"

    def schema(self) -> dict[str, float]:
        """The range as JSON Schema keywords."""
        keywords = {
            "exclusiveMinimum": self.gt,
            "minimum": self.ge,
            "exclusiveMaximum": self.lt,
            "maximum": self.le,
        }
        return {keyword: bound for keyword, bound in keywords.items() if bound is not None}


class Each:
    """Every item of a list or tuple fits `validator`; a value that is neither is checked as it is.

    Raises:
        ItemsError: when called with a list of which items do not fit.
        ValueError: when called with another value, which does not fit.
    """

    __slots__ = ("validator",)

    def __init__(self, validator: Interval) -> None:
        self.validator = validator

    def __repr__(self) -> str:
        return f"<each item: {self.validator!r}>"

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, (list, tuple)):
            self.validator(instance, attribute, value)
            return
        wrong = {}
        for index, item in enumerate(value):
            try:
                self.validator(instance, attribute, item)
            except ValueError as error:
                wrong[index] = error
        if wrong:
            raise ItemsError(wrong)

    def describe(self) -> str:
        """The range of each item in words."""
        return f"each {self.validator.describe()}"


def in_range(
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    hint: str | None = None,
) -> Interval:
    """A validator for a finite number within bounds, of which at most one each from below and from above is given.

    `hint` is the repair to name where a number is outside, if there is a better one than a number inside.
    """
    return Interval(gt=gt, ge=ge, lt=lt, le=le, hint=hint)


def each(validator: Interval) -> Each:
    """A validator for a number, or for every number in a list or tuple."""
    return Each(validator)


positive = in_range(gt=0)
non_negative = in_range(ge=0)
fraction = in_range(ge=0, lt=1)
