"""The ranges that constructors of pytorch_optimizer demand, read from the checks with which they begin."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import validators

from optim_core.bridge import SourceClass
from optim_core.validators import Interval, each, fraction, in_range, non_negative, positive
from optim_pytorch_optimizer.checks import Betas, Check, Item, MultipleOf, Refusal, Relation
from optim_pytorch_optimizer.expressions import Expression

__all__ = ["checks_of"]

_PREFIX = "validate_"
_BOUNDS = {"[": "ge", "(": "gt", "]": "le", ")": "lt"}

# Class and argument to a range that the constructor does not check: with a value outside, a step divides by zero, goes
# uphill, or takes it for another value.
_MISSED: dict[tuple[str, str], Interval] = {
    ("AccSGD", "constant"): positive,
    ("AccSGD", "kappa"): positive,
    ("AccSGD", "xi"): positive,
    ("AdEMAMix", "t_alpha_beta3"): positive,
    ("AdaHessian", "update_period"): in_range(ge=1),
    ("AdamMini", "num_query_groups"): positive,
    ("Adalite", "eps2"): positive,
    ("Adalite", "tau"): positive,
    ("GrokFastAdamW", "grokfast_lamb"): non_negative,
    ("MSVAG", "beta"): fraction,
    ("Prodigy", "d0"): positive,
    ("Ranger21", "num_iterations"): in_range(ge=1),
    ("SCION", "norm_type"): in_range(ge=0, le=7),
    ("SCIONLight", "norm_type"): in_range(ge=0, le=7),
    ("SGDP", "momentum"): in_range(lt=1),
    ("SRMM", "memory_length"): in_range(ge=1),
    ("Shampoo", "matrix_eps"): positive,
    ("VSGD", "ps"): positive,
    ("Yogi", "initial_accumulator"): non_negative,
}


def checks_of(found: SourceClass) -> dict[str, Check]:
    """Return argument to the validator for what the constructor checks of it before it does anything else."""
    checks: dict[str, list[Check]] = {}
    for name, check in _checks(found, found.constructor.body):
        checks.setdefault(name, []).append(check)
    for (owner, name), check in _MISSED.items():
        if owner == found.name and any(argument.name == name for argument in found.arguments):
            checks.setdefault(name, []).append(check)
    return {name: own[0] if len(own) == 1 else validators.and_(*own) for name, own in checks.items()}


def _checks(found: SourceClass, statements: Iterable[ast.stmt]) -> Iterator[tuple[str, Check]]:
    """Yield argument and check of each ``self.validate_…(…)`` and ``if …: raise …``, also below ``is not None``."""
    names = {argument.name for argument in found.arguments}
    for statement in statements:
        match statement:
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(attr="validate_mod"),
                    args=[ast.Name(id=name), ast.Name(id=divisor) | ast.Attribute(attr=divisor)],
                )
            ) if {name, divisor} <= names:
                yield name, MultipleOf(divisor)
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=check), args=[checked, *rest], keywords=keywords)) if (
                check.startswith(_PREFIX)
            ):
                given = {keyword.arg or "": found.module.value(keyword.value) for keyword in keywords}
                given[""] = [found.module.value(item) for item in rest]
                expression = Expression.of(checked, found.module, names)
                yield from _validated(found, expression, check.removeprefix(_PREFIX), given)
            case ast.If(
                test=ast.Compare(left=ast.Name(id=name), ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]),
                body=body,
                orelse=[],
            ):
                # A validator of a field is not asked about null, so the condition need not be kept.
                yield from ((own, check) for own, check in _checks(found, body) if own == name)
            case ast.If(test=test, body=[ast.Raise(exc=ast.Call(args=[message, *_]))], orelse=[]):
                yield from _refused(found, test, message)


def _validated(
    found: SourceClass, checked: Expression, check: str, given: Mapping[str, Any]
) -> Iterator[tuple[str, Check]]:
    match checked.node:
        case ast.Name(id=name) if name in checked.arguments:
            validator = _betas(found, name, given) if check == "betas" else _validator(name, check, given)
            if validator is not None:
                yield name, validator
        case ast.Tuple(elts=[ast.Starred(value=ast.Name(id=first)), ast.Name(id=third)]) if check == "betas":
            decays = _decays(given)
            yield first, each(decays.first)
            yield third, decays.third
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(index))):
            validator = _validator(name, check, given)
            if isinstance(validator, Interval):
                yield name, Item(index, validator)
        case _ if checked.names:
            validator = _validator(str(checked), check, given)
            if isinstance(validator, Interval):
                yield checked.names[-1], Relation(checked, validator)


def _refused(found: SourceClass, test: ast.expr, message: ast.expr) -> Iterator[tuple[str, Check]]:
    match test:
        case ast.Compare(left=ast.Name(id=name), ops=[ast.NotIn()], comparators=[options]):
            allowed = found.module.value(options)
            if isinstance(allowed, (tuple, list)):
                yield name, validators.in_([option for option in allowed if option is not None])
                return
    arguments = {argument.name for argument in found.arguments}
    expression = Expression.of(test, found.module, arguments)
    if expression.names:
        nodes = message.values if isinstance(message, ast.JoinedStr) else [message]
        nodes = [node.value if isinstance(node, ast.FormattedValue) else node for node in nodes]
        yield (
            expression.names[-1],
            Refusal(expression, tuple(Expression.of(node, found.module, arguments) for node in nodes)),
        )


def _validator(name: str, check: str, given: Mapping[str, Any]) -> Check | None:
    rest = given[""]
    match check:
        case "learning_rate":
            # The library takes a rate of 0, with which nothing is trained.
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
        case "boundary":
            bound = given["boundary"] if "boundary" in given else rest[0]
            return in_range(ge=bound) if given.get("bound_type", "upper") == "lower" else in_range(le=bound)
    return None


def _betas(found: SourceClass, name: str, given: Mapping[str, Any]) -> Check:
    argument = next(argument for argument in found.arguments if argument.name == name)
    decays = _decays(given)
    takes_null = argument.annotation is not None and "None" in ast.unparse(argument.annotation)
    two = isinstance(argument.default, tuple) and len(argument.default) == 2 and not takes_null
    return each(decays.first) if two else decays


def _decays(given: Mapping[str, Any]) -> Betas:
    """Return the ranges that a call of ``validate_betas`` checks."""
    rest = given[""]
    first = _interval(given.get("beta_range_type", rest[0] if rest else "[)"), 0.0, 1.0)
    third = _interval(given.get("beta3_range_type", rest[1] if len(rest) > 1 else "[]"), 0.0, 1.0)
    return Betas(first, third)


def _interval(brackets: str, low: float, high: float) -> Interval:
    bounds: dict[str, Any] = {_BOUNDS[brackets[0]]: low, _BOUNDS[brackets[1]]: high}
    return in_range(**bounds)
