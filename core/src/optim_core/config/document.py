"""Document: a config, the file that it came from, and where in it each key stands. Section: one in a larger file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from optim_core.config.issues import ConfigPath, Position

if TYPE_CHECKING:
    from optim_core.errors import Problem

__all__ = ["OVERRIDE", "Document", "Section"]

# A message about an override has this in place of the name of a file.
OVERRIDE = "--set"


class Document(NamedTuple):
    """What a file holds.

    Args:
        file: its name, as the caller gave it; None for a mapping.
        value: the config in it.
        locate: path in the config to 1-based line and column; None where the place is unknown.
        overridden: the paths at which an override stands in place of what the file holds.
        typed: path and text of the overrides that YAML takes for something else than a text.
        refused: what is wrong with overrides that were not taken.
        of_application: it is what a whole application is told, which may have anything of its own beside a recipe.

    Example:
        >>> from optim_core.plugin_tools import Document
        >>> Document(None, {"type": "SGD"}, lambda path: None).value
        {'type': 'SGD'}
    """

    file: str | None
    value: Any
    locate: Callable[[ConfigPath], Position | None]
    overridden: frozenset[ConfigPath] = frozenset()
    typed: tuple[tuple[ConfigPath, str], ...] = ()
    refused: tuple[Problem, ...] = ()
    of_application: bool = False

    def place(self, path: ConfigPath) -> tuple[str | None, int | None, int | None]:
        """Return file, line and column of what stands at `path`.

        Example:
            >>> from optim_core.plugin_tools import Document
            >>> Document("model.yaml", {}, lambda path: (3, 5)).place(("type",))
            ('model.yaml', 3, 5)
        """
        if self.overridden and any(path[:length] in self.overridden for length in range(len(path) + 1)):
            return OVERRIDE, None, None
        line, column = self.locate(path) or (None, None)
        return self.file, line, column


class Section(dict[str, Any]):
    """A mapping in a file that holds more than a config, which knows where it stands there.

    `Registry.build` takes it as any other mapping, and what is wrong is told with file and line.

    Args:
        value: the mapping.
        file: the name of the file.
        locate: path in the mapping to 1-based line and column; None where the place is unknown.
    """

    def __init__(self, value: Mapping[str, Any], file: str, locate: Callable[[ConfigPath], Position | None]) -> None:
        super().__init__(value)
        self.file = file
        self.locate = locate

    def __reduce__(self) -> tuple[Any, ...]:
        # The tree of the file is not copied along; a copy is a mapping as any other.
        return dict, (dict(self),)

    def with_value(self, value: Mapping[str, Any]) -> Section:
        """Return another mapping, such as one in which references are resolved, with the places of this one."""
        return Section(value, self.file, self.locate)

    def document(self) -> Document:
        """Return the section as what a file holds."""
        return Document(self.file, dict(self), self.locate)
