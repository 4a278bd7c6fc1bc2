"""The type that a config's field has for an annotation in a library's source."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any, Literal

from optim_core.bridge.parsing import unquoted
from optim_core.bridge.source import MOST_STEPS, Argument, SourceModule

__all__ = ["DTYPES", "config_type", "is_dtype"]

DTYPES = ("bfloat16", "float16", "float32", "float64")

_SCALARS: dict[str, Any] = {"float": float, "int": int, "bool": bool, "str": str, "None": type(None)}
_LISTS = ("list", "List", "Sequence", "Iterable")


def config_type(argument: Argument, module: SourceModule | None) -> Any:
    """Return the type of the field for an argument; None where no value of a config can be meant.

    A tensor, a function or a process group has no place in a config: the field of ``float | Tensor`` is a float. Where
    the annotation allows tuples of several lengths, the field has the length of the default. Where an argument has no
    annotation, its default says what is meant.

    Args:
        argument: an argument of a constructor, as its source has it.
        module: the module in which its annotation means something.

    Example:
        >>> import ast
        >>> from optim_core.bridge import Argument, config_type
        >>> config_type(Argument("lr", ast.parse("float | Tensor", mode="eval").body, 0.1), None)
        <class 'float'>
    """
    if argument.annotation is None:
        return _of_default(argument.default)
    wanted = list(dict.fromkeys(_alternatives(argument.annotation, module, MOST_STEPS)))
    if isinstance(argument.default, tuple):
        lengths = len(argument.default)
        wanted = [each for each in wanted if getattr(each, "__origin__", None) is not tuple or _fits(each, lengths)]
    if argument.default is None and wanted and type(None) not in wanted:
        wanted.append(type(None))
    return None if set(wanted) <= {type(None)} else reduce(or_, wanted)


def is_dtype(argument: Argument) -> bool:
    """Return whether an argument is a ``torch.dtype``, which a config gives by its name.

    Example:
        >>> import ast
        >>> from optim_core.bridge import Argument, is_dtype
        >>> is_dtype(Argument("dtype", ast.parse("torch.dtype", mode="eval").body, None))
        True
    """
    if argument.annotation is None or isinstance(argument.annotation, ast.Name):
        # Most are, and to walk through these takes ten times as long.
        return argument.annotation is not None and argument.annotation.id == "dtype"
    nodes = ast.walk(argument.annotation)
    return any(_last_name(node) == "dtype" for node in nodes)


def _of_default(default: Any) -> Any:
    if isinstance(default, tuple) and default and all(_is_number(item) for item in default):
        return tuple[(float,) * len(default)]  # type: ignore[misc]
    # Where nothing else says the type, a default of 0 is as likely to mean any number as a whole one.
    return int | float if type(default) is int else type(default) if type(default) in (bool, float, str) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _fits(wanted: Any, length: int) -> bool:
    return ... in wanted.__args__ or len(wanted.__args__) == length


def _alternatives(node: ast.expr, module: SourceModule | None, steps: int) -> Iterable[Any]:
    """Yield the types that an annotation allows, as far as a config can hold them."""
    match node:
        case ast.Constant(value=None):
            yield type(None)
        case ast.Constant(value=str()) if (inner := unquoted(node)) is not node:
            yield from _alternatives(inner, module, steps)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _alternatives(left, module, steps)
            yield from _alternatives(right, module, steps)
        case ast.Subscript(value=value, slice=inner):
            items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            yield from _generic(_last_name(value), items, module, steps)
        case ast.Name(id=name) if name in _SCALARS:
            yield _SCALARS[name]
        case _ if _last_name(node) == "dtype":
            yield Literal[DTYPES]
        case ast.Name(id=name) if (
            module and steps and (origin := module.origin(name)) and origin[1] in origin[0].values
        ):
            yield from _alternatives(origin[0].values[origin[1]], origin[0], steps - 1)
        case _:
            pass


def _generic(name: str, items: list[ast.expr], module: SourceModule | None, steps: int) -> Iterable[Any]:
    if name == "Literal":
        yield Literal[tuple(item.value for item in items if isinstance(item, ast.Constant))]
    elif name in ("Union", "Optional"):
        for item in items:
            yield from _alternatives(item, module, steps)
        if name == "Optional":
            yield type(None)
    elif name in ("tuple", "Tuple"):
        inner = [... if _is_ellipsis(item) else _one(item, module, steps) for item in items]
        if all(each is not None for each in inner):
            yield tuple[tuple(inner)]  # type: ignore[misc]
    elif name in _LISTS and (wanted := _one(items[0], module, steps)) is not None:
        yield list[wanted]  # type: ignore[valid-type]


def _one(node: ast.expr, module: SourceModule | None, steps: int) -> Any:
    types = list(_alternatives(node, module, steps))
    return reduce(or_, types) if types else None


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _last_name(node: ast.AST) -> str:
    """Return the last part of a name: ``float`` of ``float``, ``Tensor`` of ``torch.Tensor``; "" of what is no name."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
