"""Parsing the source of other libraries, without the warnings that Python gives about it."""

from __future__ import annotations

import ast
import threading
import warnings
from typing import TypeVar

__all__ = ["parsed", "unquoted"]

T = TypeVar("T", ast.expr, ast.expr | None)

# Python has one list of warning filters for all threads: two threads that save and restore it in turn leave it changed.
_FILTERS = threading.Lock()


def parsed(source: bytes, filename: str) -> ast.Module:
    """Return the syntax tree of a file.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: as `ast.parse`.
    """
    with _FILTERS, warnings.catch_warnings():
        # An invalid escape sequence only warns; where warnings are errors, it would become a SyntaxError.
        warnings.simplefilter("ignore")
        return ast.parse(source, filename)


def unquoted(annotation: T) -> T | ast.expr:
    """Return what an annotation in quotes says; any other annotation, and a text that is no Python, as it is.

    Example:
        >>> import ast
        >>> from optim_core.bridge import unquoted
        >>> unquoted(ast.parse("'float'", mode="eval").body).id
        'float'
    """
    if not (isinstance(annotation, ast.Constant) and isinstance(annotation.value, str)):
        return annotation
    try:
        with _FILTERS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(annotation.value.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return annotation
