"""Where the keys and list elements of TOML text stand; tomllib, which reads the values, keeps no places.

The walk needs the shape of the text only. It takes more than TOML allows and ends where it cannot go on: what is wrong
there is for tomllib to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NoReturn

from optim_core.config.formats.format import FormatError
from optim_core.config.issues import DEEPEST, MOST_NODES, ConfigPath, Position

__all__ = ["QUOTED_OR_COMMENT", "Places"]

# The headers and dotted keys may have so many keys together; tomllib takes time for each.
MOST_KEYS = 10 * MOST_NODES

# The quantifiers are possessive, so that no text makes them go back and try again.
_SPACE = re.compile(r"[ \t]*+")
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_BASIC = r'"(?:[^"\\\n]++|\\.)*+"'
_LITERAL = r"'[^'\n]*+'"
_KEY = re.compile(rf"[A-Za-z0-9_-]++|{_BASIC}|{_LITERAL}")
# The quotes of a text of several lines may be preceded by two that belong to it.
_LONG_BASIC = r'"""(?:[^"\\]++|\\[\s\S]|""?(?!"))*+"""(?:"{0,2}+)'
_LONG_LITERAL = r"'''(?:[^']++|''?(?!'))*+'''(?:'{0,2}+)"
_BARE = r"""[^\s"'\[\]{},#=][^\n,\]}#]*+"""
QUOTED_OR_COMMENT = re.compile("|".join((_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL, "#")))
_SCALAR = re.compile("|".join((_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL, _BARE)))

# A node is made by a value (an inline table or list, too), a dotted key, a longer header, [header] or [[header]].
_Kind = Literal["value", "dotted", "implied", "table", "tables"]


class Places:
    """The places in a text, which is walked through when the first one is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._counted = (0, 1)

    @cached_property
    def _walk(self) -> _Walk:
        walk = _Walk(self._text)
        walk.run()
        return walk

    @property
    def error(self) -> FormatError | None:
        """Return what ended the walk, if anything: a key twice, nesting over 50 deep, too many values or keys."""
        walk = self._walk
        return None if walk.wrong is None else FormatError(walk.wrong, self._position(walk.at), walk.hint)

    def of(self, path: ConfigPath) -> Position:
        """Return the place of the value at `path`: of the key for a mapping's entry, or the nearest place above it."""
        node = self._walk.root
        for step in path:
            if step not in node.children:
                break
            node = node.children[step]
        return self._position(node.start)

    def _position(self, start: int) -> Position:
        """Return 1-based line and column; lines are counted on from the place that was asked for last."""
        before, line = self._counted if self._counted[0] <= start else (0, 1)
        line += self._text.count("\n", before, start)
        self._counted = (start, line)
        return line, start - self._text.rfind("\n", 0, start)


class _Node:
    """One value: the offset where it or its key stands, and its entries by key or number."""

    __slots__ = ("children", "kind", "start")

    def __init__(self, start: int, kind: _Kind) -> None:
        self.start = start
        self.kind = kind
        self.children: dict[str | int, _Node] = {}


class _EndError(Exception):
    """The walk cannot go on."""


class _Walk:
    """One way through a text; `at` is the offset reached, `wrong` says why it ended early, where that is no TOML's."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._nodes = 0
        self._parts = 0
        self.at = 0
        self._skip(_BLANK)
        self.root = _Node(self.at, "table")
        self.wrong: str | None = None
        self.hint: str | None = None

    def run(self) -> None:
        table, depth = self.root, 0
        try:
            while self.at < len(self._text):
                if self._next("["):
                    table, depth = self._header()
                else:
                    self._pair(table, depth)
                self._skip(_SPACE)
                if self.at < len(self._text) and not self._next(("\n", "\r", "#")):
                    return
                self._skip(_BLANK)
        except _EndError:
            return

    # -- statements ----------------------------------------------------------------------------------------------

    def _header(self) -> tuple[_Node, int]:
        """Return the table that ``[a.b]`` or ``[[a.b]]`` opens, and how deep that is."""
        start = self.at
        several = self._next("[[")
        self.at += 2 if several else 1
        kind: _Kind = "tables" if several else "table"
        node, depth = self.root, 0
        for at, key, more in self._keys():
            if node.kind == "tables":
                node, depth = node.children[len(node.children) - 1], depth + 1
            depth += 1
            known = node.children.get(key)
            if known is None:
                node = self._add(node, key, at, depth, "implied" if more else kind)
                continue
            if not (known.kind != "value" if more else known.kind == ("tables" if several else "implied")):
                self._twice(key, at)
            if not more and not several:
                known.start, known.kind = at, "table"
            node = known
        self._expect("]]" if several else "]")
        if several:
            depth += 1
            node = self._add(node, len(node.children), start, depth, "table")
        return node, depth

    def _pair(self, table: _Node, depth: int) -> None:
        """Walk through ``a.b = value`` in `table`."""
        node = table
        for at, key, more in self._keys():
            depth += 1
            known = node.children.get(key)
            if known is None:
                node = self._add(node, key, at, depth, "dotted" if more else "value")
            elif not more or known.kind == "value":
                self._twice(key, at)
            else:
                node = known
        self._expect("=")
        self._value(node, depth)

    def _keys(self) -> Iterator[tuple[int, str, bool]]:
        """Yield the parts of a dotted key: offset, key, and whether another follows."""
        more = True
        while more:
            self._skip(_SPACE)
            at, key = self.at, self._key()
            self._parts += 1
            if self._parts > MOST_KEYS:
                self._end(at, f"holds more than {MOST_KEYS:,} keys")
            self._skip(_SPACE)
            more = self._next(".")
            self.at += more
            yield at, key, more

    def _key(self) -> str:
        token = self._take(_KEY)
        if token[0] not in "\"'":
            return token
        if token[0] == "'" or "\\" not in token:
            return token[1:-1]
        import tomllib

        try:
            decoded: str = tomllib.loads(f"key = {token}")["key"]
        except tomllib.TOMLDecodeError:
            raise _EndError from None
        return decoded

    # -- values --------------------------------------------------------------------------------------------------

    def _value(self, node: _Node, depth: int) -> None:
        self._skip(_SPACE)
        if self._next("["):
            self._items(node, depth, "]")
        elif self._next("{"):
            self._items(node, depth, "}")
        else:
            self._take(_SCALAR)

    def _items(self, node: _Node, depth: int, closing: str) -> None:
        """Walk through the elements of a list, or the pairs of an inline table."""
        self.at += 1
        self._skip(_BLANK)
        while not self._next(closing):
            if closing == "}":
                self._pair(node, depth)
            else:
                element = self._add(node, len(node.children), self.at, depth + 1, "value")
                self._value(element, depth + 1)
            self._skip(_BLANK)
            if not self._next(closing):
                self._expect(",")
                self._skip(_BLANK)
        self.at += 1

    def _add(self, node: _Node, step: str | int, start: int, depth: int, kind: _Kind) -> _Node:
        self._nodes += 1
        if depth > DEEPEST:
            self._end(start, f"is nested more than {DEEPEST} deep")
        if self._nodes > MOST_NODES:
            self._end(start, f"holds more than {MOST_NODES:,} values")
        child = node.children[step] = _Node(start, kind)
        return child

    # -- text ----------------------------------------------------------------------------------------------------

    def _next(self, text: str | tuple[str, ...]) -> bool:
        return self._text.startswith(text, self.at)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self.at)
        self.at = match.end() if match else self.at

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self.at)
        if match is None:
            raise _EndError
        self.at = match.end()
        return match.group()

    def _expect(self, text: str) -> None:
        if not self._next(text):
            raise _EndError
        self.at += len(text)

    def _twice(self, key: str, at: int) -> NoReturn:
        self._end(at, f"the key `{key}` stands twice in one mapping", "keep one of them")

    def _end(self, at: int, wrong: str, hint: str | None = None) -> NoReturn:
        self.at, self.wrong, self.hint = at, wrong, hint
        raise _EndError
