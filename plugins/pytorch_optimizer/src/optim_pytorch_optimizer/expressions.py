"""Expressions on a constructor's arguments, worked out for the values of a config."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any, Self

import attrs

from optim_core.bridge import DTYPES, Opaque, SourceModule

__all__ = ["Expression"]

_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@attrs.frozen(eq=False)
class Expression:
    """An expression in the source of a constructor; it holds nothing else of that source, which can be forgotten.

    Args:
        node: the syntax tree of the expression.
        arguments: the names of the constructor's arguments.
        constants: what other names in the expression stand for, where that is plain data.
    """

    node: ast.expr
    arguments: frozenset[str]
    constants: Mapping[str, Any]

    @classmethod
    def of(cls, node: ast.expr, module: SourceModule, arguments: Collection[str]) -> Self:
        """Make the expression of `node`, whose constants are looked up in `module`."""
        names = [part for part in ast.walk(node) if isinstance(part, ast.Name) and part.id not in arguments]
        values = {name.id: module.value(name) for name in names}
        plain = {name: value for name, value in values.items() if not isinstance(value, Opaque)}
        return cls(node, frozenset(arguments), plain)

    @property
    def names(self) -> list[str]:
        """The arguments in the expression, in their order."""
        nodes = (node for node in ast.walk(self.node) if isinstance(node, ast.Name) and node.id in self.arguments)
        return [node.id for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset))]

    def __str__(self) -> str:
        return ast.unparse(self.node)

    def value(self, config: Any) -> Any:
        """Return the value of the expression for an instance of the plugin class.

        Raises:
            LookupError: the expression does more than compare, calculate and choose with arguments and constants.
        """
        return self._value(self.node, config)

    def _value(self, node: ast.expr, config: Any) -> Any:
        match node:
            case ast.Name(id=name):
                return getattr(config, name) if name in self.arguments else self.constants[name]
            case ast.Attribute(value=ast.Name(id="torch"), attr=name) if name in DTYPES:
                # In a config, a dtype is its name.
                return name
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return [self._value(item, config) for item in items]
            case ast.BoolOp(op=ast.And(), values=parts):
                return all(self._value(part, config) for part in parts)
            case ast.BoolOp(values=parts):
                return any(self._value(part, config) for part in parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return not self._value(operand, config)
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
                return _OPERATORS[type(sign)](self._value(left, config), self._value(right, config))
            case ast.Compare(left=left, ops=[sign], comparators=[right]):
                return _OPERATORS[type(sign)](self._value(left, config), self._value(right, config))
        return _literal(node)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError) as error:
        raise LookupError(f"{ast.unparse(node)} is no constant") from error
