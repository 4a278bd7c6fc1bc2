"""The examples in docstrings, as tests; and what is public, of which each function and class must have one."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import textwrap
import tomllib
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from house import PUBLIC, modules_in

from optim_core.plugin_tools import normalise

ROOT = Path(__file__).parents[2]
PROMPT = ">>> "


def examples_in(source: Path) -> list[doctest.DocTest]:
    """Return the examples below a folder of sources: one test for each docstring, which begins without any names."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    named = [name for name, file in modules_in(source).items() if PROMPT in file.read_text(encoding="utf-8")]
    # What an example defines is in no file, as in a notebook.
    names = {"__name__": "notebook"}
    found = [test for name in named for test in finder.find(importlib.import_module(name), name, globs=names)]
    return [test for test in found if test.examples]


def cases(tests: Iterable[doctest.DocTest]) -> pytest.MarkDecorator:
    """Parametrize a test with these examples, by their names."""
    return pytest.mark.parametrize("example", [pytest.param(test, id=test.name) for test in tests])


def run_example(example: doctest.DocTest) -> None:
    """Run an example; fail where it prints something else than it shows, skip what needs a package that is missing."""
    missing = sorted(name for name in needs(example) if find_spec(name) is None)
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(example, out=said.append, clear_globs=False)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def needs(example: doctest.DocTest) -> set[str]:
    """Return the packages that an example imports, and those that provide the plugins that it names."""
    tree = ast.parse("".join(part.source for part in example.examples))
    wanted = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                wanted |= {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(module="optim_core.compat"):
                # Its functions name optimizers and schedules of all our distributions.
                wanted |= {"torch"}.union(*provided().values())
            case ast.ImportFrom(module=str(module)):
                wanted.add(module.partition(".")[0])
            case ast.Constant(value=str(text)):
                wanted |= provided().get(normalise(text), set())
    return wanted


def provided() -> dict[str, set[str]]:
    """Return, by the name of each plugin of this project, the packages with a class of that name."""
    packages: dict[str, set[str]] = {}
    for manifest in ROOT.glob("plugins/*/pyproject.toml"):
        groups = tomllib.loads(manifest.read_text(encoding="utf-8"))["project"].get("entry-points", {})
        for name, target in ((name, target) for group in groups.values() for name, target in group.items()):
            packages.setdefault(normalise(name), set()).add(target.partition(":")[0].partition(".")[0])
    return packages


def public_modules(source: Path) -> list[ModuleType]:
    """Return the modules of the core that others may import; of any other distribution return its package."""
    package = next(source.glob("*/__init__.py")).parent.name
    names = PUBLIC if package == "optim_core" else {package}
    return [importlib.import_module(name) for name in sorted(names)]


def public_things(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the functions and classes that a module names in `__all__`, and the public methods of the classes."""
    for name in getattr(module, "__all__", ()):
        thing = getattr(module, name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue
        yield f"{thing.__module__}.{thing.__qualname__}", thing
        if inspect.isclass(thing) and not getattr(thing, "_is_protocol", False):
            yield from _methods(thing)


def _methods(cls: type[Any]) -> Iterator[tuple[str, Any]]:
    # What a base class declares is explained there, and a protocol's methods by the class that shows it.
    inherited = {name for base in cls.__mro__[1:] for name in vars(base)}
    for name, member in vars(cls).items():
        function = getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(function) and name not in inherited:
            yield f"{cls.__module__}.{cls.__qualname__}.{name}", function


def without_example(modules: Iterable[ModuleType]) -> list[str]:
    """Return the names of what is public and shows no example, sorted."""
    things = dict(thing for module in modules for thing in public_things(module))
    return sorted(name for name, thing in things.items() if PROMPT not in (thing.__doc__ or ""))


def without_section(modules: Iterable[ModuleType]) -> list[str]:
    """Return what the docstrings of public functions leave out, sorted: arguments, what they return, what they raise.

    Where the first line says what is returned or told, that is enough, as is one argument that it speaks of. Asked for
    are the errors of a function's own `raise`.
    """
    things = dict(thing for module in modules for thing in public_things(module))
    return sorted(f"{name} says no {lacking}" for name, thing in things.items() for lacking in _lacking(thing))


def _lacking(thing: Any) -> Iterator[str]:
    if not inspect.isfunction(thing):
        return
    doc, signature = inspect.getdoc(thing) or "", inspect.signature(thing)
    taken = [name for name in signature.parameters if name not in ("self", "cls")]
    if len(taken) > 1 and "Args:" not in doc:
        yield "Args"
    says = "Returns:" in doc or doc.startswith(("Return ", "Yield ", "Tell whether "))
    if signature.return_annotation not in ("None", None, "Never", inspect.Signature.empty) and not says:
        yield "Returns"
    body = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    if any(isinstance(node, ast.Raise) for node in ast.walk(body)) and not (
        "Raises:" in doc or doc.startswith("Raise ")
    ):
        yield "Raises"
