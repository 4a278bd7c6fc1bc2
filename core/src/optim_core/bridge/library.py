"""One module of an installed library, and the plugin classes that were made of it: one for each name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import attrs

from optim_core.bridge.source import SourceModule, SourcePackage

__all__ = ["Library"]


@attrs.frozen(eq=False)
class _Read:
    """The library as it was found at one time, and what was made of that."""

    module: SourceModule
    classes: dict[str, type[Any]] = attrs.field(factory=dict)


@attrs.define(eq=False)
class Library:
    """A module of a library, read when it is first asked for, and read anew where the library has changed since.

    Args:
        name: the full name of the module, such as "bitsandbytes.optim"; what stands before the first dot is installed.
        make: the plugin class of the class that has a name in the module; a LookupError where there is none.
    """

    name: str
    make: Callable[[SourceModule, str], type[Any]]
    _read: _Read | None = attrs.field(default=None, init=False)
    # Held while files are looked for, never while `make` runs: what that imports may hold a lock that wants this one.
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def module(self) -> SourceModule:
        """The module as it is installed now.

        Raises:
            ModuleNotFoundError: it is not installed.
        """
        return self._found(looking=True).module

    def plugin_class(self, name: str) -> type[Any]:
        """The plugin class called `name`, the same one at each call and in each thread, until the library changes.

        Raises:
            ModuleNotFoundError: the library is not installed.
            LookupError: as `make` says.
        """
        read = self._found(looking=False)
        known = read.classes.get(name)
        # Of several threads that make it at once, one is the first.
        return read.classes.setdefault(name, self.make(read.module, name)) if known is None else known

    def _found(self, *, looking: bool) -> _Read:
        """What was read; `looking` is whether to see if that is still what is installed."""
        with self._lock:
            if self._read is None or (looking and not self._read.module.package.is_current()):
                self._read = _Read(self._installed())
            return self._read

    def _installed(self) -> SourceModule:
        package = self.name.partition(".")[0]
        found = SourcePackage.find(package)
        module = found.module(self.name) if found else None
        if module is None:
            self._read = None
            raise ModuleNotFoundError(f"No module named '{package if found is None else self.name}'", name=package)
        return module
