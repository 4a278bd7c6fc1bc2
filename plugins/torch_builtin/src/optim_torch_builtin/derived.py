"""Plugin classes made of classes of torch."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any, Literal

import attrs

from optim_core.bridge import (
    Argument,
    LibraryClass,
    Opaque,
    SourceModule,
    config_type,
    is_dtype,
    parse_docstring,
    wrapping,
)

__all__ = ["field_type", "plugin_class"]

# Arguments that no config has: how a scheduler continues is said when it is created.
LEFT_OUT = ("last_epoch",)


def plugin_class(
    kind: Literal["optimizer", "scheduler"], module: str, found: LibraryClass, provider: str | None = None
) -> type[Any]:
    """Make an attrs class with a field for each argument but `last_epoch` and the first, which `build` is given.

    A default that is no plain data is shown as null, and left to torch.

    Raises:
        LookupError: it is made of something else than parameters or an optimizer.
    """
    # Without its annotation an argument that is a dtype takes any value, which torch then judges.
    arguments = tuple(attrs.evolve(each, annotation=None) if is_dtype(each) else each for each in found.arguments)
    made = wrapping(
        attrs.evolve(found, arguments=arguments),
        module,
        kind=kind,
        leave_out=LEFT_OUT,
        types={argument.name: field_type(argument, found.module) for argument in found.arguments},
        members={"interval": "epoch"} if kind == "scheduler" else {},
        provider=provider,
    )
    made.__doc__ = _docstring(module, found, [field.name for field in attrs.fields(made)])
    return made


def field_type(argument: Argument, module: SourceModule | None) -> Any:
    """Return the type of the field for an argument; Any where no value of a config is meant: torch then judges it."""
    if argument.annotation is None and argument.name == "lr":
        return float
    wanted = None if is_dtype(argument) else config_type(argument, module)
    if wanted is None:
        return Callable if _is_callable(argument.annotation) else Any
    return wanted


def _is_callable(annotation: ast.expr | None) -> bool:
    node = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return getattr(node, "attr", getattr(node, "id", "")) == "Callable"


def _docstring(module: str, found: LibraryClass, fields: list[str]) -> str:
    summary = parse_docstring(found.docstring).summary
    lines = [f"{module}.{found.name}, with the arguments that the installed torch shows. {summary}".rstrip()]
    if fields:
        lines += ["", "Args:"]
    arguments = {argument.name: argument for argument in found.arguments}
    lines += [f"    {name}: ``{_shown(arguments[name])}`` in torch; see its documentation." for name in fields]
    return "\n".join(lines)


def _shown(argument: Argument) -> str:
    annotation = inspect.Parameter.empty if argument.annotation is None else ast.unparse(argument.annotation)
    default = inspect.Parameter.empty if argument.default is attrs.NOTHING else argument.default
    shown = inspect.Parameter(argument.name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
    if isinstance(default, Opaque):
        return f"{shown} = {default.text}"
    return str(shown.replace(default=default))
