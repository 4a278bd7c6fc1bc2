"""Learning-rate factors written as arithmetic: ``"0.95 ** epoch"``, ``"min(1, (step + 1) / 500)"``.

simpleeval evaluates them, without Python's eval. Before it sees one, every part of the expression is looked at, so that
what is no arithmetic, or could cost time, is refused when the config is read.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from optim_core.validators import FieldError, ItemsError

# Expressions for more parameter groups than this are refused: evaluating them takes time.
MOST_GROUPS = 500
MOST_WRONG = 20

__all__ = ["LRLambda", "expressions_evaluate", "factor_function", "lr_lambdas"]

Factor = str | Callable[[int], float]
LRLambda = Factor | list[Factor] | dict[str, Factor]

LONGEST = 200
DEEPEST = 40
SAMPLES = 3


def _power(base: float, exponent: float) -> float:
    # As a float 9**9**9 overflows at once; as an integer it would run for hours.
    try:
        result: float | complex = float(base) ** float(exponent)
    except OverflowError:
        raise ValueError(f"{base} ** {exponent} is too large") from None
    if isinstance(result, complex):
        raise ValueError(f"{base} ** {exponent} is not real")
    return result


OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "cos": math.cos,
    "sin": math.sin,
    "floor": math.floor,
    "ceil": math.ceil,
}
NAMES = ("epoch", "step", "pi", "e")

_ALLOWED = (
    *OPERATORS,
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.Compare,
    ast.IfExp,
    ast.Call,
    ast.Name,
    ast.Load,
    ast.Constant,
)
_HINT = (
    f"an expression has numbers, {', '.join(NAMES)}, + - * / // % **, comparisons, `a if condition else b`, "
    f"and {', '.join(FUNCTIONS)}"
)


def factor_function(expression: str) -> Callable[[int], float]:
    """Return the function of the number of ``step()`` calls, counted from 0, that `expression` describes.

    Returns:
        A function that can be pickled. It raises ValueError where the expression has no value, or one that is not
        finite or below 0.

    Raises:
        ValueError: it is no arithmetic expression in `epoch` or `step`, over 200 characters, or over 40 levels deep.
    """
    return _Factor(expression)


class _Factor:
    """The function of an expression; `factor_function` says more."""

    # torch saves the attributes of what it calls, `__dict__`, in a scheduler's state. Here that is empty.
    __slots__ = ("__dict__", "_evaluator", "_expression", "_tree")

    def __init__(self, expression: str) -> None:
        from simpleeval import SimpleEval  # type: ignore[import-untyped]

        self._expression, self._tree = expression, _arithmetic(expression)
        self._evaluator = SimpleEval(operators=OPERATORS, functions=FUNCTIONS, names={})

    def __reduce__(self) -> tuple[Callable[[str], Callable[[int], float]], tuple[str]]:
        return factor_function, (self._expression,)

    def __call__(self, epoch: int) -> float:
        expression, evaluator = self._expression, self._evaluator
        evaluator.names = {"epoch": epoch, "step": epoch, "pi": math.pi, "e": math.e}
        try:
            value = float(evaluator.eval(expression, previously_parsed=self._tree))
        except (ArithmeticError, TypeError, ValueError) as error:
            raise ValueError(f"`{expression}` has no value at epoch {epoch}: {error}") from error
        if not 0 <= value < math.inf:
            raise ValueError(f"`{expression}` must be finite and ≥ 0, is {value} at epoch {epoch}")
        return value


def lr_lambdas(value: Factor | list[Factor]) -> Callable[[int], float] | list[Callable[[int], float]]:
    """Return what torch takes for a field `lr_lambda`: expressions become functions, functions stay as they are."""
    if isinstance(value, list):
        return [factor_function(item) if isinstance(item, str) else item for item in value]
    return factor_function(value) if isinstance(value, str) else value


def expressions_evaluate(first: int) -> Callable[[Any, attrs.Attribute[Any], LRLambda], None]:
    """Return a validator for a field `lr_lambda`.

    It raises ValueError where an expression is malformed or has no finite value ≥ 0 at the first epochs, where a list
    or mapping is empty, or where something is neither text nor callable.

    Args:
        first: the first epoch at which torch asks for a factor.
    """
    # A failure at a later epoch says nothing, as the run may have ended: "1 - epoch / 50" is fine for 50 epochs.
    epochs = range(first, first + SAMPLES)

    def check(_instance: Any, _attribute: attrs.Attribute[Any], value: LRLambda) -> None:
        if not isinstance(value, (list, dict)):
            _check(value, epochs)
        elif not 0 < len(value) <= MOST_GROUPS:
            raise ValueError(f"must have an item for each parameter group, at most {MOST_GROUPS}, has {len(value)}")
        else:
            _check_items(value.items() if isinstance(value, dict) else enumerate(value), epochs)

    return check


def _check(item: Factor, epochs: Iterable[int]) -> None:
    if isinstance(item, str):
        factor = factor_function(item)
        for epoch in epochs:
            factor(epoch)
    elif not callable(item):
        raise ValueError(f"must be an expression or a function, is {item!r}")


def _check_items(items: Iterable[tuple[Any, Factor]], epochs: Iterable[int]) -> None:
    wrong: dict[Any, ValueError] = {}
    for index, item in items:
        try:
            _check(item, epochs)
        except ValueError as error:
            wrong[index] = error
        if len(wrong) == MOST_WRONG:
            break
    if wrong:
        raise ItemsError(wrong)


def _arithmetic(expression: str) -> ast.expr:
    """Return the syntax tree of an expression in which nothing but arithmetic occurs."""
    if len(expression) > LONGEST:
        raise ValueError(f"must be at most {LONGEST} characters long, is {len(expression):,}")
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise FieldError(f"is not an expression: {expression!r}", _HINT) from None
    called: set[ast.AST] = set()
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, ast.Call):
            called.add(node.func)
        if not _is_arithmetic(node, node in called):
            raise FieldError(f"does not take {_shown(node)}", _repair(node))
        if depth > DEEPEST:
            raise ValueError(f"must be nested at most {DEEPEST} levels deep")
        stack.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return tree.body


def _is_arithmetic(node: ast.AST, is_called: bool) -> bool:
    match node:
        case ast.Constant():
            return type(node.value) in (int, float)
        case ast.Name():
            return node.id in (FUNCTIONS if is_called else NAMES)
        case ast.Call():
            return isinstance(node.func, ast.Name) and not node.keywords
        case _:
            return isinstance(node, _ALLOWED)


def _repair(node: ast.AST) -> str:
    """Return the hint for a part of an expression that is no arithmetic."""
    if isinstance(node, ast.BitXor):
        return "a power is written `**`"
    if isinstance(node, ast.Lambda):
        return f"write what it returns: {ast.unparse(node.body)}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS:
        return f"write `{node.func.attr}` alone"
    return _HINT


def _shown(node: ast.AST) -> str:
    """Return the text of a part of an expression; an operator, which has no text of its own, is shown by its name."""
    if isinstance(node, ast.BitXor):
        return "`^`"
    return f"`{ast.unparse(node)}`" if isinstance(node, ast.expr) else type(node).__name__
