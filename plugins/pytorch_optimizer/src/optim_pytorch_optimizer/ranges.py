"""What constructors of pytorch_optimizer demand of their arguments, read from their calls of ``self.validate_…``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs
from attrs import validators

from optim_core.bridge import SourceClass
from optim_core.validators import Interval, ItemsError, each, in_range, non_negative, positive

__all__ = ["Betas", "checks_of"]

Validator = Callable[[Any, Any, Any], Any]

_PREFIX = "validate_"
_BOUNDS = {"[": "ge", "(": "gt", "]": "le", ")": "lt"}


@attrs.frozen
class Betas:
    """A validator of decay rates: of the first two items by one range, of the third by another; null is none."""

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


def checks_of(found: SourceClass) -> dict[str, Validator]:
    """Argument to the validator for what the class's constructor checks of it, whatever else it is given."""
    checks: dict[str, Validator] = {}
    for name, check, options in _calls(found):
        validator = _validator(name, check, options) if check != "betas" else _betas(found, name, options)
        if validator is not None:
            checks[name] = validator
    return checks


def _calls(found: SourceClass) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Argument, kind of check and its other arguments; what is checked under a condition only is left out."""
    names = {argument.name for argument in found.arguments}
    for node in found.constructor.body:
        match node:
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(attr=check), args=[ast.Name(id=name), *rest], keywords=keywords)
            ) if check.startswith(_PREFIX) and name in names:
                given = {keyword.arg or "": found.module.value(keyword.value) for keyword in keywords}
                yield name, check.removeprefix(_PREFIX), {"": [found.module.value(item) for item in rest], **given}


def _validator(name: str, check: str, given: Mapping[str, Any]) -> Validator | None:
    rest = given[""]
    match check:
        case "learning_rate":
            # A rate of 0, which the library takes, trains nothing.
            return positive
        case "non_negative":
            return non_negative
        case "positive":
            return positive
        case "non_positive":
            return in_range(le=0)
        case "step":
            return in_range(ge=1)
        case "nus":
            return each(in_range(ge=0, le=1)) if name == "nus" else in_range(ge=0, le=1)
        case "options" if len(rest) == 2 and isinstance(rest[1], list):
            return validators.in_(rest[1])
        case "range" if len(rest) in (3, 4):
            low, high = rest[1:3]
            return _interval(rest[3] if len(rest) == 4 else given.get("range_type", "[)"), low, high)
    return None


def _betas(found: SourceClass, name: str, given: Mapping[str, Any]) -> Validator:
    argument = next(argument for argument in found.arguments if argument.name == name)
    rest = given[""]
    first = _interval(given.get("beta_range_type", rest[0] if rest else "[)"), 0.0, 1.0)
    third = _interval(given.get("beta3_range_type", rest[1] if len(rest) > 1 else "[]"), 0.0, 1.0)
    takes_null = argument.annotation is not None and "None" in ast.unparse(argument.annotation)
    two = isinstance(argument.default, tuple) and len(argument.default) == 2 and not takes_null
    return each(first) if two else Betas(first, third)


def _interval(brackets: str, low: float, high: float) -> Interval:
    bounds: dict[str, Any] = {_BOUNDS[brackets[0]]: low, _BOUNDS[brackets[1]]: high}
    return in_range(**bounds)
