"""Document: a config, the file that it came from, and where in it each key stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from optim_core.config.issues import ConfigPath, Position

__all__ = ["OVERRIDE", "Document"]

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
    """

    file: str | None
    value: Any
    locate: Callable[[ConfigPath], Position | None]
    overridden: tuple[ConfigPath, ...] = ()
    typed: tuple[tuple[ConfigPath, str], ...] = ()

    def place(self, path: ConfigPath) -> tuple[str | None, int | None, int | None]:
        """Return file, line and column of what stands at `path`."""
        if any(path[: len(replaced)] == replaced for replaced in self.overridden):
            return OVERRIDE, None, None
        line, column = self.locate(path) or (None, None)
        return self.file, line, column
