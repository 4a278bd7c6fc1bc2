"""Whether a class can be a plugin of a kind."""

from __future__ import annotations

import inspect
from typing import Any

import attrs

from optim_core.kinds import KINDS, Kind
from optim_core.plugin_class.fields import field_types
from optim_core.text.prose import said, with_article

__all__ = ["check_plugin_class"]


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
    try:
        inspect.signature(build).bind(None, *arguments)
    except TypeError as error:
        return f"`{name}.build` cannot be called as that of {with_article(kind)}: {error}; it needs `{wanted}`"
    except ValueError:
        # A build written in C shows no signature; calling it will tell.
        pass
    try:
        field_types(found)
    except Exception as error:  # noqa: BLE001 - evaluating an annotation may raise anything
        return (
            f"the types of `{name}`'s fields cannot be resolved: {said(error)}; annotate fields with what exists when "
            "the module is imported, such as str, and look up the rest in build"
        )
    return None


def _described(found: Any) -> str:
    name = getattr(found, "__qualname__", None)
    kind = type(found).__name__
    return f"the {kind} `{name}`" if isinstance(name, str) else with_article(kind)
