"""Classes of an installed package and the arguments of their constructors, read from source: nothing is imported."""

from __future__ import annotations

import ast
import operator
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import attrs

from optim_core.bridge.outlines import is_compiled, outlined
from optim_core.bridge.parsing import parsed, unquoted
from optim_core.plugin_class.unimported import docstring_in

__all__ = ["Argument", "LibraryClass", "Opaque", "SourceClass", "SourceModule", "SourcePackage", "is_plain"]

# How many imports, or aliases of an annotation, are followed from one name: a circle of them would have no end.
MOST_STEPS = 20

# How many ``from … import *`` are followed one after the other; several in a circle would take long.
_DEEPEST_STARS = 4

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_LARGEST_POWER = 64

# How many files' syntax trees are kept, and how many without what stands in their functions. Each takes many times the
# room of its file; a few are enough, for the file of a class and those that most classes of a library share.
_MOST_PARSED = 12


@attrs.frozen
class Opaque:
    """A default that the source does not show as plain data, such as ``torch.bfloat16`` or a call.

    Args:
        text: the source of the default.

    Example:
        >>> from optim_core.bridge import Opaque, is_plain
        >>> is_plain(Opaque("torch.bfloat16"))
        False
    """

    text: str


def is_plain(value: Any) -> bool:
    """Return whether a default is plain data, as a config can hold it.

    Example:
        >>> from optim_core.bridge import is_plain
        >>> is_plain((0.9, 0.999)), is_plain(print)
        (True, False)
    """
    if isinstance(value, (tuple, list)):
        return all(map(is_plain, value))
    return value is None or type(value) in (bool, int, float, str)


@attrs.frozen
class Argument:
    """An argument of a constructor.

    Args:
        name: the name in the constructor.
        annotation: the syntax tree of its annotation, without quotes around it; None where it has none.
        default: the value of its default, an `Opaque`, or ``attrs.NOTHING`` where it is required.

    Example:
        >>> from optim_core.bridge import Argument
        >>> Argument("lr", annotation=None, default=0.001)
        Argument(name='lr', annotation=None, default=0.001)
    """

    name: str
    annotation: ast.expr | None
    default: Any


@attrs.frozen(eq=False, kw_only=True)
class LibraryClass:
    """A class of a library, as a plugin class is made of it.

    Args:
        name: the name of the library's class.
        arguments: what its constructor takes, without ``self``, ``*args`` and ``**kwargs``.
        docstring: the docstring of the class, or else of its constructor.
        module: where names in annotations are looked up; None where annotations have no names of their own.

    Example:
        >>> from optim_core.bridge import Argument, LibraryClass
        >>> found = LibraryClass(name="SGD", arguments=(Argument("lr", None, 0.001),), docstring="Plain SGD.")
        >>> [argument.name for argument in found.arguments]
        ['lr']
    """

    name: str
    arguments: tuple[Argument, ...]
    docstring: str
    module: SourceModule | None = None


@attrs.frozen(eq=False, kw_only=True)
class SourceClass(LibraryClass):
    """A class that was found in source.

    Args:
        module: the module that defines its constructor.
        constructor: the definition of its ``__init__``, or that of its nearest ancestor that has one.
        outlines: its definition, then those of its ancestors in the package, nearest first, each with its module; what
            stands in their methods may be missing, but for constructors.

    Example:
        >>> from optim_core.bridge import SourcePackage
        >>> found = SourcePackage.find("json").module("json.decoder").find("JSONDecoder")
        >>> found.name, found.arguments[0].name
        ('JSONDecoder', 'object_hook')
    """

    module: SourceModule
    constructor: ast.FunctionDef
    outlines: tuple[tuple[SourceModule, ast.ClassDef], ...]

    @property
    def definitions(self) -> tuple[ast.ClassDef, ...]:
        """Its definition, then those of its ancestors in the package, nearest first; their files are parsed for it."""
        return tuple(home._whole(node.name) for home, node in self.outlines)

    @property
    def texts(self) -> tuple[str, ...]:
        """The source of its definition, then that of its ancestors' in the package, nearest first."""
        return tuple(home._contents.texts[node.name] for home, node in self.outlines)


@attrs.define(eq=False)
class SourcePackage:
    """An installed package, of which source is read and nothing imported.

    Args:
        name: the name under which it is imported, without dots.
        folder: the folder of its modules.

    Example:
        >>> from optim_core.bridge import SourcePackage
        >>> SourcePackage.find("json").folder.name
        'json'
    """

    name: str
    folder: Path
    _modules: dict[str, SourceModule] = attrs.field(factory=dict, repr=False)

    @classmethod
    def find(cls, name: str) -> SourcePackage | None:
        """Return the package called `name`, which has no dots; None where it is not installed as source.

        Raises:
            ValueError: `name` has a dot; to look for a part of a package would import the package.

        Example:
            >>> from optim_core.bridge import SourcePackage
            >>> SourcePackage.find("json").name, SourcePackage.find("no_such_package")
            ('json', None)
        """
        if "." in name:
            raise ValueError(f"{name}: looking for a part of a package would import the package")
        spec = find_spec(name)
        locations = list((spec and spec.submodule_search_locations) or ())
        return cls(name, Path(locations[0])) if locations else None

    def is_current(self) -> bool:
        """Return whether the package is where it was found, and each module that was asked for is as it was then.

        Example:
            >>> from optim_core.bridge import SourcePackage
            >>> SourcePackage.find("json").is_current()
            True
        """
        found = SourcePackage.find(self.name)
        if found is None or found.folder != self.folder:
            return False
        return all(_stamp(module.file) == module.stamp for module in list(self._modules.values()))

    def module(self, name: str) -> SourceModule | None:
        """Return the module of this full name, None where it is not of this package or has no source.

        Example:
            >>> from optim_core.bridge import SourcePackage
            >>> SourcePackage.find("json").module("json.decoder").file.name
            'decoder.py'
        """
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
    """What stands at the top level of a module: class to definition, name to value, name to module and name there.

    Then come the modules of which it imports everything, and class to source. What stands in functions may be missing,
    but for constructors.
    """

    classes: dict[str, ast.ClassDef]
    values: dict[str, ast.expr]
    imports: dict[str, tuple[str, str]]
    stars: tuple[str, ...]
    texts: dict[str, str]


@attrs.frozen(eq=False)
class SourceModule:
    """A module that is read when it is first asked for something, and again where it was forgotten since.

    Whatever a module is asked for raises a LookupError where its file cannot be read, or is no Python of this version.

    Args:
        name: its full name.
        file: the file with its source.
        stamp: when the file was last changed, in nanoseconds, and its size in bytes, at the time when it was found.
        package: the package that it belongs to.

    Example:
        >>> from optim_core.bridge import SourcePackage
        >>> sorted(SourcePackage.find("json").module("json.decoder").classes)
        ['JSONDecodeError', 'JSONDecoder']
    """

    name: str
    file: Path
    stamp: tuple[int, int]
    package: SourcePackage = attrs.field(repr=False)

    @property
    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes at the top level of the module, by name: its own, and those of its package that it hands on.

        Of others' classes it hands on those in its ``__all__``, and where it has none, those without a ``_`` in front.
        """
        found = {name: self._whole(name) for name in self._contents.classes}
        offered = self._offered()
        for name in self._imported():
            if name in offered if offered is not None else not name.startswith("_"):
                origin = self.origin(name)
                if origin is not None and origin[1] in origin[0]._contents.classes:
                    found.setdefault(name, origin[0]._whole(origin[1]))
        return found

    @property
    def values(self) -> dict[str, ast.expr]:
        """What the module assigns to names at its top level."""
        return self._contents.values

    @property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Each name that the module imports, to the full name of the module that has it and its name there."""
        return self._contents.imports

    def _offered(self) -> set[str] | None:
        """Return the names in ``__all__``; None where there is no such list that is written out."""
        listed = self.value(self.values["__all__"]) if "__all__" in self.values else None
        names = listed if isinstance(listed, (list, tuple)) else ()
        return {name for name in names if isinstance(name, str)} if names else None

    def _imported(self, steps: int = _DEEPEST_STARS) -> list[str]:
        """Return the names that come from other modules, also by ``from … import *``."""
        names = list(self.imports)
        for source in self._contents.stars:
            module = self.package.module(source) if steps else None
            if module is not None and module is not self:
                names += module._star_names(steps - 1)
        return list(dict.fromkeys(names))

    def _star_names(self, steps: int) -> list[str]:
        """Return the names that ``from … import *`` takes from this module."""
        offered = self._offered()
        names = [*self._contents.classes, *self.values, *self._imported(steps)]
        return [name for name in names if (name in offered if offered is not None else not name.startswith("_"))]

    @property
    def _contents(self) -> _Contents:
        return _contents(self)

    def _whole(self, name: str) -> ast.ClassDef:
        """Return the definition of a class at the top level of the module, with what stands in its methods."""
        return _classes(self)[name]

    def origin(self, name: str) -> tuple[SourceModule, str] | None:
        """Return the module that defines what is called `name` here, and its name there; None where none is found.

        Modules of the same package are followed; a name that is imported from another package is not found.

        Example:
            >>> from optim_core.bridge import SourcePackage
            >>> module, name = SourcePackage.find("json").module("json").origin("JSONDecoder")
            >>> module.name, name
            ('json.decoder', 'JSONDecoder')
        """
        module: SourceModule = self
        for _ in range(MOST_STEPS):
            contents = module._contents
            if name in contents.classes or name in contents.values:
                return module, name
            if name in contents.imports:
                source, name = contents.imports[name]
            else:
                source = module._star_source(name)
            found = self.package.module(source)
            if found is None:
                return None
            module = found
        return None

    def docstring(self, name: str) -> str | None:
        """Return the docstring of the class that is called `name` here, or else that of its constructor.

        A module that defines the class is not parsed for it, which takes a hundredth of the time of `find`.

        Example:
            >>> from optim_core.bridge import SourcePackage
            >>> SourcePackage.find("json").module("json").docstring("JSONDecoder").splitlines()[0]
            'Simple JSON <https://json.org> decoder'
        """
        module: SourceModule | None = self
        for _ in range(MOST_STEPS):
            if module is None:
                break
            found = docstring_in(str(module.file), name)
            if found is not None:
                return found or None
            source, name = module.imports.get(name) or (module._star_source(name), name)
            module = self.package.module(source)
        return None

    def _star_source(self, name: str) -> str:
        """Return the module from which a name comes by ``from … import *``; "" where it comes from none."""
        found = [(source, self.package.module(source)) for source in reversed(self._contents.stars)]
        taken = [
            (source, module._contents)
            for source, module in found
            if module is not None and module is not self and name in module._star_names(_DEEPEST_STARS)
        ]
        # Where stars go in a circle, the module that has the name otherwise ends it.
        own = (source for source, has in taken if name in has.classes or name in has.values or name in has.imports)
        return next(own, taken[0][0] if taken else "")

    def find(self, name: str) -> SourceClass | None:
        """Return the class that is called `name` here; None where there is none with a constructor in this package.

        Example:
            >>> from optim_core.bridge import SourcePackage
            >>> SourcePackage.find("json").module("json").find("JSONDecoder").module.name
            'json.decoder'
        """
        origin = self.origin(name)
        if origin is None or origin[1] not in origin[0]._contents.classes:
            return None
        module, defined = origin
        ancestry = tuple(module.outlines(defined))
        found = next(_constructors(ancestry), None)
        if found is None:
            return None
        home, constructor = found
        docstring = ast.get_docstring(module._contents.classes[defined]) or ast.get_docstring(constructor) or ""
        return SourceClass(
            name=name,
            module=home,
            constructor=constructor,
            arguments=tuple(home.arguments(constructor)),
            docstring=docstring,
            outlines=ancestry,
        )

    def ancestry(self, name: str) -> Iterator[tuple[SourceModule, ast.ClassDef]]:
        """Yield the class called `name`, then its ancestors in the package, first bases first, each with its module.

        Example:
            >>> from optim_core.bridge import SourcePackage
            >>> module = SourcePackage.find("logging").module("logging.handlers")
            >>> [definition.name for _, definition in module.ancestry("RotatingFileHandler")]
            ['RotatingFileHandler', 'BaseRotatingHandler']
        """
        for home, node in self.outlines(name):
            yield home, home._whole(node.name)

    def outlines(self, name: str) -> Iterator[tuple[SourceModule, ast.ClassDef]]:
        """Yield the same as `ancestry`, in a fraction of the time: what stands in methods may be missing.

        Constructors are whole.

        Example:
            >>> from optim_core.bridge import SourcePackage
            >>> module = SourcePackage.find("logging").module("logging.handlers")
            >>> [definition.name for _, definition in module.outlines("RotatingFileHandler")]
            ['RotatingFileHandler', 'BaseRotatingHandler']
        """
        waiting: list[tuple[SourceModule, str]] = [(self, name)]
        seen = set()
        while waiting:
            home, wanted = waiting.pop(0)
            origin = home.origin(wanted)
            if origin is None or (origin[0].name, origin[1]) in seen or origin[1] not in origin[0]._contents.classes:
                continue
            home, wanted = origin
            seen.add((home.name, wanted))
            node = home._contents.classes[wanted]
            yield home, node
            waiting = [found for base in node.bases if (found := home._named(base)) is not None] + waiting

    def _named(self, base: ast.expr) -> tuple[SourceModule, str] | None:
        """Return the module in which to look for a base class, and its name there, for ``Base`` and ``module.Base``."""
        match base:
            case ast.Name(id=name):
                return self, name
            case ast.Attribute(value=ast.Name(id=imported), attr=name) if imported in self.imports:
                found = self.package.module(".".join(self.imports[imported]))
                return None if found is None else (found, name)
        return None

    def arguments(self, function: ast.FunctionDef) -> Iterator[Argument]:
        """Yield the arguments of a method, without the first one, ``*args`` and ``**kwargs``.

        Example:
            >>> from optim_core.bridge import SourcePackage
            >>> module = SourcePackage.find("json").module("json.decoder")
            >>> [argument.name for argument in module.arguments(module.find("JSONDecoder").constructor)][:2]
            ['object_hook', 'parse_float']
        """
        given = function.args
        positional = [*given.posonlyargs, *given.args]
        defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
        named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
        for argument, default in [*list(zip(positional, defaults, strict=True))[1:], *named]:
            value = attrs.NOTHING if default is None else self.value(default)
            yield Argument(argument.arg, unquoted(argument.annotation), value)

    def value(self, node: ast.expr) -> Any:
        """Return the value of a literal, of a name that stands for one, or of arithmetic on them; else an `Opaque`.

        Example:
            >>> import ast
            >>> from optim_core.bridge import SourcePackage
            >>> SourcePackage.find("json").module("json.decoder").value(ast.parse("2 ** 10", mode="eval").body)
            1024
        """
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
    """Yield each ``__init__`` among the definitions, nearest first, with the module that defines it."""
    for home, node in ancestry:
        for item in node.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                yield home, item


def _stamp(file: Path) -> tuple[int, int] | None:
    """Return when a file was last changed, and its size; None where there is no such file."""
    try:
        status = file.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None


@lru_cache(maxsize=_MOST_PARSED)
def _contents(module: SourceModule) -> _Contents:
    classes: dict[str, ast.ClassDef] = {}
    values: dict[str, ast.expr] = {}
    imports: dict[str, tuple[str, str]] = {}
    stars: list[str] = []
    texts: dict[str, str] = {}
    source = _source(module)
    lines = source.splitlines(keepends=True)
    statements = _outline(module, source)
    for node, after in zip(statements, chain(statements[1:], (None,)), strict=False):
        match node:
            case ast.ClassDef():
                classes[node.name] = node
                end = len(lines) if after is None else after.lineno - 1
                texts[node.name] = b"".join(lines[node.lineno - 1 : end]).decode(errors="replace")
            case ast.Assign(targets=targets, value=value):
                values.update({target.id: value for target in targets if isinstance(target, ast.Name)})
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
                values[target] = value
            case ast.ImportFrom():
                origin = _absolute(node, module.name, module.file)
                if node.names[0].name == "*":
                    stars.append(origin)
                    continue
                imports.update({alias.asname or alias.name: (origin, alias.name) for alias in node.names})
    return _Contents(classes, values, imports, tuple(stars), texts)


@lru_cache(maxsize=_MOST_PARSED)
def _classes(module: SourceModule) -> dict[str, ast.ClassDef]:
    """Return the classes at the top level of a module, with what stands in their methods."""
    statements = _statements(module, _source(module))
    return {node.name: node for node in statements if isinstance(node, ast.ClassDef)}


def _outline(module: SourceModule, source: bytes) -> list[ast.stmt]:
    """Return the statements of a module; what stands in functions other than constructors is left out where it can be.

    That is where this Python has compiled the file: what is left out is no mistake of its author then.
    """
    if is_compiled(module.file, module.stamp):
        try:
            return parsed(outlined(source), str(module.file)).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # More was left out than what stands in functions.
            pass
    return _statements(module, source)


def _source(module: SourceModule) -> bytes:
    try:
        return module.file.read_bytes()
    except OSError as error:
        raise _unreadable(module, error) from error


def _statements(module: SourceModule, source: bytes) -> list[ast.stmt]:
    try:
        return parsed(source, str(module.file)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _unreadable(module, error) from error


def _unreadable(module: SourceModule, error: Exception) -> LookupError:
    reason = f"{error.msg}, line {error.lineno}" if isinstance(error, SyntaxError) else str(error)
    return LookupError(
        f"{module.file} cannot be read by Python {sys.version_info.major}.{sys.version_info.minor}: "
        f"{type(error).__name__}: {reason}; install what it belongs to anew, or another version of it"
    )


def _absolute(node: ast.ImportFrom, name: str, file: Path) -> str:
    """Return the full name of the module that `node`, a statement in the module called `name`, imports from."""
    if not node.level:
        return node.module or ""
    own = name.split(".")
    above = node.level - (file.name == "__init__.py")
    parents = own[: len(own) - above] if above else own
    return ".".join([*parents, *([node.module] if node.module else [])])
