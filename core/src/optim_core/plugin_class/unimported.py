"""A class or function as its source file has it: neither it nor its package is imported."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import io
import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder

__all__ = ["docstring_in", "static_docstring", "static_fields"]

LARGEST = 1024 * 1024
MOST_REEXPORTS = 5

_CLASS = re.compile(r"\nclass (\w+)")
_NEXT = re.compile(r"^(?:class|def|async|@)", re.MULTILINE)
_CONSTRUCTOR = re.compile(r"^[ \t]+def __init__\b", re.MULTILINE)

_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def static_docstring(module: str, attribute: str) -> str | None:
    """Return the docstring of a class or function, read from its source file; neither it nor its package is imported.

    Args:
        module: the full name of a module; where it only re-exports `attribute`, the imports are followed.
        attribute: the name in the module, with dots for a nested class.

    Returns:
        The docstring, of a class without one that of its constructor; None where there is none or it cannot be found
        this way.
    """
    for file, _, name in _places(module, attribute):
        at_once = docstring_in(file, name)
        if at_once is not None:
            return at_once or None
        found = _defined(file, name)
        if found is not None:
            return ast.get_docstring(found)
    return None


def docstring_in(file: str, name: str) -> str | None:
    """Return the docstring of a class at the top level of a source file, or else that of its constructor.

    What is assigned to its ``__doc__`` counts, too, as far as the first text of several goes. Parsing the file takes a
    hundred times as long as looking at the few lines where a docstring stands.

    Returns:
        "" where the class has none, None where there is no such class.
    """
    text = f"\n{_text(file) or ''}"
    found = next((line for line in _CLASS.finditer(text) if line[1] == name), None)
    if found is None:
        return None
    # As torch.optim has it, whose docstrings are put together from parts.
    assigned = text.find(f"\n{name}.__doc__ = ")
    try:
        docstring = _docstring_below(text[found.start() + 1 :])
        if docstring is None and assigned >= 0:
            docstring = _first_text(text[assigned + 1 :], after="=")
        return docstring or ""
    except (SyntaxError, ValueError, tokenize.TokenError):
        return ""


def _docstring_below(source: str) -> str | None:
    """Return the docstring of the class with which a text begins, or else that of its constructor.

    Raises:
        SyntaxError, ValueError, tokenize.TokenError: it is no Python.
    """
    docstring = _first_text(source)
    if docstring is None:
        end = _NEXT.search(source, 1)
        constructor = _CONSTRUCTOR.search(source, 0, end.start() if end else len(source))
        docstring = _first_text(source[constructor.start() :]) if constructor else None
    return docstring


def _first_text(source: str, after: str = ":") -> str | None:
    """Return the text with which the body of a definition begins, None where it begins otherwise.

    Args:
        source: begins with the definition.
        after: the sign before the body.
    """
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    depth = 0
    for token in tokens:
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
        if depth == 0 and token.string == after:
            break
    between = (tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT, tokenize.INDENT)
    first = next((token for token in tokens if token.type not in between and token.string != "("), None)
    value = ast.literal_eval(first.string) if first is not None and first.type == tokenize.STRING else None
    return inspect.cleandoc(value) if isinstance(value, str) else None


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
    for file, place, name in _places(module, attribute):
        found = _defined(file, name)
        if found is not None:
            return found, place
    return None


def _places(module: str, attribute: str) -> Iterator[tuple[str, str, str]]:
    """Yield where a definition may stand, as file, module and name in it: the module, and what it imports that from."""
    for _ in range(MOST_REEXPORTS):
        spec = _find(module)
        if spec is None or spec.origin is None:
            return
        yield spec.origin, module, attribute
        tree = _parsed(spec.origin)
        parts = module.split(".")
        package = parts if spec.submodule_search_locations else parts[:-1]
        elsewhere = None if tree is None else _imported_from(tree, attribute, package)
        if elsewhere is None:
            return
        module, attribute = elsewhere


def _defined(file: str, name: str) -> _Definition | None:
    tree = _parsed(file)
    return None if tree is None else _definition(tree.body, name.split("."))


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
    text = _text(file)
    try:
        return None if text is None else ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # The source is broken: whoever imports it will be told.
        return None


def _text(file: str) -> str | None:
    """Return what a source file says, None where it is too large or no source."""
    try:
        with tokenize.open(file) as source:
            text = source.read(LARGEST + 1)
    except (OSError, SyntaxError, ValueError):
        return None
    return None if len(text) > LARGEST else text


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
