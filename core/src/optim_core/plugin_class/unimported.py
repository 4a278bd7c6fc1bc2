"""A class or function as its source file has it: neither it nor its package is imported."""

from __future__ import annotations

import ast
import importlib.util
import os
import tokenize
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder

__all__ = ["static_docstring", "static_fields"]

LARGEST = 1024 * 1024
MOST_REEXPORTS = 5

_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def static_docstring(module: str, attribute: str) -> str | None:
    """Return the docstring of a class or function, read from its source file; neither it nor its package is imported.

    Args:
        module: the full name of a module; where it only re-exports `attribute`, the imports are followed.
        attribute: the name in the module, with dots for a nested class.

    Returns:
        The docstring, None where there is none or it cannot be found this way.
    """
    found = _found(module, attribute)
    return None if found is None else ast.get_docstring(found[0])


def static_fields(module: str, attribute: str) -> list[str]:
    """Return the names of the fields of an attrs class, and of the classes that it is made from.

    Args:
        module: the full name of a module.
        attribute: the name of the class in it.

    Returns:
        what stands with an annotation in the classes, without class variables; as much as can be found this way.
    """
    fields: dict[str, None] = {}
    asked, wanted = set(), [(module, attribute)]
    while wanted:
        place = wanted.pop()
        found = _found(*place) if place not in asked else None
        asked.add(place)
        if found is not None and isinstance(found[0], ast.ClassDef):
            fields |= dict.fromkeys(_annotated(found[0]))
            wanted += [(found[1], base.id) for base in found[0].bases if isinstance(base, ast.Name)]
    return list(fields)


def _annotated(definition: ast.ClassDef) -> Iterator[str]:
    """Yield what stands with an annotation in a class, and is no class variable."""
    for statement in definition.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        if "ClassVar" not in ast.unparse(statement.annotation):
            yield statement.target.id


def _found(module: str, attribute: str) -> tuple[_Definition, str] | None:
    """Return a definition and the module in which it stands; where one only re-exports it, the imports are followed."""
    for _ in range(MOST_REEXPORTS):
        spec = _find(module)
        tree = _parsed(spec.origin) if spec and spec.origin else None
        if spec is None or tree is None:
            return None
        found = _definition(tree.body, attribute.split("."))
        if found is not None:
            return found, module
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
