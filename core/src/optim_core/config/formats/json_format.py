"""JSON: configs as ``.json`` files hold them."""

from __future__ import annotations

from typing import Any

from optim_core.config.formats.format import Locate

__all__ = ["has_comments", "read", "write"]


def read(text: str) -> tuple[Any, Locate]:
    """Return the value that a text holds, and what finds the places of the values in it.

    Raises:
        FormatError: it is not JSON, a key stands twice, or it is nested over 50 deep.
    """
    from optim_core.config.formats.json_reader import read_json

    value, places = read_json(text)
    return value, places.of


def write(config: Any, *, ascii_only: bool = False) -> str:
    """Return plain data as JSON, keys in their order; with `ascii_only`, all other letters as escapes."""
    import json

    return json.dumps(config, indent=2, ensure_ascii=ascii_only) + "\n"


def has_comments(_text: str) -> bool:
    """Say no: JSON has none."""
    return False
