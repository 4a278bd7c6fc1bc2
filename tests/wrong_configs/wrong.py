"""One entry of the table of wrong configs: the mistake of a person, and all that they are told about it."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Wrong", "WrongFile"]


class Wrong(NamedTuple):
    """A wrong mapping.

    Args:
        mistake: what its author did.
        config: the mapping, or whatever stands for it.
        problems: all problems, in their order: path and message.
        hint: what the first hint that there is must hold; None leaves the hints alone.
    """

    mistake: str
    config: Any
    problems: list[tuple[str, str]]
    hint: str | None = None


class WrongFile(NamedTuple):
    """A wrong file.

    Args:
        mistake: what its author did.
        file: its name.
        text: what it holds.
        problems: all problems, in their order: 1-based line and column, None where there is no place, path and message.
        hint: what the first hint that there is must hold; None leaves the hints alone.
    """

    mistake: str
    file: str
    text: str
    problems: list[tuple[int | None, int | None, str, str]]
    hint: str | None = None
