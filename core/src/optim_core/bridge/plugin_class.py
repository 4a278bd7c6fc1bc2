"""Plugin classes made of constructors in a library's source; each calls its constructor with the checked fields."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from typing import Any, Literal

import attrs
from attrs import validators

from optim_core.bridge.config_types import config_type, is_dtype
from optim_core.bridge.source import Argument, LibraryClass, Opaque, SourceClass, is_plain
from optim_core.plugin_class.docstrings import parse_docstring
from optim_core.validators import in_range

__all__ = ["USUAL", "restored", "wrapping"]

Validator = Callable[[Any, Any, Any], Any]

# Matches an entry such as ``lr (`float`, defaults to 1e-3):``; the signature tells the type and the default better.
_TYPE = re.compile(r"^(\s*\w+) \(`.*\):\s*$", re.MULTILINE)

# Argument to the range of its field, where the library's source does not say what it demands.
USUAL: dict[str, dict[str, Any]] = {"lr": {"gt": 0}, "max_lr": {"gt": 0}, "weight_decay": {"ge": 0}}
_USUAL: dict[str, Validator] = {name: in_range(**bounds) for name, bounds in USUAL.items()}


def wrapping(
    found: LibraryClass,
    module: str,
    *,
    kind: Literal["optimizer", "scheduler"] = "optimizer",
    leave_out: Collection[str] = (),
    required: Collection[str] = (),
    types: Mapping[str, Any] | None = None,
    checks: Mapping[str, Validator] | None = None,
    more: Iterable[Argument] = (),
    texts: Mapping[str, str] | None = None,
    about: str = "",
    neighbours: str = "",
    members: Mapping[str, Any] | None = None,
    provider: str | None = None,
    importing: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> type[Any]:
    """Make the plugin class of a library's class: with a field for each argument of its constructor but the first.

    The first argument is what the object works on, and is given when something is built. A default that is no plain
    data is shown as null, and left to the library. A `torch.dtype` is named in the config. Each call makes a new class,
    unequal to the last; `Library` keeps one for each name.

    Args:
        found: the library's class.
        module: the module to import the class from, when something is built.
        kind: "optimizer" for a class whose first argument is ``params`` or ``model``, "scheduler" where that is
            ``optimizer``.
        leave_out: arguments that a config is not to set.
        required: arguments whose default the library itself refuses.
        types: argument to the type of its field, where source does not show it well.
        checks: argument to the validator of its field.
        more: arguments that the constructor takes by its ``**kwargs``.
        texts: argument to its description, where the docstring of the class has none.
        about: what the docstring of the plugin class says below its first line: sources, and a section ``Formula:``.
        neighbours: a sentence for its first line, which says what is called alike and is something else.
        members: further members of the plugin class, such as `group_options`.
        provider: the place, ``module:attribute``, of the provider whose `load` gives this class under its name. Where
            it is given, instances can be pickled, and so sent to another process.
        importing: makes a context manager, in which the module is imported.

    Returns:
        a frozen attrs class with `build`, as an entry point would name it.

    Raises:
        LookupError: the first argument is another one, or no config can hold a value for a required argument.

    Example:
        >>> import attrs
        >>> from optim_core.bridge import Argument, LibraryClass, wrapping
        >>> arguments = (Argument("params", None, attrs.NOTHING), Argument("lr", None, 0.001))
        >>> SGD = wrapping(LibraryClass(name="SGD", arguments=arguments, docstring="Plain SGD."), "torch.optim")
        >>> SGD(lr=0.1)
        SGD(lr=0.1)
    """
    in_words, builds = _WORKS_ON[kind]
    build = builds.get(found.arguments[0].name) if found.arguments else None
    if build is None:
        raise LookupError(f"{module}.{found.name} is not made from {in_words} alone; take another {kind}")
    known = {} if types is None else types
    checked = {**_USUAL, **(checks or {})}
    arguments: dict[str, Argument] = {}
    fields: dict[str, Any] = {}
    for argument in (*found.arguments[1:], *more):
        wanted = known.get(argument.name) or config_type(argument, found.module)
        if wanted is not None and argument.name not in leave_out and not argument.name.startswith("_"):
            arguments[argument.name] = argument
            default = attrs.NOTHING if argument.name in required else argument.default
            fields[argument.name] = _field(attrs.evolve(argument, default=default), wanted, checked.get(argument.name))
        elif argument.default is attrs.NOTHING:
            needed = f"{module}.{found.name} needs `{argument.name}`, which no config can hold"
            raise LookupError(f"{needed}; take another {kind}")
    body = {
        **_needs(found),
        **(members or {}),
        **({} if provider is None else {"__reduce__": _reduce(provider, found.name)}),
        "__doc__": _docstring(found, module, arguments, texts or {}, about, neighbours),
        "__module__": __name__,
        "build": build(_maker(found.name, module, arguments.values(), importing)),
    }
    return attrs.make_class(found.name, fields, class_body=body, frozen=True, kw_only=True)


def restored(provider: str, name: str, values: dict[str, Any]) -> Any:
    """Return an instance of the plugin class that a provider has under `name`, as it was pickled, its fields checked.

    Raises:
        ImportError: the provider, or its library, is not installed here.
        LookupError: the library that is installed here has no such class.
    """
    where, _, attribute = provider.partition(":")
    return getattr(import_module(where), attribute).load(name)(**values)


def _needs(found: LibraryClass) -> dict[str, Any]:
    """Return what an optimizer's class shows in source of its needs: the methods by which it is told of modes."""
    outlines = found.outlines if isinstance(found, SourceClass) else ()
    methods = {item.name for _, node in outlines for item in node.body if isinstance(item, ast.FunctionDef)}
    return {"needs": ("modes",)} if {"train", "eval"} <= methods else {}


def _reduce(provider: str, name: str) -> Callable[[Any], tuple[Any, ...]]:
    # The class is not an attribute of any module, so pickle could not find it by its name.
    def __reduce__(self: Any) -> tuple[Any, ...]:  # noqa: N807 - what pickle and copy ask for
        return restored, (provider, name, {field.name: getattr(self, field.name) for field in attrs.fields(type(self))})

    return __reduce__


def _maker(
    name: str, module: str, arguments: Collection[Argument], importing: Callable[[], AbstractContextManager[Any]]
) -> Callable[[Any, Any], Any]:
    # What the class keeps of the arguments is their names: they hold the syntax trees of their annotations, which are
    # large.
    left_to_library = {argument.name: not _has_plain_default(argument) for argument in arguments}
    dtypes = {argument.name for argument in arguments if is_dtype(argument)}

    def make(config: Any, works_on: Any) -> Any:
        given = {name: getattr(config, name) for name in left_to_library}
        given = {name: value for name, value in given.items() if value is not None or not left_to_library[name]}
        if not dtypes.isdisjoint(given):
            import torch

            given |= {name: getattr(torch, given[name]) for name in dtypes & given.keys() if given[name] is not None}
        with importing():
            made = getattr(import_module(module), name)
        return made(works_on, **given)

    return make


def _build_of_optimizer(make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def build(self: Any, params: Any) -> Any:
        """Make an instance of the library's class."""
        return make(self, params)

    return build


def _build_of_model(make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def build(self: Any, params: Any, model: Any) -> Any:
        """Make an instance of the library's class, which trains `params` as they are called in the model."""
        from optim_core.bridge.of_model import made_from_model

        return made_from_model(partial(make, self), self, params, model)

    return build


def _build_of_scheduler(make: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def build(self: Any, optimizer: Any, horizon: Any) -> Any:  # noqa: ARG001 - the contract
        """Make an instance of the library's class."""
        return make(self, optimizer)

    return build


_Build = Callable[[Callable[[Any, Any], Any]], Callable[..., Any]]

# Kind to the words for what its constructors take first, and to what makes the `build` for each name that it may have.
_WORKS_ON: dict[str, tuple[str, dict[str, _Build]]] = {
    "optimizer": ("parameters or a model", {"params": _build_of_optimizer, "model": _build_of_model}),
    "scheduler": ("an optimizer", {"optimizer": _build_of_scheduler}),
}


def _field(argument: Argument, wanted: Any, check: Validator | None) -> Any:
    default = argument.default
    if is_dtype(argument) and isinstance(default, Opaque):
        default = default.text.rpartition(".")[2]
    elif not _has_plain_default(argument):
        default = None
    if default is None and wanted is not Any:
        wanted = wanted | None
    if check is not None and _takes_null(wanted):
        check = validators.optional(check)
    return attrs.field(type=wanted, default=default, validator=check)


def _has_plain_default(argument: Argument) -> bool:
    return argument.default is attrs.NOTHING or is_plain(argument.default)


def _takes_null(wanted: Any) -> bool:
    return type(None) in getattr(wanted, "__args__", ())


def _docstring(
    found: LibraryClass,
    module: str,
    arguments: Mapping[str, Argument],
    texts: Mapping[str, str],
    about: str,
    neighbours: str,
) -> str:
    told = parse_docstring(_TYPE.sub(r"\1:", found.docstring))
    lines = [" ".join((f"{module}.{found.name}: {told.summary}".rstrip(": "), neighbours)).rstrip()]
    if about:
        lines += ["", about]
    if arguments:
        lines += ["", "Args:"]
    for name, argument in arguments.items():
        text = told.fields.get(name) or texts.get(name) or "see its documentation."
        if isinstance(argument.default, Opaque) and not is_dtype(argument):
            text += f" null stands for ``{argument.default.text}``."
        lines.append(f"    {name}: {text}")
    return "\n".join(lines)
