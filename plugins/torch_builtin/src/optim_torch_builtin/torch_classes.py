"""The classes of one of torch's modules and their signatures: from the module where it is loaded, else from its source.

Reading the source keeps ``optim list`` and ``optim validate`` fast, and free of torch's import.
"""

from __future__ import annotations

import ast
import inspect
import operator
import re
import sys
from collections.abc import Callable, Container, Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs

__all__ = ["Namespace", "Opaque", "TorchClass", "class_names", "signature_of"]


@attrs.frozen
class Namespace:
    """A module, and the base class of what is looked for in it.

    Args:
        module: "torch.optim", or one below it.
        base: the name of the base class, which is itself left out.
    """

    module: str
    base: str


@attrs.frozen
class TorchClass:
    """A class that was found.

    Args:
        name: its name in the module.
        signature: of its constructor, without `self`; an annotation may be a string, and a default may be `Opaque`.
        summary: the first line of its docstring, "" where it has none.
    """

    name: str
    signature: inspect.Signature
    summary: str


@attrs.frozen
class Opaque:
    """A default that its source does not show as plain data: ``torch.float32``, a call."""

    text: str


def class_names(namespace: Namespace, leave_out: Container[str]) -> list[str]:
    """The public subclasses of the base, sorted.

    Args:
        namespace: where to look.
        leave_out: names in lower case and without "_".
    """

    def wanted(name: str) -> bool:
        return not name.startswith("_") and name != namespace.base and name.lower() not in leave_out

    live = _live_classes(namespace)
    if live is not None:
        return sorted(filter(wanted, live))
    source = _Source.of(namespace)
    if source is None:
        return []
    return sorted(name for name in source.class_names() if wanted(name) and source.is_below(name, namespace.base))


def signature_of(namespace: Namespace, name: str) -> TorchClass:
    """The class called `name`.

    Raises:
        LookupError: there is none below the base.
    """
    live = _live_classes(namespace)
    if live is not None and name in live:
        doc = inspect.getdoc(live[name]) or ""
        return TorchClass(name, inspect.signature(live[name]), doc.partition("\n")[0])
    source = _Source.of(namespace) if live is None else None
    if source is None or not source.is_below(name, namespace.base):
        raise LookupError(f"{namespace.module} has no {namespace.base} called {name}")
    return source.describe(name)


def _live_classes(namespace: Namespace) -> dict[str, type[Any]] | None:
    """The subclasses in the module, None where it is not (or not wholly) imported."""
    module = sys.modules.get(namespace.module)
    base = getattr(module, namespace.base, None)
    if base is None:
        return None
    return {name: found for name, found in vars(module).items() if isinstance(found, type) and issubclass(found, base)}


@attrs.define
class _Source:
    """A module in torch's source, and below it the files that it imports from.

    Args:
        path: its file.
        package: the folder of ``torch.optim``.
    """

    path: Path
    package: Path
    _read: dict[Path, _Source] = attrs.field(factory=dict)

    @classmethod
    def of(cls, namespace: Namespace) -> _Source | None:
        """The source of a module, None where torch or this module of it is not installed as source."""
        spec = find_spec("torch")
        for location in (spec and spec.submodule_search_locations) or ():
            package = Path(location, "optim")
            path = package.joinpath(*namespace.module.split(".")[2:])
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if file.is_file():
                return cls(file, package)
        return None

    def class_names(self) -> Iterator[str]:
        """Every name that is, or may be, a class: those defined here and, in the package itself, imported here."""
        yield from re.findall(r"^class (\w+)", self.text, re.MULTILINE)
        if self.path.name == "__init__.py":
            yield from self.imports

    def is_below(self, name: str, base: str) -> bool:
        """Whether `name` is a class that has `base` among its ancestors."""
        return any(node.name == base for _, node in self.ancestry(name)) and name != base

    def describe(self, name: str) -> TorchClass:
        """The class called `name`, which must be there."""
        lineage = list(self.ancestry(name))
        doc = ast.get_docstring(lineage[0][1]) or ""
        constructors = (
            (source, item)
            for source, node in lineage
            for item in node.body
            if isinstance(item, ast.FunctionDef) and item.name == "__init__"
        )
        found = next(constructors, None)
        signature = found[0].signature(found[1]) if found else inspect.Signature()
        return TorchClass(name, signature, doc.partition("\n")[0])

    def ancestry(self, name: str) -> Iterator[tuple[_Source, ast.ClassDef]]:
        """The definition of a class and then those of its ancestors, first bases first, each with its file."""
        seen: set[tuple[Path, str]] = set()
        waiting: list[tuple[_Source, str]] = [(self, name)]
        while waiting:
            source, wanted = waiting.pop(0)
            if (source.path, wanted) in seen:
                continue
            seen.add((source.path, wanted))
            node = source.classes.get(wanted)
            if node is not None:
                yield source, node
                bases = (base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases)
                waiting = [(source, base) for base in bases] + waiting
            elif wanted in source.imports:
                waiting.insert(0, source.imports[wanted])

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}

    @cached_property
    def imports(self) -> dict[str, tuple[_Source, str]]:
        """Name to the file of ``torch.optim`` that it is imported from, and its name there."""
        found = {}
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom):
                prefix = "torch.optim." if node.level == 0 else ""
                module = node.module or ""
                path = self.package / f"{module.removeprefix(prefix)}.py"
                if module.startswith(prefix) and node.level < 2 and path.is_file():
                    source = self._read.setdefault(path, _Source(path, self.package, self._read))
                    found.update({alias.asname or alias.name: (source, alias.name) for alias in node.names})
        return found

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """The names that this file sets at its top level."""
        return {
            target.id: node.value
            for node in self.tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def signature(self, function: ast.FunctionDef) -> inspect.Signature:
        """The signature of a method, without `self`."""
        given = function.args
        positional = [*given.posonlyargs, *given.args]
        missing = [None] * (len(positional) - len(given.defaults))
        parameters = [
            self._parameter(argument, default, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            for argument, default in zip(positional, [*missing, *given.defaults], strict=True)
        ]
        parameters += [
            self._parameter(argument, default, inspect.Parameter.KEYWORD_ONLY)
            for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        ]
        return inspect.Signature(parameters[1:])

    def _parameter(self, argument: ast.arg, default: ast.expr | None, kind: Any) -> inspect.Parameter:
        return inspect.Parameter(
            argument.arg,
            kind,
            default=inspect.Parameter.empty if default is None else self._value(default),
            annotation=ast.unparse(argument.annotation) if argument.annotation else inspect.Parameter.empty,
        )

    def _value(self, node: ast.expr) -> Any:
        try:
            return _constant(node, self.constants)
        except (ValueError, ArithmeticError, TypeError, RecursionError):
            return Opaque(ast.unparse(node))


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _constant(node: ast.expr, constants: dict[str, ast.expr]) -> Any:
    """The value of a literal, of a constant of the same file, of a tuple of those, or of arithmetic on two.

    Raises:
        ValueError: it is something else.
    """
    match node:
        case ast.Name(id=name) if name in constants:
            return _constant(constants[name], constants)
        case ast.Tuple(elts=items):
            return tuple(_constant(item, constants) for item in items)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _ARITHMETIC:
            return _ARITHMETIC[type(sign)](_constant(left, constants), _constant(right, constants))
        case _:
            return ast.literal_eval(node)
