"""What a field's validator demands, in words and as JSON Schema keywords, as far as it can be read from outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
from attrs import validators as of_attrs

from optim_core.validators import Each, Interval

__all__ = ["OneOf", "demands", "range_in_words", "range_schema"]

# attrs documents the functions that make its validators, and the attributes of what they return, but not the classes
# of what they return: these are they.
_AND: Any = type(of_attrs.and_(of_attrs.gt(0)))
_OPTIONAL: Any = type(of_attrs.optional(of_attrs.gt(0)))
_NUMBER: Any = type(of_attrs.gt(0))
_IN: Any = type(of_attrs.in_([0]))
_MIN_LENGTH: Any = type(of_attrs.min_len(0))
_MAX_LENGTH: Any = type(of_attrs.max_len(0))
_EACH: Any = type(of_attrs.deep_iterable(of_attrs.gt(0)))

_BOUNDS = {">": "gt", ">=": "ge", "<": "lt", "<=": "le"}


@attrs.frozen
class OneOf:
    """A value is one of `options`, or, where `nullable`, null."""

    options: tuple[Any, ...]
    nullable: bool

    def describe(self) -> str:
        return f"one of {', '.join(map(str, self.options))}"

    def schema(self) -> dict[str, Any]:
        if not all(option is None or isinstance(option, (str, int, float)) for option in self.options):
            return {}
        return {"enum": [*self.options, None] if self.nullable else list(self.options)}


@attrs.frozen
class Length:
    """A value has at least `least` and at most `most` items, or characters in a text; None leaves that bound out."""

    least: int | None = None
    most: int | None = None

    def describe(self) -> str:
        return f"at least {self.least} long" if self.least is not None else f"at most {self.most} long"

    def schema(self) -> dict[str, Any]:
        keywords = {
            "minItems": self.least,
            "minLength": self.least,
            "maxItems": self.most,
            "maxLength": self.most,
        }
        return {keyword: bound for keyword, bound in keywords.items() if bound is not None}


Demand = Interval | Each | OneOf | Length


def demands(validator: Any) -> list[Demand]:
    """Return what `validator` demands, as far as its kind is known here; nothing for any other validator."""
    return list(_demands(validator, nullable=False))


def _demands(validator: Any, *, nullable: bool) -> Iterator[Demand]:
    if isinstance(validator, _AND):
        for part in validator._validators:
            yield from _demands(part, nullable=nullable)
    elif isinstance(validator, _OPTIONAL):
        yield from _demands(validator.validator, nullable=True)
    elif isinstance(validator, _EACH):
        yield from _demands(validator.iterable_validator, nullable=False)
        for demand in _demands(validator.member_validator, nullable=False):
            if isinstance(demand, Interval):
                yield Each(demand)
    else:
        own = _demand(validator, nullable=nullable)
        if own is not None:
            yield own


def _demand(validator: Any, *, nullable: bool) -> Demand | None:
    if isinstance(validator, (Interval, Each)):
        return validator
    if isinstance(validator, _NUMBER) and validator.compare_op in _BOUNDS and _is_number(validator.bound):
        return Interval(**{_BOUNDS[validator.compare_op]: validator.bound})
    if isinstance(validator, _IN):
        return OneOf(tuple(validator.options), nullable)
    if isinstance(validator, _MIN_LENGTH):
        return Length(least=validator.min_length)
    if isinstance(validator, _MAX_LENGTH):
        return Length(most=validator.max_length)
    return None


def _is_number(bound: Any) -> bool:
    return isinstance(bound, (int, float)) and not isinstance(bound, bool)


def range_in_words(validator: Any) -> str | None:
    """Return the range that a validator demands, ``> 0`` or ``each in [0, 1)``; None where nothing is known of it."""
    return " and ".join(demand.describe() for demand in demands(validator)) or None


def range_schema(validator: Any) -> dict[str, Any]:
    """Return the range that a validator demands as JSON Schema keywords, for items of a list below "items"."""
    keywords: dict[str, Any] = {}
    for demand in demands(validator):
        if isinstance(demand, Each):
            # Where a field takes a list of numbers or one number, the one number is held to the same range.
            bounds = demand.validator.schema()
            keywords.update(bounds)
            keywords["items"] = {**keywords.get("items", {}), **bounds}
        else:
            keywords.update(demand.schema())
    return keywords
