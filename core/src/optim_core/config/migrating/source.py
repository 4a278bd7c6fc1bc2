"""Source: a config of another project while it is read, and what is known of the recipe in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from optim_core.config.document import Document
from optim_core.config.issues import ConfigPath, path_text
from optim_core.config.migrating.library_names import Known
from optim_core.errors import ConfigError, Problem
from optim_core.text.numerals import number_in
from optim_core.text.spelling import alike, nearest
from optim_core.text.values import is_list, shown

__all__ = ["MISSING", "PluginAt", "Source", "is_number"]

PluginAt = Callable[[str], Known | None]

_LARGEST = 1e300

MISSING: Any = object()
"""What `Source.take` returns for a key that is not there."""


class Source:
    """A config of another project: what was read of it, what the recipe is, what was assumed, and what is wrong.

    Args:
        document: the config, with its places.
        title: how sentences call the project's config.
        plugin_at: what the class of a dotted name is, where that is a plugin class; nothing is imported for it.
    """

    def __init__(self, document: Document, title: str, plugin_at: PluginAt) -> None:
        self.document = document
        self.plugin_at = plugin_at
        self.title = title
        self.recipe: dict[str, Any] = {}
        self.assumed: list[str] = []
        self.warnings: list[str] = []
        self.problems: list[Problem] = []
        # Keys that are known to be no recipe's, though their words speak of one.
        self.others: set[str] = set()
        # What else may be written for a value of the recipe, told where that cannot be built here.
        self.instead: dict[ConfigPath, str] = {}
        self._read: set[ConfigPath] = set()
        self._asked: set[str] = set()
        # The path of a value in the recipe, to where it comes from.
        self._from: dict[ConfigPath, ConfigPath] = {}

    # -- what stands there ---------------------------------------------------------------------------------------

    def at(self, path: ConfigPath) -> Any:
        """Return what stands at a path, `MISSING` where nothing does; it is not taken for read."""
        value = self.document.value
        for step in path:
            if isinstance(value, Mapping):
                value = value.get(step, MISSING)
            elif is_list(value) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return MISSING
        return value

    def take(self, *path: str | int) -> Any:
        """Return what stands at a path, and take it for read, with all that is in it."""
        value = self.at(path)
        self._asked.update(step for step in path if isinstance(step, str))
        if value is not MISSING:
            self._read.add(path)
        return value

    def nearest(self, key: str) -> str | None:
        """Return the key that is read, and is not there, and that `key` was most likely meant to be."""
        absent = self._asked - {str(path[-1]) for path in self._read if path}
        return nearest(key, absent) if alike(key, absent) else None

    def number(self, *path: str | int, default: float | None = None, because: str = "") -> float | None:
        """Return the number at a path, and `default` where there is none; say so where `because` says whose that is."""
        value = self.take(*path)
        if value is MISSING:
            if because:
                self.assume(f"{path[-1]}: {shown(default)}, {because}")
            return default
        number = _as_number(value)
        if value is None or number is not None:
            return number
        self.wrong(path, f"must be a number, is {shown(value)}", _hint_for(value))
        return default

    def numbers(self, *path: str | int, count: int, default: list[float] | None = None, because: str = "") -> Any:
        """Return the list of `count` numbers at a path, as `number` does for one."""
        value = self.take(*path)
        if value is MISSING:
            if because:
                self.assume(f"{path[-1]}: {shown(default)}, {because}")
            return default
        if value is None:
            return None
        read = [_as_number(item) for item in value] if is_list(value) else []
        if len(read) == count and None not in read:
            return read
        self.wrong(path, f"must be {count} numbers, is {shown(value)}", _hint_for(value))
        return default

    def flag(self, *path: str | int, default: bool) -> bool:
        """Return whether something is switched on."""
        value = self.take(*path)
        if value is MISSING or value is None:
            return default
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        self.wrong(path, f"must be true or false, is {shown(value)}")
        return default

    def text(self, *path: str | int, default: str | None = None, because: str = "") -> str | None:
        """Return the text at a path, as `number` does for numbers."""
        value = self.take(*path)
        if value is MISSING:
            if because:
                self.assume(f"{path[-1]}: {default}, {because}")
            return default
        if value is None or isinstance(value, str):
            return value
        self.wrong(path, f"must be a name, is {shown(value)}")
        return default

    # -- what becomes of it --------------------------------------------------------------------------------------

    def put(self, target: ConfigPath, value: Any, path: ConfigPath = ()) -> None:
        """Set a value of the recipe, which comes from `path`."""
        holder = self.recipe
        for step in target[:-1]:
            holder = holder.setdefault(str(step), {})
        holder[str(target[-1])] = value
        self._from[target] = path

    def at_target(self, target: ConfigPath) -> Any:
        """Return what stands at a path of the recipe, None where nothing does."""
        value: Any = self.recipe
        for step in target:
            value = value.get(str(step)) if isinstance(value, dict) else None
        return value

    def assume(self, sentence: str) -> None:
        """Say what stands nowhere in the config and is in the recipe."""
        if sentence not in self.assumed:
            self.assumed.append(sentence)

    def warn(self, sentence: str) -> None:
        """Say what may be another than the config's author thinks."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def wrong(self, path: ConfigPath, message: str, hint: str | None = None) -> None:
        """Say what is wrong at a path, or has no equal in a recipe."""
        file, line, column = self.document.place(path)
        problem = Problem(path=path_text(path), message=message, hint=hint, file=file, line=line, column=column)
        if problem not in self.problems:
            self.problems.append(problem)

    def no_equal(self, path: ConfigPath, what: str, hint: str | None = None) -> None:
        """Say that there is no equal for what stands at a path."""
        self.wrong(path, f"{what} has no equal here", hint)

    def refuse_unless(self, *path: str | int, allowed: tuple[Any, ...], why: str) -> None:
        """Take a key that may only have values that change nothing; say `why` it has no equal otherwise."""
        value = self.take(*path)
        if value is not MISSING and value not in allowed:
            self.wrong(path, f"{shown(value)} has no equal here: {why}")

    def clip_by_norm(self, path: ConfigPath, norm: float | None) -> None:
        """Clip by the norm of all gradients, where `norm` is above 0."""
        if norm:
            self.put(("gradient_clipping", "type"), "optim-torch-builtin:norm", path)
            self.put(("gradient_clipping", "max_norm"), norm, path)

    def raise_problems(self) -> None:
        """Raise what is wrong, if anything is.

        Raises:
            ConfigError: with all problems.
        """
        if self.problems:
            raise ConfigError(self.problems)

    def recipe_document(self) -> Document:
        """Return the recipe with the places of the config that it was read from."""

        def locate(path: ConfigPath) -> tuple[int, int] | None:
            while path:
                if path in self._from:
                    return self.document.locate(self._from[path])
                path = path[:-1]
            return None

        return Document(self.document.file, self.recipe, locate)

    def path_of(self, path: str) -> str:
        """Return where a value of the recipe comes from; both as messages have paths."""
        found = max((each for each in self._from if _leads_to(path_text(each), path)), key=len, default=None)
        if found is None:
            return path
        rest = path[len(path_text(found)) :]
        return path_text(self._from[found]) + rest or path

    def left_out(self) -> list[ConfigPath]:
        """Return the paths of all that was not read, each as far up as nothing below it was."""
        return list(_unread(self.document.value, (), self._read, _above(self._read)))


def _leads_to(path: str, other: str) -> bool:
    return other == path or other.startswith((f"{path}.", f"{path}["))


def _above(read: set[ConfigPath]) -> set[ConfigPath]:
    return {path[:end] for path in read for end in range(len(path))}


def _unread(value: Any, path: ConfigPath, read: set[ConfigPath], above: set[ConfigPath]) -> Iterator[ConfigPath]:
    if path in read:
        return
    if path and path not in above:
        yield path
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _unread(below, (*path, key), read, above)
    elif is_list(value):
        for place, below in enumerate(value):
            yield from _unread(below, (*path, place), read, above)


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number, or text that is one, as plain YAML readers hand over ``1e-4``."""
    return _as_number(value) is not None


def _as_number(value: Any) -> float | None:
    if isinstance(value, str):
        value = number_in(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # A whole number may be too large for a float; none that is meant here is near that.
    if not -_LARGEST < value < _LARGEST:
        return None
    return value


def _hint_for(value: Any) -> str | None:
    if isinstance(value, str) and "${" in value:
        return "it refers to another value: give the config in which such references are resolved"
    if value == "auto":
        return "write the value that it stands for; nothing in this file says which it is"
    return None
