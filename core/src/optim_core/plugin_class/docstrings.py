"""Docstrings in Google's style, from a live class or, without importing anything, from the file that holds it."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder

import attrs

__all__ = ["Docstring", "parse_docstring", "static_docstring"]

_FIELDS = re.compile(r"(Args|Arguments|Attributes):\s*")
_EXAMPLES = re.compile(r"Examples?:\s*")
_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)")

LARGEST = 1024 * 1024
MOST_REEXPORTS = 5

_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@attrs.frozen
class Docstring:
    """A docstring in parts.

    Args:
        summary: the first line; "" where there is none.
        body: the rest, without the sections on the fields and with examples.
        fields: field name to what ``Args:`` says about it, on one line.
    """

    summary: str
    body: str
    fields: dict[str, str]


def parse_docstring(text: str | None) -> Docstring:
    r"""Return the parts of a docstring; its examples, Python for readers of the source, are in none of them.

    Example:
        >>> from optim_core.bridge import parse_docstring
        >>> parse_docstring("Plain SGD.\n\nArgs:\n    lr: learning rate, > 0.").fields
        {'lr': 'learning rate, > 0.'}
    """
    lines = inspect.cleandoc(text or "").replace("``", "`").splitlines()
    body: list[str] = []
    fields: list[str] = []
    examples: list[str] = []
    section = body
    for line in lines[1:]:
        if line and not line[0].isspace():
            section = fields if _FIELDS.fullmatch(line) else examples if _EXAMPLES.fullmatch(line) else body
            if section is not body:
                continue
        section.append(line)
    return Docstring(lines[0] if lines else "", "\n".join(body).strip(), dict(_entries(fields)))


def _entries(section: list[str]) -> Iterator[tuple[str, str]]:
    """Yield name and text of each entry; an entry goes on in the lines that are indented deeper than its first."""
    indents = [len(line) - len(line.lstrip()) for line in section if line.strip()]
    outermost = min(indents, default=0)
    name = ""
    words: list[str] = []
    for line in section:
        if not line.strip():
            continue
        entry = _ENTRY.fullmatch(line.strip()) if len(line) - len(line.lstrip()) == outermost else None
        if entry:
            if name:
                yield name, " ".join(words)
            name, words = entry[1], [entry[2]] if entry[2] else []
        else:
            words.append(line.strip())
    if name:
        yield name, " ".join(words)


def static_docstring(module: str, attribute: str) -> str | None:
    """Return the docstring of a class or function, read from its source file; neither it nor its package is imported.

    Args:
        module: the full name of a module; where it only re-exports `attribute`, the imports are followed.
        attribute: the name in the module, with dots for a nested class.

    Returns:
        The docstring, None where there is none or it cannot be found this way.
    """
    for _ in range(MOST_REEXPORTS):
        spec = _find(module)
        tree = _parsed(spec.origin) if spec and spec.origin else None
        if spec is None or tree is None:
            return None
        found = _definition(tree.body, attribute.split("."))
        if found is not None:
            return ast.get_docstring(found)
        parts = module.split(".")
        elsewhere = _imported_from(tree, attribute, parts if spec.submodule_search_locations else parts[:-1])
        if elsewhere is None:
            return None
        module, attribute = elsewhere
    return None


def _find(module: str) -> ModuleSpec | None:
    """Return importlib's spec of a module; unlike in importlib's own search, its packages are not imported."""
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    for name in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        # PathFinder looks for the last part of a name, in the folders that it is given.
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return spec


def _parsed(file: str) -> ast.Module | None:
    try:
        return _parsed_as_of(file, os.stat(file).st_mtime_ns)  # noqa: PTH116 - a string all the way
    except OSError:
        return None


@lru_cache(maxsize=256)
def _parsed_as_of(file: str, _: int) -> ast.Module | None:
    try:
        with tokenize.open(file) as source:
            text = source.read(LARGEST + 1)
        return None if len(text) > LARGEST else ast.parse(text)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        # The file is not source, or its source is broken: whoever imports it will be told.
        return None


def _definition(body: Iterable[ast.stmt], names: list[str]) -> _Definition | None:
    for statement in body:
        if isinstance(statement, _Definition) and statement.name == names[0]:
            return statement if len(names) == 1 else _definition(statement.body, names[1:])
    return None


def _imported_from(tree: ast.Module, attribute: str, package: list[str]) -> tuple[str, str] | None:
    """Return module and name behind ``from module import name as attribute``; None where no import gives the name.

    Args:
        tree: the module with the imports.
        attribute: the name in that module.
        package: the parts of the name of the package that a leading dot stands for.
    """
    for statement in tree.body:
        if not isinstance(statement, ast.ImportFrom):
            continue
        for alias in statement.names:
            if (alias.asname or alias.name) == attribute:
                base = package[: len(package) - statement.level + 1] if statement.level else []
                named = [statement.module] if statement.module else []
                return ".".join([*base, *named]), alias.name
    return None
