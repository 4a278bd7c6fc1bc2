"""For providers that bring the classes of another library: its constructors become plugin classes.

The library is read from its source, and is imported when something is built.
"""

from optim_core.bridge.config_types import DTYPES, config_type, is_dtype
from optim_core.bridge.declared import declared
from optim_core.bridge.library import Library
from optim_core.bridge.live import described
from optim_core.bridge.looking import SeenClass, SeenField, SeenKind, look_at
from optim_core.bridge.of_model import named_groups
from optim_core.bridge.parsing import unquoted
from optim_core.bridge.plugin_class import wrapping
from optim_core.bridge.source import Argument, LibraryClass, Opaque, SourceClass, SourceModule, SourcePackage, is_plain
from optim_core.plugin_class.docstrings import parse_docstring

__all__ = [
    "DTYPES",
    "Argument",
    "Library",
    "LibraryClass",
    "Opaque",
    "SeenClass",
    "SeenField",
    "SeenKind",
    "SourceClass",
    "SourceModule",
    "SourcePackage",
    "config_type",
    "declared",
    "described",
    "is_dtype",
    "is_plain",
    "look_at",
    "named_groups",
    "parse_docstring",
    "unquoted",
    "wrapping",
]
