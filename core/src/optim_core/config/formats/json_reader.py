"""JSON text to plain values, with the place of every value, and what is wrong with text that is not JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from optim_core.config.formats.format import FormatError
from optim_core.config.issues import DEEPEST, MOST_NODES, ConfigPath, Position

if TYPE_CHECKING:
    from optim_core.config.formats.yaml_reader import Positions

__all__ = ["JsonPlaces", "read_json"]

# Where JSON breaks off, people who write Python, JavaScript or YAML have put one of these; each has its repair.
_REPAIRS = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r"//|/\*|#", "JSON has no comments: take it out, or let the name of the file end in .yaml"),
        # From Python 3.13 on, the place is that of the comma.
        (r",?\s*}", "JSON has no comma before `}`"),
        (r",?\s*]", "JSON has no comma before `]`"),
        ("'", "JSON has double quotes"),
        (r"True\b", "write true"),
        (r"False\b", "write false"),
        (r"None\b", "write null"),
        (r"\+|\.\d", "a number has no `+` before it, and a digit before its point"),
        (r"\s*\Z", "the text ends before all brackets and quotes are closed"),
    )
)
_OF_MESSAGES = {
    "Extra data": "a file holds one value, in one pair of braces",
    "Expecting ','": "a comma is missing here",
}
_YAML_LINE = re.compile(r"\s*[A-Za-z_][\w-]*:(\s|$)")
_WORD = re.compile(r"[A-Za-z_]")


# A text, quotes and all; what escapes a quote is taken out before.
_TEXT = re.compile(r'"[^"]*"')
_BRACKET = re.compile(r"[\[\]{}]")


def read_json(text: str) -> tuple[Any, JsonPlaces]:
    """Return the value in `text`, and the places of what is in it.

    Raises:
        FormatError: it is not JSON, a key stands twice, or it is nested over 50 deep.
    """
    _refuse_depth(text)
    places = JsonPlaces(text)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(items)
        if len(mapping) < len(items):
            raise places.twice() or FormatError(_twice(_first_twice(key for key, _ in items)), hint=_KEEP_ONE)
        return mapping

    try:
        return json.loads(text, object_pairs_hook=pairs), places
    except json.JSONDecodeError as error:
        raise FormatError(f"is not JSON: {error.msg}", (error.lineno, error.colno), _repair(error, text)) from None
    except ValueError as error:
        # Python converts no number of over 4,300 digits.
        raise FormatError(f"holds what is no number: {error}") from None


def _refuse_depth(text: str) -> None:
    """Count nesting and brackets: json recurses once for each level, on a stack that may be that of a thread."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = opened = 0
    for bracket in _BRACKET.findall(_TEXT.sub("", text.replace("\\\\", "").replace('\\"', ""))):
        depth += 1 if bracket in "[{" else -1
        opened += bracket in "[{"
        if depth > DEEPEST:
            raise FormatError(f"is nested more than {DEEPEST} deep")
        if opened > MOST_NODES:
            raise FormatError(f"holds more than {MOST_NODES:,} values")


_KEEP_ONE = "keep one of them"


def _twice(key: str) -> str:
    return f"the key `{key}` stands twice in one mapping"


def _first_twice(keys: Iterable[str]) -> str:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return ""


def _repair(error: json.JSONDecodeError, text: str) -> str | None:
    """Return what to write instead."""
    if _YAML_LINE.match(text):
        return "this looks like YAML: let the name of the file end in .yaml"
    for pattern, hint in _REPAIRS:
        if pattern.match(text, error.pos):
            return hint
    of_message = next((hint for start, hint in _OF_MESSAGES.items() if error.msg.startswith(start)), None)
    return of_message or ("text, keys included, stands in double quotes" if _WORD.match(text, error.pos) else None)


class JsonPlaces:
    """Places in JSON text, which is YAML but for rare escapes; json itself keeps none."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _positions(self) -> Positions | None:
        from optim_core.config.formats.yaml_reader import Positions, compose

        try:
            return Positions(compose(self._text))
        except FormatError:
            return None

    def of(self, path: ConfigPath) -> Position | None:
        """Return the place of the value at `path`, or the nearest place above it."""
        return self._positions.of(path) if self._positions else None

    def twice(self) -> FormatError | None:
        """Return the error of a key that stands twice, with its place; None where that is not to be found."""
        from optim_core.config.formats.yaml_reader import compose, value_of

        try:
            value_of(compose(self._text))
        except FormatError as error:
            return error
        return None
