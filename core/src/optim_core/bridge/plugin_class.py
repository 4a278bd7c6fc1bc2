"""From a constructor in a library's source to a plugin class that calls it with what was checked, and no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module
from typing import Any

import attrs
from attrs import validators

from optim_core.bridge.config_types import config_type, is_dtype
from optim_core.bridge.source import Argument, Opaque, SourceClass
from optim_core.docstrings import parse_docstring
from optim_core.validators import non_negative, positive

__all__ = ["wrapping"]

Validator = Callable[[Any, Any, Any], Any]

# ``lr (`float`, defaults to 1e-3):``, whose type and default the signature tells better.
_TYPE = re.compile(r"^(\s*\w+) \(`.*\):\s*$", re.MULTILINE)

# What is demanded where the library says nothing.
_USUAL: dict[str, Validator] = {"lr": positive, "max_lr": positive, "weight_decay": non_negative}


def wrapping(
    found: SourceClass,
    module: str,
    *,
    leave_out: Collection[str] = (),
    required: Collection[str] = (),
    types: Mapping[str, Any] | None = None,
    checks: Mapping[str, Validator] | None = None,
    more: Iterable[Argument] = (),
    texts: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> type[Any]:
    """The plugin class of an optimizer: a field for each argument after the first, which is the parameters.

    A default that is no plain data is shown as null, and left to the library. A `torch.dtype` is named in the config.

    Args:
        found: the class.
        module: the module that it is imported from, when something is built.
        leave_out: arguments that a config is not to set.
        required: arguments whose default the library itself refuses.
        types: argument to the type of its field, where source does not show it well.
        checks: argument to the validator of its field.
        more: arguments that it takes by its ``**kwargs``.
        texts: argument to what is said of it, where the class's docstring says nothing.
        members: what the plugin class has besides, such as `group_options`.

    Raises:
        LookupError: it takes no parameters, or needs an argument that no config can hold.
    """
    if not found.arguments or found.arguments[0].name != "params":
        raise LookupError(f"{module}.{found.name} is not made from parameters alone")
    known = {} if types is None else types
    arguments: dict[str, Argument] = {}
    fields: dict[str, Any] = {}
    for argument in (*found.arguments[1:], *more):
        wanted = known.get(argument.name) or config_type(argument, found.module)
        if wanted is not None and argument.name not in leave_out and not argument.name.startswith("_"):
            arguments[argument.name] = argument
            check = {**_USUAL, **(checks or {})}.get(argument.name)
            default = attrs.NOTHING if argument.name in required else argument.default
            fields[argument.name] = _field(attrs.evolve(argument, default=default), wanted, check)
        elif argument.default is attrs.NOTHING:
            raise LookupError(f"{module}.{found.name} needs `{argument.name}`, which no config can hold")
    body = {
        **(members or {}),
        "__doc__": _docstring(found, module, arguments, texts or {}),
        "__module__": __name__,
        "build": _build(found.name, module, arguments),
    }
    return attrs.make_class(found.name, fields, class_body=body, frozen=True, kw_only=True)


def _build(name: str, module: str, arguments: Mapping[str, Argument]) -> Callable[[Any, Any], Any]:
    left_to_library = {argument.name for argument in arguments.values() if not _is_plain(argument.default)}
    dtypes = {argument.name for argument in arguments.values() if is_dtype(argument)}

    def build(self: Any, params: Any) -> Any:
        """An instance of the library's class."""
        given = {name: getattr(self, name) for name in arguments}
        given = {name: value for name, value in given.items() if value is not None or name not in left_to_library}
        if not dtypes.isdisjoint(given):
            import torch

            given |= {name: getattr(torch, given[name]) for name in dtypes & given.keys() if given[name] is not None}
        return getattr(import_module(module), name)(params, **given)

    return build


def _field(argument: Argument, wanted: Any, check: Validator | None) -> Any:
    default = argument.default
    if is_dtype(argument) and isinstance(default, Opaque):
        default = default.text.rpartition(".")[2]
    elif not _is_plain(default):
        default = None
    if default is None:
        wanted = wanted | None
    if check is not None and _takes_null(wanted):
        check = validators.optional(check)
    return attrs.field(type=wanted, default=default, validator=check)


def _takes_null(wanted: Any) -> bool:
    return type(None) in getattr(wanted, "__args__", ())


def _is_plain(default: Any) -> bool:
    if isinstance(default, (tuple, list)):
        return all(map(_is_plain, default))
    return default is attrs.NOTHING or default is None or type(default) in (bool, int, float, str)


def _docstring(found: SourceClass, module: str, arguments: Mapping[str, Argument], texts: Mapping[str, str]) -> str:
    told = parse_docstring(_TYPE.sub(r"\1:", found.docstring))
    lines = [f"{module}.{found.name}: {told.summary}".rstrip(": ")]
    if arguments:
        lines += ["", "Args:"]
    for name, argument in arguments.items():
        text = told.fields.get(name) or texts.get(name) or "see its documentation."
        if isinstance(argument.default, Opaque) and not is_dtype(argument):
            text += f" null stands for ``{argument.default.text}``."
        lines.append(f"    {name}: {text}")
    return "\n".join(lines)
