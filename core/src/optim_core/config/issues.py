"""Issue and Mismatch: what is wrong below a value, on its way up to a ConfigError."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from optim_core.text.values import is_list

if TYPE_CHECKING:
    from optim_core.errors import PluginError

__all__ = [
    "DEEPEST",
    "MISSING",
    "MOST_NODES",
    "UNKNOWN_KEY",
    "ConfigPath",
    "Issue",
    "Mismatch",
    "Position",
    "in_order",
]

ConfigPath = tuple[str | int, ...]
# Line and column in a file, both from 1.
Position = tuple[int, int]

# What is said in several places, and recognised where one mistake would be told twice.
MISSING = "is required and missing"
UNKNOWN_KEY = "unknown key"

MOST_NODES = 10_000
DEEPEST = 50


class Issue(NamedTuple):
    """What is wrong at one place below a value; the path is relative to that value.

    `error` says which exception the place calls for: "missing-type", "unknown-type", or None. `failure` is set where
    the config may be right and the plugin that it names cannot be used.
    """

    path: ConfigPath
    message: str
    hint: str | None = None
    error: str | None = None
    failure: PluginError | None = None

    def below(self, *prefix: str | int) -> Issue:
        return self._replace(path=(*prefix, *self.path))


class Mismatch(Exception):  # noqa: N818 - it never leaves this package
    """A value does not fit its type; `issues` says where and why."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__(issues)
        self.issues = issues

    @classmethod
    def here(cls, message: str, hint: str | None = None) -> Mismatch:
        return cls(Issue((), message, hint))


def in_order(issues: Iterable[Issue], config: Any) -> list[Issue]:
    """The issues in the order in which their places stand in `config`; what is missing comes last in its mapping."""
    places: dict[int, dict[Any, int]] = {}
    return sorted(issues, key=lambda issue: _place(issue.path, config, places))


def _place(path: ConfigPath, config: Any, places: dict[int, dict[Any, int]]) -> list[int]:
    """For each step of the path, the number of its entry; `places` keeps those of the mappings on the way."""
    found = []
    for step in path:
        if isinstance(config, Mapping):
            of_keys = places.get(id(config))
            if of_keys is None:
                of_keys = places[id(config)] = {key: place for place, key in enumerate(config)}
            found.append(of_keys.get(step, len(of_keys)))
            config = config.get(step)
        elif is_list(config) and isinstance(step, int):
            found.append(step)
            config = config[step] if step < len(config) else None
    return found
