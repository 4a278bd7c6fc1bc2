"""Whether a class can be a plugin of a kind."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal

import attrs

from optim_core.kinds import KINDS, Kind
from optim_core.plugin_class.usable_types import unusable_field
from optim_core.text.prose import said, with_article

__all__ = ["check_plugin_class", "check_signature", "further_arguments"]


def check_plugin_class(found: Any, kind: Kind) -> str | None:
    """Return what keeps `found` from being a plugin class of this kind, None where nothing does."""
    if not isinstance(found, type):
        return f"it names {_described(found)}, not an attrs class; name the class itself"
    name = found.__qualname__
    if not attrs.has(found):
        return f"`{name}` is a class without attrs fields; decorate it with @attrs.frozen(kw_only=True)"
    build = getattr(found, "build", None)
    arguments = KINDS[kind].arguments
    wanted = f"def build({', '.join(('self', *arguments))})"
    if not callable(build):
        return f"`{name}` has no method `build`; {with_article(kind)} needs `{wanted}`"
    problem = check_signature(build, kind)
    if problem is not None:
        return f"`{name}.build` cannot be called as that of {with_article(kind)}: {problem}; it needs `{wanted}`"
    try:
        unusable = unusable_field(found)
    except Exception as error:  # noqa: BLE001 - evaluating an annotation may raise anything
        return (
            f"the types of `{name}`'s fields cannot be resolved: {said(error)}; annotate fields with what exists when "
            "the module is imported, such as str, and look up the rest in build"
        )
    if unusable is not None:
        return f"of `{name}` {unusable}; give it a type such as float, str or a list of these, and convert it in build"
    return None


def check_signature(build: Callable[..., Any], kind: Kind) -> str | None:
    """Return what keeps a method from being called as the `build` of a kind, None where nothing does."""
    try:
        signature = inspect.signature(build)
        further = dict.fromkeys(name for name in KINDS[kind].further if name in signature.parameters)
        signature.bind(None, *KINDS[kind].arguments, **further)
    except TypeError as error:
        return str(error)
    except ValueError:
        # A build written in C shows no signature; calling it will tell.
        return None
    return None


def further_arguments(cls: type[Any], kind: Kind) -> dict[str, Literal["required", "optional"]]:
    """Return which further arguments of its kind, such as ``model``, the `build` of a plugin class declares.

    Example:
        >>> from optim_core.plugin_class.contract import further_arguments
        >>> class OfModel:
        ...     def build(self, params, model): ...
        >>> further_arguments(OfModel, "optimizer")
        {'model': 'required'}
    """
    try:
        parameters = inspect.signature(cls.build).parameters
    except (TypeError, ValueError):
        return {}
    declared = [parameters[name] for name in KINDS[kind].further if name in parameters]
    return {each.name: "required" if each.default is each.empty else "optional" for each in declared}


def _described(found: Any) -> str:
    name = getattr(found, "__qualname__", None)
    kind = type(found).__name__
    return f"the {kind} `{name}`" if isinstance(name, str) else with_article(kind)
