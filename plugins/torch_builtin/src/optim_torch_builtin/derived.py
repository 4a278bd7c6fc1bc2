"""From a class of torch to a plugin class."""

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

# How a scheduler is continued is not in its config.
LEFT_OUT = ("last_epoch",)


def plugin_class(
    kind: Literal["optimizer", "scheduler"], module: str, found: LibraryClass, provider: str | None = None
) -> type[Any]:
    """An attrs class with a field for each argument but the first, which `build` is given, and `last_epoch`.

    A default that is no plain data is shown as null, and left to torch.

    Raises:
        LookupError: it is made of something else than parameters or an optimizer.
    """
    # A dtype that is given is torch's to judge, and none is shown as a default.
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
    """The type of the config field for an argument; Any where no config value is meant, which torch then judges."""
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
