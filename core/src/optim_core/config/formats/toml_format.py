"""TOML: configs as ``.toml`` files hold them. It has no null, which `formats.write` leaves out before."""

from __future__ import annotations

from typing import Any

from optim_core.config.formats.format import Locate

__all__ = ["has_comments", "read", "write"]


def read(text: str) -> tuple[Any, Locate]:
    """Return the value that a text holds, and what finds the places of the values in it.

    Raises:
        FormatError: it is not TOML, or no config.
    """
    from optim_core.config.formats.toml_reader import read_toml

    value, places = read_toml(text)
    return value, places.of


def write(config: Any, *, ascii_only: bool = False) -> str:
    """Return plain data without nulls as TOML; with `ascii_only`, all other letters as escapes."""
    from optim_core.config.formats.toml_writer import to_toml

    return to_toml(config, ascii_only=ascii_only)


def has_comments(text: str) -> bool:
    """Tell whether there is a ``#`` outside of what is quoted."""
    from optim_core.config.formats.toml_places import QUOTED_OR_COMMENT

    return any(found[0] == "#" for found in QUOTED_OR_COMMENT.finditer(text))
