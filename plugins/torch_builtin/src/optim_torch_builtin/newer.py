"""What only a newer torch has of a class that has a plugin class here: there where the installed torch has it.

Which torch is installed, and what its constructors take, is read from its source files; torch is not imported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeVar

from optim_core.bridge import SourceClass, SourceModule, SourcePackage

__all__ = ["by_installed_torch"]

T = TypeVar("T", bound=type[Any])

MODULE = "torch.optim"


def by_installed_torch(
    name: str, *, fields: Mapping[str, str] | None = None, choices: Mapping[str, Mapping[str, str]] | None = None
) -> Callable[[T], T]:
    """Return a decorator for a class of annotations, below that of attrs, that leaves out what torch has not got yet.

    A field that is left out is in the docstring neither, nor is a line there that has a choice that is left out in
    quotes. `why_not` of the class says from which torch on it is there. Where the source of torch cannot be read,
    nothing is left out, and torch judges.

    Args:
        name: that of the class in ``torch.optim``.
        fields: a field that only some versions of torch have, to the first that has it.
        choices: a field whose type is a Literal or null, to each choice that only some versions have, to the first.
            What the constructor compares the argument with, ``not in`` a list, is what it takes.

    Example:
        >>> from optim_torch_builtin.newer import by_installed_torch
        >>> @by_installed_torch("SGD", fields={"lr": "0.1", "sharpness": "9.0"})
        ... class Bare:
        ...     lr: float
        ...     sharpness: float = 0.0
        >>> list(Bare.__annotations__)
        ['lr']
        >>> Bare.why_not("sharpness", 1.0).partition(",")[0]
        'torch.optim.SGD takes it from torch 9.0 on'
    """

    def left_out(cls: T) -> T:
        found = _found(name)
        missing = {} if found is None else _missing_fields(found, fields or {})
        unknown = {} if found is None else dict(_missing_choices(found, choices or {}))
        for field in missing:
            cls.__annotations__.pop(field)
            # A default is an attribute of the class, which attrs would leave there.
            delattr(cls, field)
        for field, (taken, _) in unknown.items():
            cls.__annotations__[field] = Literal[taken] | None
        refused = [f'"{choice}"' for _, since in unknown.values() for choice in since]
        cls.__doc__ = _without(cls.__doc__ or "", list(missing), refused)

        def why_not(key: str, value: object) -> str | None:
            """Return what is said of a field, or of a value of one, that only a newer torch has; None of any other."""
            if key in missing:
                return _said(name, "it", missing[key])
            since = unknown[key][1] if key in unknown else {}
            return _said(name, f'"{value}"', since[value]) if isinstance(value, str) and value in since else None

        cls.why_not = staticmethod(why_not)
        return cls

    return left_out


def _found(name: str) -> SourceClass | None:
    """Return the class as the source of the installed torch has it, None where there is no torch, or none to read."""
    package = SourcePackage.find("torch")
    module = None if package is None else package.module(MODULE)
    try:
        return None if module is None else module.find(name)
    except LookupError:
        return None


def _missing_fields(found: SourceClass, since: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that are no arguments of the class, to the torch that has them."""
    there = {argument.name for argument in found.arguments}
    return {field: version for field, version in since.items() if field not in there}


def _missing_choices(
    found: SourceClass, choices: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, tuple[tuple[str, ...], dict[str, str]]]]:
    """Yield each field that takes fewer choices: those that it takes, and the others to the torch that has them."""
    for field, since in choices.items():
        taken = _compared(found.constructor, field)
        missing = {choice: version for choice, version in since.items() if choice not in taken}
        if taken and missing:
            yield field, (taken, missing)


def _compared(constructor: ast.FunctionDef, argument: str) -> tuple[str, ...]:
    """Return the texts of the list in ``argument not in [...]``, none where a constructor has no such comparison."""
    for node in ast.walk(constructor):
        match node:
            case ast.Compare(
                left=ast.Name(id=name), ops=[ast.NotIn()], comparators=[ast.List(elts=items) | ast.Tuple(elts=items)]
            ) if name == argument:
                values = [item.value for item in items if isinstance(item, ast.Constant)]
                return tuple(value for value in values if isinstance(value, str))
    return ()


def _without(docstring: str, fields: list[str], choices: list[str]) -> str:
    """Return a docstring without the entries of some fields, and without the lines that name some choices."""
    for field in fields:
        docstring = re.sub(rf"^(    +){field}: .*\n(\1 +.*\n)*", "", docstring, flags=re.MULTILINE)
    lines = docstring.splitlines(keepends=True)
    return "".join(line for line in lines if not any(choice in line for choice in choices))


def _said(name: str, what: str, since: str) -> str:
    version = _version(SourcePackage.find("torch"))
    here = f", and torch {version} is installed" if version else ""
    return f"{MODULE}.{name} takes {what} from torch {since} on{here}: pip install 'torch>={since}'"


def _version(package: SourcePackage | None) -> str | None:
    """Return the version that torch's source says, without what follows a plus; None where it says none."""
    module: SourceModule | None = None if package is None else package.module("torch.version")
    if module is None:
        return None
    try:
        node = module.values.get("__version__")
    except LookupError:
        return None
    version = None if node is None else module.value(node)
    return version.partition("+")[0] if isinstance(version, str) else None
