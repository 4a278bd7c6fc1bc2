"""What the commands print: text that the terminal can show, and JSON."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

__all__ = ["INDENT", "UNWRAPPED", "can_say", "print_json", "say", "width"]

_WITHOUT_UNICODE = str.maketrans({"≤": "<=", "≥": ">=", "…": "...", "→": "->", "–": "-", "—": "-", "×": "x", "²": "^2"})
# Output that is read by another program is not wrapped.
UNWRAPPED = 400
INDENT = " " * 4


def say(text: str, *, err: bool = False, color: bool | None = None) -> None:
    """Print a text; what the stream's encoding lacks is written in ASCII.

    Example:
        >>> from optim_core.cli import say
        >>> say("the rate is above 0")
        the rate is above 0
    """
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    if not _can_show(text, encoding):
        text = text.translate(_WITHOUT_UNICODE).encode(encoding, "backslashreplace").decode(encoding)
    click.echo(text, err=err, color=color)


def can_say(text: str) -> bool:
    """Return whether standard output has every letter of a text."""
    return _can_show(text, getattr(sys.stdout, "encoding", None) or "utf-8")


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def print_json(value: Any) -> None:
    """Print plain data as JSON.

    Example:
        >>> from optim_core.cli import print_json
        >>> print_json({"lr": 0.1})
        {
          "lr": 0.1
        }
    """
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False)
    say(text if can_say(text) else json.dumps(value, indent=2))


def width() -> int:
    """Return how many columns there are to fill: COLUMNS, or those of the terminal."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    # A process may be started without a standard output at all.
    if sys.stdout is None or not sys.stdout.isatty():
        return UNWRAPPED
    import shutil

    return shutil.get_terminal_size().columns
