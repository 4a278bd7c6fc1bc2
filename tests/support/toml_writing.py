"""Mappings and the TOML texts that hold them, in every way to write keys, texts, lists and tables."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

__all__ = ["documents", "paths", "values"]

LETTERS = st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("ab\"'\\.=#[]{},\n\t\u2028 é😀")
TEXTS = st.text(LETTERS, max_size=6)
KEYS = st.sampled_from(["a", "b", "lr", "7"]) | TEXTS
SCALARS = (
    st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates(min_value=datetime.date(1000, 1, 1))
    | st.datetimes(min_value=datetime.datetime(1000, 1, 1))
    | TEXTS
)
BLANKS = ["", " ", "\n", "\t\n# [comment = {\n  ", " # 'it's\n"]


def values(most: int = 12) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for nested mappings of what TOML can hold."""
    inner = st.recursive(
        SCALARS,
        lambda below: (
            st.lists(below, max_size=3)
            | st.dictionaries(KEYS, below, max_size=3)
            | st.lists(st.dictionaries(KEYS, below, max_size=2), min_size=1, max_size=3)
        ),
        max_leaves=most,
    )
    return st.dictionaries(KEYS, inner, min_size=1, max_size=4)


@st.composite
def documents(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """Draw a mapping and a text that holds it."""
    value = draw(values())
    text = "".join(_Writer(draw).table(value, ()))
    return value, text.replace("\n", "\r\n") if draw(st.booleans()) else text


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of all entries and elements below a value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in entries:
        yield (*path, step)
        yield from paths(item, (*path, step))


class _Writer:
    """Writes TOML with choices that hypothesis draws."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def table(self, table: dict[str, Any], header: tuple[str, ...]) -> Iterator[str]:
        """Yield the pairs of a table, then the tables below it."""
        later = []
        for key, value in table.items():
            if self._may_have_header(value) and self._choose([True, False]):
                later.append((key, value))
            else:
                yield from self._pair([key], value)
        for key, value in later:
            below = (*header, key)
            if isinstance(value, dict):
                yield f"{self._space()}[{self._dotted(below)}] # {{\n"
                yield from self.table(value, below)
            else:
                for element in value:
                    yield f"[[{self._dotted(below)}]]\n{self._choose(BLANKS[2:])}"
                    yield from self.table(element, below)

    def _may_have_header(self, value: Any) -> bool:
        is_table = isinstance(value, dict)
        return is_table or (isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value))

    def _pair(self, keys: list[str], value: Any) -> Iterator[str]:
        if isinstance(value, dict) and value and self._choose([True, False]):
            for key, item in value.items():
                yield from self._pair([*keys, key], item)
        else:
            comment = self._choose(["", " # x"])
            yield f"{self._dotted(keys)}{self._space()}={self._space()}{self._value(value)}{comment}\n"

    def _value(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self._key(key)} = {self._value(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            items = ",".join(self._choose(BLANKS) + self._value(item) + self._choose(BLANKS) for item in value)
            return f"[{items}{self._choose([',', '']) if value else ''}{self._choose(BLANKS)}]"
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (datetime.date, datetime.datetime)):
            return value.isoformat(sep=self._choose(["T", " "])) if isinstance(value, datetime.datetime) else str(value)
        return repr(value)

    def _text(self, text: str) -> str:
        ways = [_basic(text), _long_basic(text)]
        if text.isprintable() and "'" not in text:
            ways.append(f"'{text}'")
        if "'''" not in text:
            ways.append(f"'''\n{text}'''")
        return self._choose(ways)

    def _dotted(self, keys: Any) -> str:
        return f"{self._space()}.{self._space()}".join(map(self._key, keys))

    def _key(self, key: str) -> str:
        ways = [_basic(key)]
        if re.fullmatch("[A-Za-z0-9_-]+", key):
            ways.append(key)
        if key.isprintable() and "'" not in key:
            ways.append(f"'{key}'")
        return self._choose(ways)

    def _space(self) -> str:
        return self._choose(["", " ", "\t "])

    def _choose(self, ways: list[Any]) -> Any:
        return self._draw(st.sampled_from(ways))


def _basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _long_basic(text: str) -> str:
    written = ""
    for letter in text:
        if letter == '"' and written.endswith('""'):
            written += '\\"'
        else:
            written += "\\\\" if letter == "\\" else letter
    return f'"""\n{written}"""'
