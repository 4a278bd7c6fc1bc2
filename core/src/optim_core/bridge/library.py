"""One module of an installed library, and the plugin classes that were made of it: one for each name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import attrs

from optim_core.bridge.source import SourceModule, SourcePackage
from optim_core.plugin_class.docstrings import summary_of

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
        name: the full name of the module, such as "bitsandbytes.optim"; its first part is the package to look for.
        make: gives the plugin class for a name in the module, or raises LookupError where it offers none.

    Example:
        >>> from optim_core.bridge import Library
        >>> library = Library("json.decoder", lambda module, name: type(name, (), {}))
        >>> library.name, library.plugin_class("JSONDecoder").__name__
        ('json.decoder', 'JSONDecoder')
    """

    name: str
    make: Callable[[SourceModule, str], type[Any]]
    _read: _Read | None = attrs.field(default=None, init=False)
    # Held while files are looked for, never while `make` runs: `make` may import a module whose lock another thread
    # holds while it waits for this one.
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)

    def module(self) -> SourceModule:
        """Return the module as it is installed now.

        Raises:
            ModuleNotFoundError: the library is not installed.

        Example:
            >>> from optim_core.bridge import Library
            >>> sorted(Library("json.decoder", lambda module, name: type(name, (), {})).module().classes)
            ['JSONDecodeError', 'JSONDecoder']
        """
        return self._found(looking=True).module

    def plugin_class(self, name: str) -> type[Any]:
        """Return the plugin class called `name`: the same at each call and in each thread, until the library changes.

        Raises:
            ModuleNotFoundError: the library is not installed.
            LookupError: `make` offers no class of this name.

        Example:
            >>> from optim_core.bridge import Library
            >>> Library("json.decoder", lambda module, name: type(name, (), {})).plugin_class("Scanner").__name__
            'Scanner'
        """
        read = self._found(looking=False)
        known = read.classes.get(name)
        # Where several threads make the class at once, all of them get the one that was ready first.
        return read.classes.setdefault(name, self.make(read.module, name)) if known is None else known

    def summary(self, name: str) -> str | None:
        """Return the first line of the docstring of a class of the module; None where it has none.

        It is read from the few lines where it stands, which takes a hundredth of the time of `plugin_class`.

        Raises:
            ModuleNotFoundError: the library is not installed.

        Example:
            >>> from optim_core.bridge import Library
            >>> Library("json", lambda module, name: type(name, (), {})).summary("JSONDecoder")
            'Simple JSON <https://json.org> decoder'
        """
        return summary_of(self._found(looking=False).module.docstring(name))

    def _found(self, *, looking: bool) -> _Read:
        """Return what was read; where `looking`, read anew where the library that is installed is another by now."""
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
