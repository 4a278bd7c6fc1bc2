"""A config to plain data: a stranger's mappings and lists are read once, and what they raise is a problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from optim_core.config.issues import DEEPEST, MOST_NODES, Hint, Issue, IssuesError
from optim_core.text.values import is_list, shown

__all__ = ["plain_data"]

_ITSELF = (str, int, float, bool, type(None))


def plain_data(config: Any) -> Any:
    """Return a copy of a config: a dict for every mapping, a list for every list, texts and numbers without subclass.

    Specs and other objects stay what they are. The caller's objects are read here alone: nothing after this walks an
    endless one, or is told two things by one that changes.

    Raises:
        IssuesError: it has more than 10,000 values, counting a shared one each time it appears; it is nested over 50
            deep, which is how a mapping that contains itself shows; or an object's own code raises.
    """
    return _Copy().of(config)


class _Copy:
    """Copies one config; `nodes` counts its values, and `path` is where it is."""

    def __init__(self) -> None:
        self.nodes = 0
        self.path: list[str | int] = []

    def of(self, value: Any) -> Any:
        if type(value) in _ITSELF:
            return value
        try:
            items = _contents(value)
            if items is None:
                return _without_subclass(value)
        except Exception as error:
            raise self._unreadable(error) from error
        if len(self.path) >= DEEPEST:
            raise IssuesError(Issue("too-deep"))
        self.nodes += len(items)
        if self.nodes > MOST_NODES:
            raise IssuesError(Issue("too-many-values"))
        return self._mapping(items) if isinstance(items, dict) else self._list(items)

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

    def _unreadable(self, error: Exception) -> IssuesError:
        raised = {"raised": type(error).__name__}
        return IssuesError(Issue("unreadable", tuple(self.path), data=raised, hint=Hint("plain-data")))


def _contents(value: Any) -> dict[Any, Any] | list[Any] | None:
    """Return what a mapping or a list holds, no more of it than a config may; None of anything else."""
    if type(value) is dict and all(type(key) is str for key in value):
        return value
    if isinstance(value, Mapping):
        return {_without_subclass(key): item for key, item in _some(value.items())}
    return list(_some(value)) if is_list(value) else None


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
    return int.__int__(value) if issubclass(kind, int) else value
