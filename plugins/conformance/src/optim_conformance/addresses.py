"""Where a plugin class is, so that another process can have it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

from optim_conformance.subject import Subject, subject_of
from optim_core.plugin_class.declarations import ATTRIBUTE

__all__ = ["CHILD", "CheckedAgain", "address_of", "in_child", "refuse_in_child", "subject_at", "unreachable"]

# This variable is set in the environment of the processes that the kit starts.
CHILD = "OPTIM_CORE_CONFORMANCE_CHILD"


class CheckedAgain(BaseException):
    """A module that is imported in a child process checks plugins there; it need not be run any further."""


def in_child() -> bool:
    """Tell whether the kit started this process."""
    return CHILD in os.environ


def refuse_in_child() -> None:
    """End the import of a script that checks its own class, which would otherwise start processes without end.

    Raises:
        CheckedAgain: this is a process of the kit's own.
    """
    if in_child():
        raise CheckedAgain


def unreachable(subject: Subject) -> str | None:
    """Return why another process cannot have the class, None where it can."""
    if subject.installed:
        return None
    if "<locals>" in subject.cls.__qualname__:
        return "its class is defined in a function"
    if _file(subject) is None:
        return "the module of its class has no file"
    return None


def _file(subject: Subject) -> str | None:
    file = getattr(sys.modules.get(subject.cls.__module__), "__file__", None)
    return file if file is not None and os.path.exists(file) else None  # noqa: PTH110 - "<string>" is no path


def address_of(subject: Subject) -> dict[str, Any]:
    """Return what `subject_at` needs to find the subject in another process, as plain data."""
    return {
        "kind": subject.kind,
        "name": subject.address if subject.installed else None,
        "module": subject.cls.__module__,
        "qualname": subject.cls.__qualname__,
        "file": _file(subject),
        "declares": None if subject.declares is None else dict(subject.declares),
    }


def subject_at(address: dict[str, Any]) -> Subject:
    """Return the subject that has this address; whatever its module raises is raised here."""
    subject = _subject_at(address)
    if address["declares"] is not None:
        setattr(subject.cls, ATTRIBUTE, address["declares"])
    return subject


def _subject_at(address: dict[str, Any]) -> Subject:
    if address["name"] is not None:
        return subject_of(address["name"], address["kind"])
    found: Any = _module(address["module"], address["file"])
    for part in address["qualname"].split("."):
        found = getattr(found, part)
    return subject_of(found, address["kind"])


def _module(name: str, file: str) -> ModuleType:
    """Import the module of that name; where that is another file, or none, import the file under that name."""
    with contextlib.suppress(ImportError, ValueError, CheckedAgain):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin == file and name != "__main__":
            return importlib.import_module(name)
    name = "checked_module" if name == "__main__" else name
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} cannot be imported")
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except CheckedAgain:
            # A script that checks its own class raises this below the class, which is there by then.
            pass
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]
