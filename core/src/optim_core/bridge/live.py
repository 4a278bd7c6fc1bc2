"""A class that is imported, as a plugin class is made of it: what its signature and its docstring say."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import attrs

from optim_core.bridge.parsing import unquoted
from optim_core.bridge.source import Argument, LibraryClass, Opaque, is_plain
from optim_core.plugin_class.docstrings import parse_docstring

__all__ = ["described"]

_DEFAULT = re.compile(r"\(?default(?:s to)?(?: is)?\s*[:=]?\s*`*([^\s)`;]+)`*")

_BASES = ("torch.optim.optimizer.Optimizer", "torch.optim.lr_scheduler.LRScheduler")

# What docstrings call types, and the names that types of a config are made of.
_SAID = {"boolean": "bool", "string": "str", "integer": "int", "number": "float", "none": "None"}
_PLAIN = {"float", "int", "bool", "str", "tuple", "Tuple", "list", "List", "Optional", "Union", "Literal"}


def described(name: str, found: type[Any]) -> LibraryClass:
    """Return what a class that is imported shows of itself, for `wrapping`.

    Where its constructor hands its ``**kwargs`` on to that of the class that it inherits from, the arguments of that
    one are its own too; where it does not show what it takes by them, those are that its docstring describes.

    Args:
        name: what the class is called where it is imported from.
        found: the class.

    Raises:
        ValueError: the class shows no signature.

    Example:
        >>> from json import JSONDecoder
        >>> from optim_core.bridge import described
        >>> [argument.name for argument in described("JSONDecoder", JSONDecoder).arguments][:2]
        ['object_hook', 'parse_float']
    """
    docstring = _docstring(found)
    arguments = dict(_parameters(found, inspect.signature(found)))
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in inspect.signature(found).parameters.values()):
        for more in _handed_on(found):
            arguments = {**dict(more), **arguments} if not arguments else {**arguments, **_without(more, arguments)}
        arguments |= _without(_told(docstring), arguments)
    return LibraryClass(name=name, arguments=tuple(arguments.values()), docstring=docstring)


def _without(more: Iterator[tuple[str, Argument]], known: dict[str, Argument]) -> dict[str, Argument]:
    return {name: argument for name, argument in more if name not in known}


def _docstring(found: type[Any]) -> str:
    """Return the docstring of a class, or of its constructor where that says more of the arguments."""
    documented = (each for each in found.__mro__ if not _is_base(each) and each is not object and each.__doc__)
    own = next((inspect.cleandoc(each.__doc__ or "") for each in documented), "")
    constructor = inspect.cleandoc(getattr(vars(_owner(found))["__init__"], "__doc__", None) or "")
    if parse_docstring(own).fields or not parse_docstring(constructor).fields:
        return own
    return f"{own.splitlines()[0] if own else found.__name__}\n\n{constructor}"


def _parameters(found: type[Any], signature: inspect.Signature) -> Iterator[tuple[str, Argument]]:
    types = _types(found)
    told = parse_docstring(_docstring(found)).types
    for parameter in signature.parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        annotation = types.get(parameter.name, parameter.annotation)
        if annotation is parameter.empty:
            node = _of_words(told.get(parameter.name, ""))
        else:
            text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
            node = unquoted(ast.Constant(text))
        default = attrs.NOTHING if parameter.default is parameter.empty else parameter.default
        if default is not attrs.NOTHING and not is_plain(default):
            default = Opaque(repr(default))
        yield parameter.name, Argument(parameter.name, node, default)


def _types(found: type[Any]) -> dict[str, Any]:
    """Return the annotations of a constructor, names looked up; none of them where one cannot be looked up."""
    try:
        return inspect.get_annotations(inspect.unwrap(vars(_owner(found))["__init__"]), eval_str=True)
    except Exception:  # noqa: BLE001 - evaluating an annotation may raise anything
        return {}


def _owner(found: type[Any]) -> type[Any]:
    """Return the class whose constructor a class has."""
    return next(each for each in found.__mro__ if "__init__" in vars(each))


def _of_words(words: str) -> ast.expr | None:
    """Return the annotation that a docstring has for ``float, optional``; None where it is no type of a config."""
    kinds = []
    for part in re.split(r",\s*(?![^\[]*\])|\s+or\s+|\s*\|\s*", words.replace("`", "")):
        word = _SAID.get(part.strip().lower(), part.strip())
        node = unquoted(ast.Constant(word))
        names = [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
        if names and _PLAIN.issuperset(names):
            kinds.append(word)
    return unquoted(ast.Constant(" | ".join(kinds))) if kinds else None


def _handed_on(found: type[Any]) -> Iterator[Iterator[tuple[str, Argument]]]:
    """Yield the arguments of each constructor that the one before it hands its ``**kwargs`` on to."""
    constructors = [each for each in found.__mro__[:-1] if "__init__" in vars(each)]
    for own, base in pairwise(constructors):
        if not _hands_on(own):
            return
        if _is_base(base):
            # What these take beside the first is for those who write a class, and not for those who use it.
            return
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        yield _parameters(base, inspect.Signature(parameters))


def _is_base(found: type[Any]) -> bool:
    """Return whether a class is that from which torch's optimizers or schedules are derived."""
    return f"{found.__module__}.{found.__qualname__}" in _BASES


def _hands_on(owner: type[Any]) -> bool:
    """Return whether the constructor of a class calls another with its own ``**kwargs``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(vars(owner)["__init__"])))
    except (OSError, TypeError, SyntaxError):
        return False
    function = tree.body[0]
    taken = function.args.kwarg if isinstance(function, ast.FunctionDef) else None
    if taken is None:
        return False
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "__init__"
        and any(
            word.arg is None and isinstance(word.value, ast.Name) and word.value.id == taken.arg
            for word in call.keywords
        )
        for call in calls
    )


def _told(docstring: str) -> Iterator[tuple[str, Argument]]:
    """Yield the arguments that a docstring describes with a default."""
    read = parse_docstring(docstring)
    for name, text in read.fields.items():
        words = f"{read.types.get(name, '')} {text}"
        default = _DEFAULT.search(words)
        if default is None:
            continue
        try:
            value = ast.literal_eval(default[1].rstrip(".,"))
        except (ValueError, SyntaxError):
            continue
        yield name, Argument(name, _of_words(read.types.get(name, "")), value)
