"""For providers that bring the classes of another library: its constructors become plugin classes.

The library is read from its source, and is imported when something is built.
"""

from optim_core.bridge.declared import declared
from optim_core.bridge.library import Library
from optim_core.bridge.plugin_class import wrapping
from optim_core.bridge.source import Argument, LibraryClass, Opaque, SourceClass, SourceModule, SourcePackage, is_plain

__all__ = [
    "Argument",
    "Library",
    "LibraryClass",
    "Opaque",
    "SourceClass",
    "SourceModule",
    "SourcePackage",
    "declared",
    "is_plain",
    "wrapping",
]
