"""An exception in the words of a report: what it says, and where the plugin raised it."""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from optim_core.plugin_tools import said

__all__ = ["told"]

LONGEST = 500
# How torch names what `weights_only` refuses, in the midst of its advice.
_REFUSED = re.compile(
    r"(?:Unsupported global: GLOBAL|Unsupported class|unsupported GLOBAL|unrecognized function <\w+|class) ([\w.]+)"
)


def told(error: BaseException) -> str:
    """Say the type of an exception, its message and its place: ``ValueError: no lr (at my_plugin.py:31)``.

    The place is that of the last line that belongs to none of optim-core, its kit, torch and Python, if there is one.
    """
    words = _words(error)
    words = words if len(words) <= LONGEST else f"{words[:LONGEST]}…"
    place = _place(error)
    return f"{words} (at {place})" if place else words


def _words(error: BaseException) -> str:
    text = said(error)
    if type(error).__name__ != "UnpicklingError" or "weights_only" not in text:
        return text
    refused = _REFUSED.search(str(error))
    return f"the state holds {refused[1] if refused else 'an object'}, which weights_only refuses"


def _place(error: BaseException) -> str | None:
    """Return where the first of the exceptions that led to this one was raised, if that is a plugin's line."""
    return next((place for place in map(_last_line, reversed(list(_causes(error)))) if place), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__


def _last_line(error: BaseException) -> str | None:
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        file = frame.f_code.co_filename
        if not file.startswith("<") and not _is_of_others(file):
            path = Path(file)
            return f"{path.parent.name}/{path.name}:{line}" if path.name == "__init__.py" else f"{path.name}:{line}"
    return None


@cache
def _is_of_others(file: str) -> bool:
    """Tell whether a file is one of optim-core, its kit, torch or Python."""
    path = Path(file).resolve()
    if any(path.is_relative_to(folder) for folder in _folders()):
        return True
    return path.is_relative_to(_resolved(sysconfig.get_path("stdlib"))) and "site-packages" not in path.parts


@cache
def _folders() -> tuple[Path, ...]:
    specs = map(find_spec, ("optim_conformance", "optim_core", "torch"))
    return tuple(_resolved(folder) for spec in specs if spec for folder in spec.submodule_search_locations or ())


def _resolved(folder: str) -> Path:
    return Path(folder).resolve()
