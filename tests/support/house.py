"""The imports of the project's modules, read from their sources, and what is wrong with them, a sentence each."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "PUBLIC",
    "Import",
    "circles",
    "crowded_folders",
    "heavy_imports",
    "imports_of",
    "inits_with_code",
    "modules_in",
    "reaches",
]

# What anybody may import of the core. `optim_core.plugin_tools` says what is in it.
PUBLIC = {
    "optim_core",
    "optim_core.bridge",
    "optim_core.cli",
    "optim_core.compat",
    "optim_core.errors",
    "optim_core.plugin_tools",
    "optim_core.protocols",
    "optim_core.recipe",
    "optim_core.registry",
    "optim_core.run.monitors",
    "optim_core.specs",
    "optim_core.validators",
}


class Import(NamedTuple):
    """One import of a module: what is imported, and the line where that stands."""

    target: str
    line: int


def modules_in(*sources: Path) -> dict[str, Path]:
    """Return the modules below these folders, by their dotted names; a package is its ``__init__.py``."""
    modules = {}
    for source in sources:
        for file in sorted(source.rglob("*.py")):
            parts = file.relative_to(source).with_suffix("").parts
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return modules


def imports_of(name: str, modules: Mapping[str, Path]) -> Iterator[Import]:
    """Yield what a module imports, also below TYPE_CHECKING and inside functions.

    ``from package import name`` imports the module of that name, unless the package itself hands on such a name.
    """
    for node in ast.walk(_tree(modules[name])):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, name, modules)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                is_module = inner in modules and alias.name not in _handed_on(base, modules)
                yield Import(inner if is_module else base, node.lineno)


def _tree(file: Path) -> ast.Module:
    return _parsed(file.read_text(encoding="utf-8"))


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _base(node: ast.ImportFrom, name: str, modules: Mapping[str, Path]) -> str:
    """Return the module that stands after ``from``, with the dots of a relative import resolved."""
    if not node.level:
        return node.module or ""
    package = name.split(".")[: None if modules[name].name == "__init__.py" else -1]
    return ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])


def _handed_on(package: str, modules: Mapping[str, Path]) -> set[str]:
    """Return the names that the ``__init__.py`` of a package imports from its modules."""
    if package not in modules:
        return set()
    nodes = [node for node in ast.walk(_tree(modules[package])) if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in nodes for alias in node.names if node.module != package}


def _above(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _needed(name: str, modules: Mapping[str, Path]) -> dict[str, int]:
    """Return the modules that run before a module can, each with the line that imports it.

    The packages above a module run before it; those above the importing module run anyhow, and do not count.
    """
    own = {name, *_above(name)}
    needed: dict[str, int] = {}
    for found in imports_of(name, modules):
        packages = [package for package in _above(found.target) if package not in own]
        for module in (found.target, *packages):
            if module in modules and module != name:
                needed.setdefault(module, found.line)
    return needed


def circles(modules: Mapping[str, Path]) -> list[str]:
    """Return a line for each import that is part of a circle: the file, and the modules of the circle in turn."""
    graph = _tangled({name: _needed(name, modules) for name in modules})
    found = []
    for name, needed in graph.items():
        for target, line in needed.items():
            way = _way(graph, target, name)
            if way is not None:
                found.append(f"{modules[name]}:{line}: {' -> '.join([name, *way])} is a circle of imports")
    return found


def _tangled(graph: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Return the part of a graph that is left when whatever imports nothing in it is taken out, again and again."""
    left = {name: dict(needed) for name, needed in graph.items()}
    while True:
        free = {name for name, needed in left.items() if not needed}
        if not free:
            return left
        left = {
            name: {other: line for other, line in needed.items() if other not in free}
            for name, needed in left.items()
            if name not in free
        }


def _way(graph: Mapping[str, Collection[str]], start: str, end: str) -> list[str] | None:
    """Return the modules on a shortest way along imports, both ends included; None where there is none."""
    came_from: dict[str, str | None] = {start: None}
    queue = [start]
    for name in queue:
        if name == end:
            way: list[str] = []
            step: str | None = name
            while step is not None:
                way.insert(0, step)
                step = came_from[step]
            return way
        for other in graph[name]:
            if other not in came_from:
                came_from[other] = name
                queue.append(other)
    return None


def reaches(
    importing: Iterable[str], modules: Mapping[str, Path], public: Collection[str], packages: Collection[str] = ()
) -> list[str]:
    """Return a line for each import of a module of the core that is not public.

    Args:
        importing: the modules whose imports are looked at.
        modules: all modules.
        public: the modules that may be imported.
        packages: the packages of which every module may be.
    """
    found = []
    for name in importing:
        for target, line in imports_of(name, modules):
            way = {target, *_above(target)}
            if "optim_core" in way and target not in public and way.isdisjoint(packages):
                found.append(f"{modules[name]}:{line}: imports {target}, which is not public")
    return found


def heavy_imports(modules: Mapping[str, Path], heavy: Collection[str]) -> list[str]:
    """Return a line for each import of a heavy library that runs when the module is imported."""
    found = []
    for file in modules.values():
        for node in _at_import(_tree(file).body):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            libraries = sorted({name.partition(".")[0] for name in names} & set(heavy))
            found += [f"{file}:{node.lineno}: imports {library} at module level" for library in libraries]
    return found


def _at_import(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a module is imported: those of functions and type checkers are left out."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield node
        is_for_types = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for part in ("body", "orelse", "finalbody", "handlers"):
            if not (is_for_types and part == "body"):
                yield from _at_import(getattr(node, part, []))


def inits_with_code(modules: Mapping[str, Path], allowed: Collection[str]) -> list[str]:
    """Return a line for each ``__init__.py`` that holds more than a docstring, those of some packages excepted."""
    found = []
    for name, file in modules.items():
        body = _tree(file).body
        has_docstring = bool(body) and ast.get_docstring(ast.Module(body[:1], [])) is not None
        if file.name == "__init__.py" and name not in allowed and not (has_docstring and len(body) == 1):
            line = body[1].lineno if len(body) > 1 else 1
            found.append(f"{file}:{line}: the __init__.py of a package inside is a docstring and nothing else")
    return found


def crowded_folders(modules: Mapping[str, Path], most: int, unlimited: Container[str]) -> list[str]:
    """Return a line for each package with more modules than it may have.

    Args:
        modules: all modules; packages do not count, as they are folders themselves.
        most: how many a package may have.
        unlimited: the packages that may have any number.
    """
    sizes = Counter(name.rpartition(".")[0] for name, file in modules.items() if file.name != "__init__.py")
    return [
        f"{modules[package].parent}: holds {size} modules, and at most {most} are allowed"
        for package, size in sizes.items()
        if size > most and package not in unlimited
    ]
