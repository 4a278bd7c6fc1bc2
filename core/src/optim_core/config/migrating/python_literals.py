"""Config files that are Python, read as the literals in them: nothing is executed, and nothing imported."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from optim_core.config.document import Document
from optim_core.config.formats.load import read_text
from optim_core.config.issues import ConfigPath, Position
from optim_core.errors import ConfigError, Problem

__all__ = ["Computed", "load_literals"]

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
# Deeper expressions are no settings.
_DEEPEST = 20


class Computed(str):
    """The text of a value that only running the file would tell."""

    __slots__ = ()


def load_literals(path: Path) -> Document:
    """Return the assignments of a Python file: literals, numbers computed from them, and names assigned before.

    What else is assigned, in a branch or a loop too, is kept as a text, a `Computed`. Lines that assign nothing are
    passed over.

    Raises:
        ConfigError: it cannot be read, or is no Python.
    """
    text = read_text(path)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        message = f"is no Python that could be read: {getattr(error, 'msg', error)}"
        raise ConfigError([Problem(path="", message=message, file=str(path), line=line)]) from None
    values: dict[str, Any] = {}
    places: dict[str, Position] = {}
    for statement in tree.body:
        target, value = _assignment(statement)
        if target is None or value is None:
            # What is assigned in a branch or a loop, only running it would tell.
            for name in _stored(statement):
                values[name.id] = Computed("what is assigned here")
                places[name.id] = (name.lineno, name.col_offset + 1)
            continue
        try:
            values[target] = _literal(value, values, _DEEPEST)
        except (ValueError, ArithmeticError, TypeError):
            values[target] = Computed((ast.get_source_segment(text, value) or "…")[:100])
        places[target] = (statement.lineno, statement.col_offset + 1)

    def locate(where: ConfigPath) -> Position | None:
        return places.get(str(where[0])) if where else None

    return Document(str(path), values, locate)


def _assignment(statement: ast.stmt) -> tuple[str | None, ast.expr | None]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None, None
    return (target.id if isinstance(target, ast.Name) else None), statement.value


def _stored(statement: ast.stmt) -> Iterator[ast.Name]:
    """Yield the names that a statement assigns to, however deep in it, but for those of a function or class."""
    if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node


def _literal(node: ast.expr, known: dict[str, Any], deepest: int) -> Any:
    """Return the value of an expression that needs nothing to be run.

    Raises:
        ValueError: it needs that.
    """
    if deepest == 0:
        raise ValueError
    if isinstance(node, ast.Name) and node.id in known and not isinstance(known[node.id], Computed):
        return known[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = (_literal(side, known, deepest - 1) for side in (node.left, node.right))
        # Text times a number, and numbers of thousands of digits, would take memory.
        if not all(isinstance(side, (int, float)) and abs(side) < 1e100 for side in (left, right)):
            raise ValueError
        return _OPERATORS[type(node.op)](left, right)
    return ast.literal_eval(node)
