"""Classes of an installed package and the arguments of their constructors, read from source: nothing is imported."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs

__all__ = ["Argument", "Opaque", "SourceClass", "SourceModule", "SourcePackage"]

# A name that is imported from module to module is followed so many times, an annotation's aliases too.
MOST_STEPS = 20

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_LARGEST_POWER = 64


@attrs.frozen
class Opaque:
    """A default that the source does not show as plain data: ``torch.bfloat16``, a call."""

    text: str


@attrs.frozen
class Argument:
    """An argument of a constructor.

    Args:
        name: as it stands there.
        annotation: its annotation, None where it has none.
        default: its value, an `Opaque`, or ``attrs.NOTHING`` where it is required.
    """

    name: str
    annotation: ast.expr | None
    default: Any


@attrs.frozen(eq=False)
class SourceClass:
    """A class that was found.

    Args:
        name: its name.
        module: where it is defined; names in annotations are looked up there.
        constructor: the definition of its ``__init__``, or that of its nearest ancestor that has one.
        arguments: what that takes, without ``self``, ``*args`` and ``**kwargs``.
        docstring: that of the class, or else of its constructor.
        definitions: its definition, then those of its ancestors in the package, nearest first.
    """

    name: str
    module: SourceModule
    constructor: ast.FunctionDef
    arguments: tuple[Argument, ...]
    docstring: str
    definitions: tuple[ast.ClassDef, ...]


@attrs.define(eq=False)
class SourcePackage:
    """An installed package.

    Args:
        name: what one imports, without dots.
        folder: the folder of its modules.
    """

    name: str
    folder: Path
    _modules: dict[str, SourceModule] = attrs.field(factory=dict, repr=False)

    @classmethod
    def find(cls, name: str) -> SourcePackage | None:
        """The package, None where it is not installed as source. Only a package that stands at the top is found."""
        if "." in name:
            raise ValueError(f"{name}: looking for a part of a package would import the package")
        spec = find_spec(name)
        locations = list((spec and spec.submodule_search_locations) or ())
        return cls(name, Path(locations[0])) if locations else None

    def module(self, name: str) -> SourceModule | None:
        """A module by its full name, None where it is not of this package or has no readable source."""
        if name not in self._modules:
            first, *rest = name.split(".")
            path = self.folder.joinpath(*rest)
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if first != self.name or not file.is_file():
                return None
            self._modules[name] = SourceModule(name, file, self)
        return self._modules[name]


@attrs.define(eq=False, slots=False)
class SourceModule:
    """A module that is read when it is first asked for something.

    Args:
        name: its full name.
        file: where its source is.
        package: what it belongs to.
    """

    name: str
    file: Path
    package: SourcePackage = attrs.field(repr=False)

    @cached_property
    def body(self) -> list[ast.stmt]:
        """Its statements; none where the file is no Python of this version."""
        try:
            return ast.parse(self.file.read_bytes()).body
        except (SyntaxError, ValueError, OSError, RecursionError):
            return []

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes that it defines at its top level."""
        return {node.name: node for node in self.body if isinstance(node, ast.ClassDef)}

    @cached_property
    def values(self) -> dict[str, ast.expr]:
        """What it assigns to names at its top level."""
        found: dict[str, ast.expr] = {}
        for node in self.body:
            if isinstance(node, ast.Assign):
                found.update({target.id: node.value for target in node.targets if isinstance(target, ast.Name)})
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                found[node.target.id] = node.value
        return found

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Name to the full name of the module that it is imported from, and its name there."""
        found = {}
        for node in self.body:
            if isinstance(node, ast.ImportFrom):
                module = self._absolute(node)
                found.update({alias.asname or alias.name: (module, alias.name) for alias in node.names})
        return found

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        own = self.name.split(".")
        above = node.level - (self.file.name == "__init__.py")
        parents = own[: len(own) - above] if above else own
        return ".".join([*parents, *([node.module] if node.module else [])])

    def origin(self, name: str) -> tuple[SourceModule, str] | None:
        """The module of this package that defines `name`, which this one defines or imports, and its name there."""
        module: SourceModule = self
        for _ in range(MOST_STEPS):
            if name in module.classes or name in module.values:
                return module, name
            source, name = module.imports.get(name, ("", ""))
            found = self.package.module(source)
            if found is None:
                return None
            module = found
        return None

    def find(self, name: str) -> SourceClass | None:
        """The class that is called `name` here; None where there is none, or it has no constructor in this package."""
        origin = self.origin(name)
        if origin is None or origin[1] not in origin[0].classes:
            return None
        module, defined = origin
        ancestry = list(_ancestry(module, defined))
        found = next(_constructors(ancestry), None)
        if found is None:
            return None
        home, constructor = found
        docstring = ast.get_docstring(module.classes[defined]) or ast.get_docstring(constructor) or ""
        definitions = tuple(node for _, node in ancestry)
        return SourceClass(name, home, constructor, tuple(home.arguments(constructor)), docstring, definitions)

    def arguments(self, function: ast.FunctionDef) -> Iterator[Argument]:
        """What a method takes, without its first argument and without what stands for any number of them."""
        given = function.args
        positional = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
        named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        for argument, default in [*list(zip(positional, defaults, strict=True))[1:], *named]:
            yield Argument(argument.arg, argument.annotation, attrs.NOTHING if default is None else self.value(default))

    def value(self, node: ast.expr) -> Any:
        """The value of a literal, of a name that stands for one, or of arithmetic on them; else an `Opaque`."""
        try:
            return self._value(node, MOST_STEPS)
        except (ValueError, ArithmeticError, TypeError, RecursionError, SyntaxError):
            return Opaque(ast.unparse(node))

    def _value(self, node: ast.expr, steps: int) -> Any:
        match node:
            case ast.Name(id=name) if steps and (origin := self.origin(name)) and origin[1] in origin[0].values:
                return origin[0]._value(origin[0].values[origin[1]], steps - 1)
            case ast.Tuple(elts=items):
                return tuple(self._value(item, steps) for item in items)
            case ast.List(elts=items):
                return [self._value(item, steps) for item in items]
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _ARITHMETIC:
                one, other = self._value(left, steps), self._value(right, steps)
                if isinstance(sign, ast.Pow) and abs(other) > _LARGEST_POWER:
                    raise ValueError("a power too large to work out")
                return _ARITHMETIC[type(sign)](one, other)
            case _:
                return ast.literal_eval(node)


def _ancestry(module: SourceModule, name: str) -> Iterator[tuple[SourceModule, ast.ClassDef]]:
    """A class and its ancestors in the package, first bases first, each with its module."""
    waiting, seen = [(module, name)], set()
    while waiting:
        home, wanted = waiting.pop(0)
        origin = home.origin(wanted)
        if origin is None or (origin[0].name, origin[1]) in seen or origin[1] not in origin[0].classes:
            continue
        home, wanted = origin
        seen.add((home.name, wanted))
        node = home.classes[wanted]
        yield home, node
        waiting = [(home, base.id) for base in node.bases if isinstance(base, ast.Name)] + waiting


def _constructors(
    ancestry: Iterable[tuple[SourceModule, ast.ClassDef]],
) -> Iterator[tuple[SourceModule, ast.FunctionDef]]:
    """Each ``__init__``, with the module that defines it."""
    for home, node in ancestry:
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                yield home, item
