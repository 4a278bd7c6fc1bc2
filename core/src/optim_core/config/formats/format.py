"""Format: a kind of file that holds configs, and the one error of all of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from optim_core.config.issues import ConfigPath, Position
from optim_core.text.prose import shortened

__all__ = ["LONGEST", "Format", "FormatError", "Locate"]

# A longer message is cut.
LONGEST = 400

# The path of a value to its place, or to the nearest place above it; None where no place is known.
Locate = Callable[[ConfigPath], Position | None]


class FormatError(Exception):
    """Text is no config in its format.

    Args:
        message: what is wrong.
        position: 1-based line and column; zeros where they are unknown.
        hint: what repairs it, where that is known.
    """

    def __init__(self, message: str, position: Position = (0, 0), hint: str | None = None) -> None:
        super().__init__(message)
        # A key or a tag of megabytes may be in it.
        self.message = shortened(message, LONGEST)
        self.position = position
        self.hint = hint


# A protocol takes time to make, and no code needs it.
if TYPE_CHECKING:

    class FormatModule(Protocol):
        """What the module of a format has."""

        def read(self, text: str) -> tuple[Any, Locate]:
            """Return the value that a text holds, and what finds the places of the values in it.

            Raises:
                FormatError: the text is no config in this format.
            """

        def write(self, config: Any, *, ascii_only: bool) -> str:
            """Return plain data as text that ends with a line break; `ascii_only` writes other letters as escapes."""

        def has_comments(self, text: str, /) -> bool:
            """Tell whether there are comments in a text that can be read."""


class Format(NamedTuple):
    """One format: a row of `FORMATS`.

    Args:
        name: its name, as ``--format`` takes it.
        endings: those of its files, lower case.
        module: the name of its module, which is imported when a file of the format is read or written.
        title: how sentences call it.
        has_null: it can write null.
        has_half_letters: it can write half of a surrogate pair, as an escape.
        line_ends: a regular expression of what ends a line, where that is not what ends one in YAML.
    """

    name: str
    endings: tuple[str, ...]
    module: str
    title: str
    has_null: bool = True
    has_half_letters: bool = False
    line_ends: str | None = None

    def code(self) -> FormatModule:
        """Return its module, imported."""
        return cast("FormatModule", import_module(self.module))
