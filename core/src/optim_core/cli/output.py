"""What the commands print: text that the terminal can show, and JSON."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, TextIO

import click

__all__ = [
    "INDENT",
    "UNWRAPPED",
    "can_say",
    "cells",
    "fitted",
    "own_output",
    "print_json",
    "say",
    "showable",
    "standard_output",
    "width",
]

_WITHOUT_UNICODE = str.maketrans({"≤": "<=", "≥": ">=", "…": "...", "→": "->", "–": "-", "—": "-", "×": "x", "²": "^2"})
# Output that is read by another program is not wrapped.
UNWRAPPED = 400
INDENT = " " * 4


class _Own:
    """Where a command of ours prints while whatever else prints is led to standard error; None is sys.stdout."""

    stream: TextIO | None = None


def standard_output() -> TextIO:
    """Return where a command prints: standard output, whatever a plugin prints meanwhile."""
    return _Own.stream or sys.stdout


@contextlib.contextmanager
def own_output() -> Iterator[None]:
    """Keep standard output for what `say` says in the block; all else that is printed goes to standard error.

    It may be JSON for another program, and validators, imports and libraries written in C print as they like. It can
    also stand as a decorator above a command.

    Returns:
        the block's context; nothing is bound by `as`.

    Example:
        >>> from optim_core.cli import own_output, say
        >>> with own_output():
        ...     print("this is read on standard error")
        ...     say("this is the answer")
        this is the answer
    """
    if sys.stdout is None or _Own.stream is not None:
        yield
    elif sys.__stdout__ is not None and sys.stdout is sys.__stdout__:
        with _own_descriptor(sys.__stdout__):
            yield
    else:
        # Somebody put another stream in its place, as notebooks and tests do.
        _Own.stream, sys.stdout = sys.stdout, sys.stderr
        try:
            yield
        finally:
            sys.stdout, _Own.stream = _Own.stream, None


@contextlib.contextmanager
def _own_descriptor(stdout: TextIO) -> Iterator[None]:
    stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        own = open(kept, "w", encoding=stdout.encoding, errors=stdout.errors, closefd=False)  # noqa: SIM115
        _Own.stream = own
        yield
    finally:
        _Own.stream = None
        # What could not be written was told when it was said.
        with contextlib.suppress(OSError):
            stdout.flush()
        with contextlib.suppress(OSError, UnboundLocalError):
            own.close()
        os.dup2(kept, 1)
        os.close(kept)


def say(text: str, *, err: bool = False, color: bool | None = None) -> None:
    """Print a text; what the stream's encoding lacks is written in ASCII.

    Args:
        text: what is printed, with a line end after it.
        err: whether it goes to standard error.
        color: whether colours are kept; by default where it is a terminal.

    Example:
        >>> from optim_core.cli import say
        >>> say("the rate is above 0")
        the rate is above 0
    """
    stream = sys.stderr if err else standard_output()
    click.echo(_showable(text, stream), file=stream, color=color)


def can_say(text: str) -> bool:
    """Return whether standard output has every letter of a text."""
    return text == showable(text)


def showable(text: str) -> str:
    """Return a text as `say` prints it, in which what standard output has no letters for takes more room."""
    return _showable(text, standard_output())


def _showable(text: str, stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_WITHOUT_UNICODE).encode(encoding, "backslashreplace").decode(encoding)
    return text


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for each letter of Chinese, for one."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def fitted(text: str, columns: int) -> str:
    """Return a text as it can be shown in so many columns, cut after a word where it is longer."""
    text = showable(text)
    if cells(text) <= columns:
        return text
    import textwrap

    ellipsis = showable("…")
    for letters in range(min(columns, len(text)), len(ellipsis), -1):
        # A word that is longer than all the room there is has to be cut itself.
        cut = textwrap.shorten(text, letters, placeholder=ellipsis)
        cut = text[: letters - len(ellipsis)] + ellipsis if cut == ellipsis else cut
        if cells(cut) <= columns:
            return cut
    return ""


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


def width(unwrapped: int = UNWRAPPED) -> int:
    """Return how many columns there are to fill: COLUMNS, or those of the terminal; `unwrapped` where there is none."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    # A process may be started without a standard output at all.
    if standard_output() is None or not standard_output().isatty():
        return unwrapped
    import shutil

    return shutil.get_terminal_size().columns
