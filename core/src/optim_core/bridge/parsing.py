"""Parsing source that is somebody else's: what Python would warn of in it is none of the user's business."""

from __future__ import annotations

import ast
import threading
import warnings
from typing import TypeVar

__all__ = ["parsed", "unquoted"]

T = TypeVar("T", ast.expr, ast.expr | None)

# The filters of warnings are one list for all threads: two that put it back in turn would leave it changed.
_FILTERS = threading.Lock()


def parsed(source: bytes, filename: str) -> ast.Module:
    """The syntax tree of a file.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `ast.parse`.
    """
    with _FILTERS, warnings.catch_warnings():
        # An invalid escape warns, and where warnings are errors it would be a SyntaxError.
        warnings.simplefilter("ignore")
        return ast.parse(source, filename)


def unquoted(annotation: T) -> T | ast.expr:
    """An annotation that is written as a text, as what it says; any other, and what is no Python, as it is."""
    if not (isinstance(annotation, ast.Constant) and isinstance(annotation.value, str)):
        return annotation
    try:
        with _FILTERS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(annotation.value.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return annotation
