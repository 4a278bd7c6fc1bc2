"""A module that somebody names."""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["module_exists"]


def module_exists(name: str) -> bool:
    """Return whether there is a module of that name on the path; the packages above it are imported, it is not.

    Raises:
        Exception: whatever a package above it raises, such as a ModuleNotFoundError for another module that it lacks.

    Example:
        >>> from optim_core.plugin_tools import module_exists
        >>> module_exists("json.decoder"), module_exists("json.no_such"), module_exists("no_such.json")
        (True, False, False)
    """
    if name.startswith("."):
        # That is relative to a package, and there is none.
        return False
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError as error:
        # A package above it may lack another module; that is not this one's absence.
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        return False
    except ValueError:
        return name in sys.modules
