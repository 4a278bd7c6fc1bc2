"""Components of other projects that name a class of a library and give its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core.config.issues import ConfigPath
from optim_core.config.migrating.library_names import Known
from optim_core.config.migrating.source import Source
from optim_core.text.values import shown

__all__ = ["put_component"]

# What torch's classes take and a config does not say: who is given, and what is only printed.
_OF_THE_CALLER = ("params", "optimizer")
_PRINTED = ("verbose",)
# The key of the arguments, to the one beside it that names the class.
_NAMED_BY: dict[str | int, str] = {"params": "type", "args": "type", "init_args": "class_path"}


def put_component(
    source: Source, target: ConfigPath, known: Known, arguments: Mapping[str, Any], path: ConfigPath
) -> None:
    """Put a component of a known class and its arguments into the recipe.

    Args:
        source: the config.
        target: where in the recipe.
        known: what the class is here.
        arguments: its arguments by name, which stand at `path`.
        path: where the arguments stand.
    """
    named = (*path[:-1], _NAMED_BY[path[-1]]) if path and path[-1] in _NAMED_BY else path
    source.put((*target, "type"), known.type, named)
    source.put((*target, "config"), {}, path)
    for name, value in arguments.items():
        here = (*path, name)
        if name in _OF_THE_CALLER or name in _PRINTED:
            # Nothing is lost with them: the caller passes the first, and the others are only printed.
            continue
        source.take(*here)
        if name == "last_epoch":
            if value not in (-1, None):
                source.no_equal(here, f"to begin at {shown(value)}", "a run goes on from its checkpoint; leave it out")
        elif value is not None or known.kind == "optimizer":
            source.put((*target, "config", name), value, here)
