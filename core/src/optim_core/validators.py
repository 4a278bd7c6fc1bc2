"""The attrs validators that plugin classes share: each checks a field, and says which values it takes.

A plugin class may use these, those of attrs, or none. The validators of this module say their range in words
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

    A validator may as well raise a ValueError that has a message and no hint.

    Example:
        >>> from optim_core.validators import FieldError
        >>> error = FieldError("must be ≥ 0, is -1", "0 turns it off")
        >>> error.message, error.hint
        ('must be ≥ 0, is -1', '0 turns it off')
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.hint)


class ItemsError(ValueError):
    """Items of a list or mapping are wrong, and the whole is not: each item is reported at its own place.

    Args:
        items: index, counted from 0, or key to what is wrong with that item.

    Example:
        >>> from optim_core.validators import ItemsError
        >>> print(ItemsError({1: ValueError("must be < 1, is 1.5")}))
        item 1 must be < 1, is 1.5
    """

    def __init__(self, items: Mapping[int, ValueError] | Mapping[str, ValueError]) -> None:
        super().__init__("; ".join(f"item {index} {error}" for index, error in items.items()))
        self.items: dict[int | str, ValueError] = {**items}  # type: ignore[dict-item]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.items,)


class Interval:
    """A finite number between bounds, each of which may be left out: ``Interval(gt=0, le=1)`` is 0 < x ≤ 1.

    Raises:
        FieldError: when called with a number outside, or with one that is not finite; with `hint`, the repair.

    Example:
        >>> import attrs
        >>> from optim_core.validators import Interval
        >>> Momentum = attrs.make_class("Momentum", {"beta": attrs.field(validator=Interval(ge=0, lt=1))})
        >>> Momentum(beta=0.9)
        Momentum(beta=0.9)
        >>> Momentum(beta=1.5)
        Traceback (most recent call last):
        optim_core.validators.FieldError: must be in [0, 1), is 1.5
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
        """Return the range in words: ``> 0``, ``in [0, 1)``.

        Example:
            >>> from optim_core.validators import Interval
            >>> Interval(gt=0).describe()
            '> 0'
        """
        if (self.gt is None and self.ge is None) or (self.lt is None and self.le is None):
            bounds = ((">", self.gt), ("≥", self.ge), ("<", self.lt), ("≤", self.le))
            return next((f"{sign} {bound:g}" for sign, bound in bounds if bound is not None), "finite")
        opening = f"({self.gt:g}" if self.gt is not None else f"[{self.ge:g}"
        closing = f"{self.lt:g})" if self.lt is not None else f"{self.le:g}]"
        return f"in {opening}, {closing}"

    def schema(self) -> dict[str, float]:
        """Return the range as JSON Schema keywords.

        Example:
            >>> from optim_core.validators import Interval
            >>> Interval(ge=0, lt=1).schema()
            {'minimum': 0, 'exclusiveMaximum': 1}
        """
        keywords = {
            "exclusiveMinimum": self.gt,
            "minimum": self.ge,
            "exclusiveMaximum": self.lt,
            "maximum": self.le,
        }
        return {keyword: bound for keyword, bound in keywords.items() if bound is not None}


class Each:
    """Every item of a list, tuple or mapping fits `validator`; any other value is checked as one item.

    Raises:
        ItemsError: when called with a list, tuple or mapping that has items which do not fit.
        ValueError: when called with any other value that does not fit.

    Example:
        >>> import attrs
        >>> from optim_core.validators import Each, Interval
        >>> Betas = attrs.make_class("Betas", {"betas": attrs.field(validator=Each(Interval(ge=0, lt=1)))})
        >>> Betas(betas=(0.9, 1.5))
        Traceback (most recent call last):
        optim_core.validators.ItemsError: item 1 must be in [0, 1), is 1.5
    """

    __slots__ = ("validator",)

    def __init__(self, validator: Interval) -> None:
        self.validator = validator

    def __repr__(self) -> str:
        return f"<each item: {self.validator!r}>"

    def __call__(self, instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, (list, tuple, dict)):
            self.validator(instance, attribute, value)
            return
        wrong: dict[Any, ValueError] = {}
        for index, item in value.items() if isinstance(value, dict) else enumerate(value):
            try:
                self.validator(instance, attribute, item)
            except ValueError as error:
                wrong[index] = error
        if wrong:
            raise ItemsError(wrong)

    def describe(self) -> str:
        """Return the range of each item in words.

        Example:
            >>> from optim_core.validators import Each, Interval
            >>> Each(Interval(gt=0)).describe()
            'each > 0'
        """
        return f"each {self.validator.describe()}"


def in_range(
    *,
    gt: float | None = None,
    ge: float | None = None,
    lt: float | None = None,
    le: float | None = None,
    hint: str | None = None,
) -> Interval:
    """Return a validator for a finite number within bounds, of which any may be left out.

    Args:
        gt: the number is greater; give this or `ge`.
        ge: the number is greater or equal.
        lt: the number is less; give this or `le`.
        le: the number is less or equal.
        hint: the repair to name where a number is outside, if there is a better one than a number inside.

    Example:
        >>> from optim_core.validators import in_range
        >>> in_range(gt=0, le=1)
        <a finite number in (0, 1]>
    """
    return Interval(gt=gt, ge=ge, lt=lt, le=le, hint=hint)


def each(validator: Interval) -> Each:
    """Return a validator for a number, or for every number in a list, tuple or mapping.

    Example:
        >>> from optim_core.validators import each, fraction
        >>> each(fraction)
        <each item: <a finite number in [0, 1)>>
    """
    return Each(validator)


positive = in_range(gt=0)
non_negative = in_range(ge=0)
fraction = in_range(ge=0, lt=1)
