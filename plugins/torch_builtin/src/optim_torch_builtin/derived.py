"""From a signature in torch to a plugin class."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import reduce
from importlib import import_module
from operator import or_
from typing import Any, Literal

import attrs

from optim_core.validators import positive
from optim_torch_builtin.torch_classes import TorchClass

__all__ = ["config_type", "plugin_class"]

# How a scheduler is continued is not in its config.
LEFT_OUT = ("last_epoch",)

_SCALARS: dict[str, Any] = {"float": float, "int": int, "bool": bool, "str": str, "None": type(None)}
_LISTS = ("list", "List", "Sequence", "Iterable")
_TENSOR = object()


def plugin_class(kind: Literal["optimizer", "scheduler"], module: str, found: TorchClass) -> type[Any]:
    """An attrs class with a field for each argument but the first, which `build` is given, and `last_epoch`.

    A default that is no plain data is shown as null, and left to torch.
    """
    parameters = _config_parameters(found.signature)
    left_to_torch = {parameter.name for parameter in parameters if not _is_plain(parameter.default)}

    def make(config: Any, target: Any) -> Any:
        given = {parameter.name: getattr(config, parameter.name) for parameter in parameters}
        arguments = {name: value for name, value in given.items() if value is not None or name not in left_to_torch}
        return getattr(import_module(module), found.name)(target, **arguments)

    def build_optimizer(self: Any, params: Any) -> Any:
        return make(self, params)

    def build_scheduler(self: Any, optimizer: Any, horizon: Any) -> Any:  # noqa: ARG001 - the contract
        return make(self, optimizer)

    body: dict[str, Any] = {"__doc__": _docstring(module, found, parameters), "__module__": __name__}
    if kind == "scheduler":
        body.update(build=build_scheduler, interval="epoch")
    else:
        body.update(build=build_optimizer)
    fields = {parameter.name: _field(parameter) for parameter in parameters}
    return attrs.make_class(found.name, fields, class_body=body, frozen=True, kw_only=True)


def _config_parameters(signature: inspect.Signature) -> list[inspect.Parameter]:
    return [
        parameter
        for parameter in list(signature.parameters.values())[1:]
        if parameter.name not in LEFT_OUT
        and not parameter.name.startswith("_")
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]


def config_type(annotation: str) -> Any:
    """The type of a config field for an annotation in torch; Any where no config value is meant.

    A tensor has no place in a config: ``float | Tensor`` is a float.
    """
    try:
        wanted = _type(ast.parse(annotation.strip(), mode="eval").body)
    except (SyntaxError, ValueError):
        return Any
    return Any if wanted is _TENSOR else wanted


def _type(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=None):
            return type(None)
        case ast.Constant(value=str(text)):
            return config_type(text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([_type(left), _type(right)])
        case ast.Subscript(value=value, slice=ast.Tuple(elts=items)):
            return _generic(_last_name(value), items)
        case ast.Subscript(value=value, slice=item):
            return _generic(_last_name(value), [item])
        case _:
            name = _last_name(node)
            return _TENSOR if name == "Tensor" else Callable if name == "Callable" else _SCALARS.get(name, Any)


def _generic(name: str, items: list[ast.expr]) -> Any:
    if name == "Literal":
        return Literal[tuple(ast.literal_eval(item) for item in items)]
    if name == "Callable":
        return Callable
    types = [type(...) if _is_ellipsis(item) else _type(item) for item in items]
    if name == "Union":
        return _union(types)
    if name == "Optional":
        return _union([*types, type(None)])
    inner = [... if each is type(...) else Any if each is _TENSOR else each for each in types]
    if name in ("tuple", "Tuple"):
        return tuple[tuple(inner)]  # type: ignore[misc]
    if name in _LISTS:
        return list[inner[0]]  # type: ignore[valid-type]
    return Any


def _union(types: list[Any]) -> Any:
    values = [each for each in types if each is not _TENSOR]
    if Any in values or not values:
        return Any if values else _TENSOR
    return reduce(or_, values)


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _last_name(node: ast.expr) -> str:
    """``float`` of ``float``, ``Tensor`` of ``torch.Tensor``; "" of what is no name."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_plain(default: Any) -> bool:
    if isinstance(default, (tuple, list)):
        return all(map(_is_plain, default))
    return default is inspect.Parameter.empty or default is None or type(default) in (bool, int, float, str)


def _field(parameter: inspect.Parameter) -> Any:
    wanted = _field_type(parameter)
    validator = positive if parameter.name == "lr" and wanted is float else None
    if parameter.default is parameter.empty:
        return attrs.field(type=wanted, validator=validator)
    default = parameter.default if _is_plain(parameter.default) else None
    if default is None and wanted is not Any:
        wanted = wanted | None
    return attrs.field(type=wanted, default=default, validator=validator)


def _field_type(parameter: inspect.Parameter) -> Any:
    annotation, default = parameter.annotation, parameter.default
    if annotation is not parameter.empty:
        return config_type(annotation if isinstance(annotation, str) else inspect.formatannotation(annotation))
    if parameter.name == "lr":
        return float
    if type(default) is int:
        # Without an annotation 0 is as likely to stand for 0.0.
        return int | float
    return type(default) if type(default) in (bool, float, str) else Any


def _docstring(module: str, found: TorchClass, parameters: list[inspect.Parameter]) -> str:
    lines = [f"{module}.{found.name}, with the arguments that the installed torch shows. {found.summary}".rstrip()]
    if parameters:
        lines += ["", "Args:"]
    for parameter in parameters:
        shown = str(parameter.replace(kind=parameter.KEYWORD_ONLY))
        lines.append(f"    {parameter.name}: ``{shown}`` in torch; see its documentation.")
    return "\n".join(lines)
