"""Problems of configs as compilers show them: place, message, hint, and the line with a caret below the column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from optim_core.errors import Problem
from optim_core.plugin_tools import LARGEST, format_of, visible

__all__ = ["render"]

# YAML counts lines so; a format that counts them otherwise says so.
_LINE_END = "\r\n|[\n\r\x85\u2028\u2029]"
_BEFORE, _SHOWN = 60, 100


def render(problems: Iterable[Problem]) -> str:
    """Return all problems, one below the other."""
    read: dict[str, list[str]] = {}
    return "\n".join(_rendered(problem, read) for problem in problems)


def _rendered(problem: Problem, read: dict[str, list[str]]) -> str:
    # A key or a file's name may hold what would change the terminal.
    said = "\n".join(map(visible, str(problem).split("\n")))
    excerpt = _excerpt(problem, read)
    return f"{said}\n{excerpt}" if excerpt else said


def _excerpt(problem: Problem, read: dict[str, list[str]]) -> str | None:
    """Return the line of the file and a caret below the column; `read` keeps the lines of files."""
    if problem.file is None or problem.line is None or problem.column is None:
        return None
    if problem.file not in read:
        read[problem.file] = _lines(problem.file)
    lines = read[problem.file]
    if not 0 < problem.line <= len(lines):
        return None
    line, at = lines[problem.line - 1], problem.column - 1
    # A long line, such as a whole JSON file, is shown around the column.
    start = at - _BEFORE if at > _SHOWN - 20 else 0
    piece = "".join(letter if letter.isprintable() else " " for letter in line[start : start + _SHOWN])
    number = f"{problem.line:>5}"
    before = "… " if start else ""
    after = " …" if len(line) > start + _SHOWN else ""
    caret = " " * (len(before) + sum(map(_columns, piece[: at - start])))
    return f"{number} | {before}{piece.rstrip()}{after}\n{' ' * len(number)} | {caret}^"


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _lines(file: str) -> list[str]:
    file_format = format_of(file)
    line_end = file_format.line_ends if file_format and file_format.line_ends else _LINE_END
    try:
        with open(file, encoding="utf-8-sig", errors="replace", newline="") as source:  # noqa: PTH123 - no pathlib
            return re.split(line_end, source.read(LARGEST))
    except OSError:
        return []
