"""The plugin that somebody names in words: an installed one, or a class in a module of his own."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from optim_conformance.subject import Subject, subject_of
from optim_core.errors import PluginLoadError, Problem, UnknownNameError
from optim_core.plugin_tools import KINDS, Kind, module_exists, said
from optim_core.registry import registry

__all__ = ["subject_named"]


def subject_named(words: str, kind: Kind | None = None) -> Subject:
    """Return the subject that is meant by ``Lion``, ``optim-lion:Lion`` or ``my_package.my_module:MyClass``.

    A module is looked for on this process's path, and in the current folder.

    Args:
        words: the name of an installed plugin, if need be with its distribution; or a module and a class in it.
        kind: needed only where a name is used for two kinds.

    Raises:
        UnknownNameError: nothing has that name, and there is no such module or class.
        PluginError: the plugin is broken, ambiguous, blocked or incompatible, or the module cannot be imported.
        OptimError: the class is no plugin class, or a name means plugins of several kinds.
    """
    module, colon, path = words.partition(":")
    kinds = [kind] if kind else KINDS
    if not colon or any(registry.knows(each, words) for each in kinds):
        return subject_of(words, kind)
    return subject_of(_class(words, module, path), kind)


def _class(words: str, module: str, path: str) -> Any:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        found: Any = importlib.import_module(module) if module_exists(module) else None
    except (Exception, SystemExit) as error:
        raise PluginLoadError(f"the module `{module}` cannot be imported: {said(error)}") from error
    if found is None:
        raise _neither(words, f"there is no module `{module}`", registry.unknown(None, words, "").hint)
    for part in path.split("."):
        if not hasattr(found, part):
            raise _neither(words, f"the module `{module}` has no `{path}`")
        found = getattr(found, part)
    return found


def _neither(words: str, why: str, hint: str | None = None) -> UnknownNameError:
    message = (
        f"`{words}` is neither an installed plugin, as distribution:name, nor a class, as module:Class on the path or "
        f"in the current folder: {why}"
    )
    return UnknownNameError([Problem(path="", message=message, hint=hint)])
