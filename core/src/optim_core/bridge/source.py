"""Classes of an installed package and the arguments of their constructors, read from source: nothing is imported."""

from __future__ import annotations

import ast
import operator
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs

from optim_core.bridge.parsing import parsed, unquoted

__all__ = ["Argument", "LibraryClass", "Opaque", "SourceClass", "SourceModule", "SourcePackage", "is_plain"]

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

# A syntax tree takes many times the room of its file, so only those of the last few files are kept: a class's own,
# and those that most of a library's classes share.
_MOST_PARSED = 12


@attrs.frozen
class Opaque:
    """A default that the source does not show as plain data: ``torch.bfloat16``, a call."""

    text: str


def is_plain(value: Any) -> bool:
    """Whether a default is plain data, as a config can hold it."""
    if isinstance(value, (tuple, list)):
        return all(map(is_plain, value))
    return value is None or type(value) in (bool, int, float, str)


@attrs.frozen
class Argument:
    """An argument of a constructor.

    Args:
        name: as it stands there.
        annotation: its annotation, not as a text; None where it has none.
        default: its value, an `Opaque`, or ``attrs.NOTHING`` where it is required.
    """

    name: str
    annotation: ast.expr | None
    default: Any


@attrs.frozen(eq=False, kw_only=True)
class LibraryClass:
    """What a plugin class is made of.

    Args:
        name: the name of the library's class.
        arguments: what its constructor takes, without ``self``, ``*args`` and ``**kwargs``.
        docstring: that of the class, or else of its constructor.
        module: where names in annotations are looked up; None where they stand for nothing else.
    """

    name: str
    arguments: tuple[Argument, ...]
    docstring: str
    module: SourceModule | None = None


@attrs.frozen(eq=False, kw_only=True)
class SourceClass(LibraryClass):
    """A class that was found in source.

    Args:
        module: where it is defined.
        constructor: the definition of its ``__init__``, or that of its nearest ancestor that has one.
        definitions: its definition, then those of its ancestors in the package, nearest first.
    """

    module: SourceModule
    constructor: ast.FunctionDef
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

    def is_current(self) -> bool:
        """Whether the package is where it was found, and each of its modules that was asked for is as it was then."""
        found = SourcePackage.find(self.name)
        if found is None or found.folder != self.folder:
            return False
        return all(_stamp(module.file) == module.stamp for module in list(self._modules.values()))

    def module(self, name: str) -> SourceModule | None:
        """A module by its full name, None where it is not of this package or has no source."""
        if name not in self._modules:
            first, *rest = name.split(".")
            path = self.folder.joinpath(*rest)
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            stamp = _stamp(file) if first == self.name else None
            if stamp is None:
                return None
            self._modules.setdefault(name, SourceModule(name, file, stamp, self))
        return self._modules[name]


@attrs.frozen(eq=False)
class _Contents:
    """What stands at the top level of a module, as far as it matters here."""

    classes: dict[str, ast.ClassDef]
    values: dict[str, ast.expr]
    imports: dict[str, tuple[str, str]]


@attrs.frozen(eq=False)
class SourceModule:
    """A module that is read when it is first asked for something, and again where it was forgotten since.

    Being asked for anything raises a LookupError where its file cannot be read, or is no Python of this version.

    Args:
        name: its full name.
        file: where its source is.
        stamp: when the file was last changed, in nanoseconds, and its size in bytes, as it was found.
        package: what it belongs to.
    """

    name: str
    file: Path
    stamp: tuple[int, int]
    package: SourcePackage = attrs.field(repr=False)

    @property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes that it defines at its top level."""
        return self._contents.classes

    @property
    def values(self) -> dict[str, ast.expr]:
        """What it assigns to names at its top level."""
        return self._contents.values

    @property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Name to the full name of the module that it is imported from, and its name there."""
        return self._contents.imports

    @property
    def _contents(self) -> _Contents:
        return _contents(self.name, self.file, self.stamp)

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
        ancestry = list(module.ancestry(defined))
        found = next(_constructors(ancestry), None)
        if found is None:
            return None
        home, constructor = found
        docstring = ast.get_docstring(module.classes[defined]) or ast.get_docstring(constructor) or ""
        return SourceClass(
            name=name,
            module=home,
            constructor=constructor,
            arguments=tuple(home.arguments(constructor)),
            docstring=docstring,
            definitions=tuple(node for _, node in ancestry),
        )

    def ancestry(self, name: str) -> Iterator[tuple[SourceModule, ast.ClassDef]]:
        """The class called `name` and its ancestors in the package, first bases first, each with its module."""
        waiting: list[tuple[SourceModule, str]] = [(self, name)]
        seen = set()
        while waiting:
            home, wanted = waiting.pop(0)
            origin = home.origin(wanted)
            if origin is None or (origin[0].name, origin[1]) in seen or origin[1] not in origin[0].classes:
                continue
            home, wanted = origin
            seen.add((home.name, wanted))
            node = home.classes[wanted]
            yield home, node
            waiting = [found for base in node.bases if (found := home._named(base)) is not None] + waiting

    def _named(self, base: ast.expr) -> tuple[SourceModule, str] | None:
        """The module in which to look for a base class, and its name: of ``Base``, and of ``module.Base``."""
        match base:
            case ast.Name(id=name):
                return self, name
            case ast.Attribute(value=ast.Name(id=imported), attr=name) if imported in self.imports:
                found = self.package.module(".".join(self.imports[imported]))
                return None if found is None else (found, name)
        return None

    def arguments(self, function: ast.FunctionDef) -> Iterator[Argument]:
        """What a method takes, without its first argument and without what stands for any number of them."""
        given = function.args
        positional = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
        named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        for argument, default in [*list(zip(positional, defaults, strict=True))[1:], *named]:
            value = attrs.NOTHING if default is None else self.value(default)
            yield Argument(argument.arg, unquoted(argument.annotation), value)

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


def _constructors(
    ancestry: Iterable[tuple[SourceModule, ast.ClassDef]],
) -> Iterator[tuple[SourceModule, ast.FunctionDef]]:
    """Each ``__init__``, with the module that defines it."""
    for home, node in ancestry:
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                yield home, item


def _stamp(file: Path) -> tuple[int, int] | None:
    """When a file was last changed, and its size; None where there is no such file."""
    try:
        status = file.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


@lru_cache(maxsize=_MOST_PARSED)
def _contents(name: str, file: Path, stamp: tuple[int, int]) -> _Contents:  # noqa: ARG001 - a changed file is another
    classes: dict[str, ast.ClassDef] = {}
    values: dict[str, ast.expr] = {}
    imports: dict[str, tuple[str, str]] = {}
    for node in _statements(file):
        match node:
            case ast.ClassDef():
                classes[node.name] = node
            case ast.Assign(targets=targets, value=value):
                values.update({target.id: value for target in targets if isinstance(target, ast.Name)})
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
                values[target] = value
            case ast.ImportFrom():
                source = _absolute(node, name, file)
                imports.update({alias.asname or alias.name: (source, alias.name) for alias in node.names})
    return _Contents(classes, values, imports)


def _statements(file: Path) -> list[ast.stmt]:
    try:
        return parsed(file.read_bytes(), str(file)).body
    except (SyntaxError, ValueError, OSError, RecursionError, MemoryError) as error:
        reason = f"{error.msg}, line {error.lineno}" if isinstance(error, SyntaxError) else str(error)
        raise LookupError(
            f"{file} cannot be read by Python {sys.version_info.major}.{sys.version_info.minor}: "
            f"{type(error).__name__}: {reason}; install what it belongs to anew, or another version of it"
        ) from error


def _absolute(node: ast.ImportFrom, name: str, file: Path) -> str:
    """The full name of the module that `node`, which stands in the module `name`, imports from."""
    if not node.level:
        return node.module or ""
    own = name.split(".")
    above = node.level - (file.name == "__init__.py")
    parents = own[: len(own) - above] if above else own
    return ".".join([*parents, *([node.module] if node.module else [])])
