r"""Regular expressions for names of parameters: of Python's `re`, and none takes longer than a name is long.

`re` tries one way after another, and of ``(\w+\.?)+`` there are as many ways through a name as there are divisions of
it. An expression that may have many is followed along all of them at once, letter by letter.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

__all__ = ["LONGEST", "ExpressionError", "searching"]

LONGEST = 1000
"""A longer expression is refused."""

# With so many parts that repeat, one behind the other, `re` still tries few ways on a name.
FEW = 3
# A repeated part is there as often as it may be repeated.
MOST_STATES = 2000
MOST_KEPT = 10_000

_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT)
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    sre.CATEGORY_DIGIT: str.isdecimal,
    sre.CATEGORY_NOT_DIGIT: lambda letter: not letter.isdecimal(),
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_NOT_SPACE: lambda letter: not letter.isspace(),
    sre.CATEGORY_WORD: lambda letter: letter.isalnum() or letter == "_",
    sre.CATEGORY_NOT_WORD: lambda letter: not (letter.isalnum() or letter == "_"),
}

# A place in a name: where it begins, where it ends, before a line break at its end, where a word begins or ends.
_FIRST, _LAST, _LINE_END, _EDGE = 1, 2, 4, 8
_PLACES = {
    sre.AT_BEGINNING: _FIRST,
    sre.AT_BEGINNING_STRING: _FIRST,
    sre.AT_END: _LAST | _LINE_END,
    sre.AT_END_STRING: _LAST,
    sre.AT_BOUNDARY: _EDGE,
}

States = frozenset[int]


class ExpressionError(ValueError):
    """An expression is none, or may take without end."""


@lru_cache(1024)
def searching(expression: str) -> Callable[[str], object]:
    """Return what tells whether an expression is found anywhere in a name.

    Raises:
        ExpressionError: it is none, too long, or could take without end on a name.
    """
    if len(expression) > LONGEST:
        raise ExpressionError(f"it has more than {LONGEST:,} letters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parsed = _parser.parse(expression)
            if not _may_take_long(parsed):
                return re.compile(expression).search
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ExpressionError(str(error)) from None
    return _Followed(parsed).search


def _may_take_long(parsed: Any) -> bool:
    """Tell whether `re` may have to try many ways: where what repeats is in what repeats, or much repeats in a row."""
    total = sum(depth for depth, _ in _repeats(parsed, 0))
    return total > FEW or any(depth > 1 for depth, _ in _repeats(parsed, 0))


def _repeats(items: Iterable[Any], depth: int) -> Iterator[tuple[int, Any]]:
    """Yield each part that may be there more or less often, and each choice in one, with its depth."""
    for kind, argument in items:
        if kind in (*_REPEATS, sre.POSSESSIVE_REPEAT):
            yield depth + 1, argument
            yield from _repeats(argument[2], depth + 1)
        else:
            # A choice that is made again and again is made in as many ways.
            if kind is sre.BRANCH and depth:
                yield depth + 1, argument
            for inner in _inside(kind, argument):
                yield from _repeats(inner, depth)


def _inside(kind: Any, argument: Any) -> Iterator[Any]:
    """Yield the parts of a part that does not repeat."""
    if kind is sre.BRANCH:
        yield from argument[1]
    elif kind is sre.SUBPATTERN:
        yield argument[3]
    elif kind in (sre.ASSERT, sre.ASSERT_NOT):
        yield argument[1]
    elif kind is sre.ATOMIC_GROUP:
        yield argument
    elif kind is sre.GROUPREF_EXISTS:
        yield from (part for part in argument[1:] if part is not None)


class _Followed:
    """An expression as states, of which any number hold at once, and what leads from one to the next."""

    def __init__(self, parsed: Any) -> None:
        # Each state waits for a letter and leads on, or leads on without one, where the place is right.
        self._letters: dict[int, tuple[Callable[[str], bool], int]] = {}
        self._free: dict[int, list[tuple[Any, int]]] = {}
        self._has_edges = False
        self._count = 1
        self._found = 0
        self._start = self._sequence(parsed, self._found, parsed.state.flags)
        self._known: dict[Any, tuple[States, bool]] = {}

    def search(self, name: str) -> bool:
        states: States = frozenset()
        known, last = self._known, len(name) - 1
        for at, letter in enumerate(name):
            place = _FIRST * (at == 0) | _LINE_END * (at == last and letter == "\n")
            if self._has_edges:
                place |= _EDGE * _is_edge(name, at)
            key = (states, letter, place)
            after = known.get(key)
            if after is None:
                if len(known) >= MOST_KEPT:
                    known.clear()
                after = known[key] = self._after(states, letter, place)
            states, found = after
            if found:
                return True
        place = _FIRST * (not name) | _LAST | _EDGE * _is_edge(name, len(name))
        return self._after(states, "", place)[1]

    def _after(self, states: States, letter: str, place: int) -> tuple[States, bool]:
        """Return the states after a letter, and whether all was found before it."""
        reached = set(states) | {self._start}
        waiting = list(reached)
        while waiting:
            for anchor, state in self._free.get(waiting.pop(), ()):
                if state not in reached and _holds(anchor, place):
                    reached.add(state)
                    waiting.append(state)
        if self._found in reached or not letter:
            return frozenset(), self._found in reached
        found = (self._letters[state] for state in reached if state in self._letters)
        return frozenset(following for takes, following in found if takes(letter)), False

    def _new(self) -> int:
        self._count += 1
        if self._count > MOST_STATES:
            raise ExpressionError("it repeats too much, in what repeats")
        return self._count

    def _sequence(self, items: Any, following: int, flags: int) -> int:
        for kind, argument in reversed(list(items)):
            following = self._item(kind, argument, following, flags)
        return following

    def _item(self, kind: Any, argument: Any, following: int, flags: int) -> int:
        """Return the state that begins a part, after which `following` comes."""
        if kind in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
            state = self._new()
            self._letters[state] = (_letter(kind, argument, flags), following)
            return state
        if kind is sre.SUBPATTERN:
            _, added, taken, inner = argument
            return self._sequence(inner, following, (flags | added) & ~taken)
        if kind is sre.BRANCH:
            return self._either([self._sequence(inner, following, flags) for inner in argument[1]])
        if kind is sre.AT:
            state = self._new()
            self._has_edges = self._has_edges or argument in (sre.AT_BOUNDARY, sre.AT_NON_BOUNDARY)
            self._free[state] = [(argument, following)]
            return state
        if kind in _REPEATS:
            least, most, inner = argument
            return self._repeat((least, most), inner, following, flags)
        raise ExpressionError(
            "what repeats is in what repeats, so that look-around, references and groups that keep what they took "
            "could take without end"
        )

    def _either(self, states: list[int]) -> int:
        state = self._new()
        self._free[state] = [(None, each) for each in states]
        return state

    def _repeat(self, often: tuple[int, Any], inner: Any, following: int, flags: int) -> int:
        least, most = often
        if least > MOST_STATES or (most is not sre.MAXREPEAT and most > MOST_STATES):
            raise ExpressionError("it repeats too much, in what repeats")
        if most is sre.MAXREPEAT:
            again = self._new()
            self._free[again] = [(None, following), (None, self._sequence(inner, again, flags))]
            following = again
        else:
            end = following
            for _ in range(most - least):
                following = self._either([end, self._sequence(inner, following, flags)])
        for _ in range(least):
            following = self._sequence(inner, following, flags)
        return following


def _is_edge(name: str, at: int) -> bool:
    word = _CATEGORIES[sre.CATEGORY_WORD]
    before, after = name[at - 1 : at] if at else "", name[at : at + 1]
    return bool(before and word(before)) is not bool(after and word(after))


def _holds(anchor: Any, place: int) -> bool:
    """Tell whether an anchor is right at a place; None is none."""
    if anchor is None:
        return True
    if anchor is sre.AT_NON_BOUNDARY:
        return not place & _EDGE
    return bool(place & _PLACES[anchor])


def _letter(kind: Any, argument: Any, flags: int) -> Callable[[str], bool]:
    """Return what tells whether one letter is what a part stands for."""
    if kind is sre.ANY:
        return lambda letter: letter != "\n" or bool(flags & re.DOTALL)
    items = [(sre.LITERAL, argument)] if kind in (sre.LITERAL, sre.NOT_LITERAL) else list(argument)
    negated = kind is sre.NOT_LITERAL or items[:1] == [(sre.NEGATE, None)]
    tests = [_one_of(*item) for item in items if item[0] is not sre.NEGATE]

    def takes(letter: str) -> bool:
        cases = {letter, letter.lower(), letter.upper()} if flags & re.IGNORECASE else {letter}
        return any(test(case) for test in tests for case in cases if len(case) == 1) is not negated

    return takes


def _one_of(kind: Any, argument: Any) -> Callable[[str], bool]:
    if kind is sre.CATEGORY:
        return _CATEGORIES[argument]
    first, last = argument if kind is sre.RANGE else (argument, argument)
    return lambda letter: first <= ord(letter) <= last
