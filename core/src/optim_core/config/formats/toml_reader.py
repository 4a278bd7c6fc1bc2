"""TOML text to plain values, with the place of every value; tomllib parses."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from optim_core.config.formats.format import FormatError
from optim_core.config.formats.toml_places import Places
from optim_core.config.issues import DEEPEST

__all__ = ["read_toml"]

# A longer text, or one of more brackets, is walked through before it is parsed: tomllib takes time with the square of
# a key's parts, and recurses once for each level.
SHORT = 4096
# This is in characters, for which tomllib, which is written in Python, may take half a second.
LARGEST = 1024 * 1024
LONGEST_SHOWN = 40

_ERROR = re.compile(r"(?P<message>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL)
_WORDS = re.compile(r"[^\s,\[\]{}#\"'=][^,\[\]{}#\"'=\n]*")
_POINT_AT_END = re.compile(r"[-+]?(\.\d|\d+\.(?!\d))")


def read_toml(text: str) -> tuple[dict[str, Any], Places]:
    """Return the mapping in `text`, and the places of what is in it.

    Raises:
        FormatError: it is not TOML, a key stands twice, or, in a long text, there are more than 10,000 values or
            nesting over 50 deep, or it is larger than 1 MiB.
    """
    places = Places(text)
    if len(text) > SHORT or text.count("[") + text.count("{") > DEEPEST:
        if len(text) > LARGEST:
            raise FormatError(f"is larger than {LARGEST // 1024 // 1024} MiB, which no config in TOML is")
        if places.error is not None:
            raise places.error
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _said(str(error), text, places.error) from None
    except ValueError as error:
        # Python converts no number of over 4,300 digits.
        raise FormatError(f"holds what is no number: {error}") from None
    if not value:
        raise FormatError("holds nothing but comments", (1, 1))
    return value, places


def _said(error: str, text: str, earlier: FormatError | None) -> FormatError:
    """Return tomllib's error in our words; `earlier`, where that stands before it, says more."""
    match = _ERROR.fullmatch(error)
    message = match["message"] if match else error
    lines = text.rstrip().split("\n")
    position = (len(lines), len(lines[-1]) + 1)
    if match and match["line"]:
        position = (int(match["line"]), int(match["column"]))
    if earlier is not None and earlier.position <= position:
        return earlier
    line = lines[position[0] - 1] if position[0] <= len(lines) else ""
    at = position[1] - 1
    if message == "Illegal character '\\n'":
        return FormatError("is not TOML: a text is not closed on its line", position)
    hint = _one_line(message, line, at) or _repair(message, line, at)
    return FormatError(f"is not TOML: {message[:1].lower()}{message[1:]}", position, hint)


def _one_line(message: str, line: str, at: int) -> str | None:
    """Return what to do about an inline table that has a line break, or a comma at its end."""
    if message == "Invalid initial character for a key part" and "{" in line[:at] and line[at:].strip() in ("", "}"):
        return "a table in braces stands on one line and has no comma at its end; [header] opens a longer one"
    return None


def _repair(message: str, line: str, at: int) -> str | None:
    """Return what to write in place of the value that stands at or around `at`, where that can be said."""
    if message.startswith("Expected '='") and line[at : at + 1] == ":":
        return "TOML has `=` between key and value"
    if message.startswith("Expected newline"):
        at = line.find("=") + 1
        at += len(line[at:]) - len(line[at:].lstrip())
    elif message != "Invalid value":
        return None
    match = _WORDS.match(line, at)
    if match is None:
        return None
    word = match.group().strip()
    if word.lower() in ("null", "none", "nil", "~"):
        return "TOML has no null: leave the key out"
    if word.lower() in ("true", "false"):
        return f"write {word.lower()}"
    if _POINT_AT_END.match(word):
        return "a number has digits on both sides of its point"
    if not re.search(r"[^\W\d]|%", word):
        return None
    return f'text stands in quotes: "{word}"' if len(word) <= LONGEST_SHOWN else "text stands in quotes"
