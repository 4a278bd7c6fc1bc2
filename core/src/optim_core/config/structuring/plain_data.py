"""A config to plain data: a stranger's mappings and lists are read once, and what they raise is a problem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import partial
from itertools import islice
from types import SimpleNamespace
from typing import Any

import attrs

from optim_core.config.issues import DEEPEST, MOST_NODES, ConfigPath, Hint, Issue, IssuesError
from optim_core.text.values import is_list, shown

__all__ = ["Unreadable", "beside_unreadable", "is_record", "plain_data", "read_plain"]

_ITSELF = (str, int, float, bool, type(None))


class Unreadable:
    """What stands in plain data in place of a value that raised when it was read; `issue` says so.

    So all else of the config is still looked at.
    """

    __slots__ = ("issue",)

    def __init__(self, error: Exception) -> None:
        # What OmegaConf says of a value is enough; with a mapping of another kind, plain data is the way out.
        hint = None if type(error).__module__.startswith("omegaconf.") else Hint("plain-data")
        self.issue = Issue("unreadable", data={"error": error}, hint=hint)


def plain_data(config: Any) -> Any:
    """Return a copy of a config: a dict for every mapping, a list for every list, texts and numbers without subclass.

    Specs and other objects stay what they are. The caller's objects are read here alone: nothing after this walks an
    endless one, or is told two things by one that changes.

    Raises:
        IssuesError: it has more than 10,000 values, counting a shared one each time it appears; it is nested over 50
            deep, which is how a mapping that contains itself shows; or an object's own code raises.
    """
    plain, issues = read_plain(config)
    if issues:
        raise IssuesError(*issues) from issues[0].data["error"]
    return plain


def read_plain(config: Any) -> tuple[Any, list[Issue]]:
    """Return a copy as `plain_data` does, with an `Unreadable` for each value that raised, and their issues.

    Raises:
        IssuesError: it has too many values, or is nested too deep.
    """
    copying = _Copy()
    return copying.of(config), copying.issues


def beside_unreadable(issues: Iterable[Issue], unreadable: list[Issue]) -> list[Issue]:
    """Return the issues of a config in which some values cannot be read, without those that only follow from that."""
    kept, told = [], set()
    for issue in issues:
        if issue.code == "unreadable":
            # It is told by what wanted the value, which knows what is to stand there.
            told.add(issue.path)
        elif any(_leads_to(issue.path, other.path) for other in unreadable):
            continue
        kept.append(issue)
    return kept + [issue for issue in unreadable if issue.path not in told]


def _leads_to(path: ConfigPath, other: ConfigPath) -> bool:
    """Return whether one of two paths is the beginning of the other."""
    return path[: len(other)] == other[: len(path)]


class _Copy:
    """Copies one config; `nodes` counts its values, `path` is where it is, and `issues` says what could not be read."""

    def __init__(self) -> None:
        self.nodes = 0
        self.path: list[str | int] = []
        self.issues: list[Issue] = []

    def of(self, value: Any) -> Any:
        if type(value) in _ITSELF:
            return value
        if type(value) is Unreadable:
            return self._unreadable(value)
        try:
            items = _contents(value)
            if items is None:
                return _without_subclass(value)
        except Exception as error:  # noqa: BLE001 - a stranger's object may raise anything
            return self._unreadable(Unreadable(error))
        if len(self.path) >= DEEPEST:
            raise IssuesError(Issue("too-deep"))
        self.nodes += len(items)
        if self.nodes > MOST_NODES:
            raise IssuesError(Issue("too-many-values"))
        return self._mapping(items) if isinstance(items, dict) else self._list(items)

    def _unreadable(self, found: Unreadable) -> Unreadable:
        found.issue = found.issue._replace(path=tuple(self.path))
        self.issues.append(found.issue)
        return found

    def _mapping(self, items: dict[Any, Any]) -> dict[Any, Any]:
        copied = {}
        for key, item in items.items():
            if type(item) in _ITSELF:
                copied[key] = item
                continue
            self.path.append(key if isinstance(key, str) else shown(key))
            copied[key] = self.of(item)
            self.path.pop()
        return copied

    def _list(self, items: list[Any]) -> list[Any]:
        copied = []
        for index, item in enumerate(items):
            self.path.append(index)
            copied.append(self.of(item))
            self.path.pop()
        return copied


def _contents(value: Any) -> dict[Any, Any] | list[Any] | None:
    """Return what a mapping or a list holds, no more of it than a config may; None of anything else."""
    if type(value) is dict and all(type(key) is str for key in value):
        return value
    if isinstance(value, Mapping):
        return {_without_subclass(key): _read(value.__getitem__, key) for key in _some(value)}
    if isinstance(value, (list, tuple)):
        return list(_some(value))
    fields = _fields_of_record(value)
    if fields is not None:
        return {key: _read(partial(getattr, value), fields[key]) for key in _some(fields)}
    return [_read(value.__getitem__, index) for index in _some(range(len(value)))] if is_list(value) else None


def is_record(value: Any) -> bool:
    """Return whether a value is an object of named fields, which is read as the mapping that it is.

    It is an instance of a dataclass, of an attrs class, of a model of pydantic's, or a namespace, of argparse too. What
    optim-core makes itself, such as a spec, is none.

    Example:
        >>> import types
        >>> from optim_core.config.structuring.plain_data import is_record
        >>> is_record(types.SimpleNamespace(type="AdamW")), is_record({"type": "AdamW"})
        (True, False)
    """
    return not isinstance(value, dict) and _fields_of_record(value) is not None


def _fields_of_record(value: Any) -> dict[str, str] | None:
    """Return the keys of an object of named fields, each with the attribute that holds its value; None of another."""
    cls = type(value)
    if isinstance(value, type) or cls.__module__.partition(".")[0] == "optim_core":
        return None
    if isinstance(value, SimpleNamespace) or any(base.__module__ == "argparse" for base in cls.__mro__):
        return {name: name for name in vars(value) if isinstance(name, str)}
    if isinstance(getattr(cls, "__attrs_attrs__", None), tuple):
        return _with_set_later(value, {field.alias or field.name: field.name for field in attrs.fields(cls)})
    if isinstance(getattr(cls, "__dataclass_fields__", None), dict):
        from dataclasses import fields

        return _with_set_later(value, {field.name: field.name for field in fields(value)})
    # pydantic is not imported for this: whoever has a model of its has imported it.
    known = getattr(cls, "model_fields", None) if callable(getattr(cls, "model_dump", None)) else None
    if not isinstance(known, dict):
        return None
    # A model may be given more than its fields, which it then holds beside them.
    more = getattr(value, "model_extra", None)
    return {name: name for name in (*known, *(more if isinstance(more, dict) else ()))}


def _with_set_later(value: Any, known: dict[str, str]) -> dict[str, str]:
    """Add what was set on an object beside its fields, by a public name that its class does not have."""
    cls, taken = type(value), set(known.values())
    later = [name for name in getattr(value, "__dict__", ()) if isinstance(name, str) and name not in taken]
    return known | {name: name for name in later if not name.startswith("_") and not hasattr(cls, name)}


def _read(read: Callable[[Any], Any], key: Any) -> Any:
    """Return one value of a mapping or list: each is read alone, so that one that raises hides no other."""
    try:
        return read(key)
    except Exception as error:  # noqa: BLE001 - a stranger's mapping may raise anything
        return Unreadable(error)


def _some(items: Iterable[Any]) -> Iterable[Any]:
    return islice(items, MOST_NODES + 1)


def _without_subclass(value: Any) -> Any:
    """Return the text or number itself, where a subclass of it may compare and show itself in ways of its own."""
    kind = type(value)
    if kind in _ITSELF:
        return value
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, Enum) and type(value.value) in _ITSELF:
        return value.value
    return int.__int__(value) if issubclass(kind, int) else value
