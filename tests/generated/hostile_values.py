"""Values that no config file holds, and a caller's mapping may: odd ones of Python's own, ones that lie or raise."""

from __future__ import annotations

import datetime
import decimal
import fractions
import itertools
import pathlib
from collections import ChainMap, OrderedDict, UserDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

__all__ = ["MISBEHAVING", "TooMuchError", "misbehaving", "odd_keys", "odd_values"]


class TooMuchError(RuntimeError):
    """What misbehaving values raise."""


def _fail(*_: Any) -> Any:
    raise TooMuchError("this object raises")


class Text(str):
    """A subclass of text, as the members of a str enum are."""


class Rate(float):
    """A subclass of float, as numpy's are."""


class Table(dict[Any, Any]):
    """A subclass of dict."""


class Items(list[Any]):
    """A subclass of list."""


class RaisesEverywhere:
    """Every question to it raises."""

    __eq__ = __hash__ = __str__ = __repr__ = __len__ = __bool__ = __iter__ = __float__ = __index__ = _fail


class RaisesOnLookup:
    """Asking for any of its attributes, its class included, raises."""

    def __getattribute__(self, name: str) -> Any:
        raise TooMuchError(name)


class TextThatRaises(str):
    """A text that raises when it is compared, shown, or worked with."""

    __eq__ = __str__ = __repr__ = __len__ = __format__ = __contains__ = _fail
    strip = lower = casefold = isprintable = replace = _fail
    __hash__ = str.__hash__


class NumberThatRaises(float):
    """A number that raises when it is compared, shown, or converted."""

    __eq__ = __str__ = __repr__ = __float__ = __gt__ = __ge__ = __lt__ = __le__ = is_integer = _fail
    __hash__ = float.__hash__


class WholeNumberThatRaises(int):
    """A whole number that raises when it is compared, shown, or converted."""

    __eq__ = __str__ = __repr__ = __float__ = __gt__ = __ge__ = __lt__ = __le__ = __index__ = _fail
    __hash__ = int.__hash__


class TableThatRaises(dict[Any, Any]):
    """A dict that raises when it is asked for anything."""

    __getitem__ = __contains__ = __iter__ = __len__ = get = items = keys = values = __repr__ = __eq__ = _fail


class ListThatRaises(list[Any]):
    """A list that raises when it is asked for anything."""

    __getitem__ = __contains__ = __iter__ = __len__ = __repr__ = __eq__ = _fail


class MappingWithout(Mapping[Any, Any]):
    """Says that it has keys, and has no value for any of them."""

    def __getitem__(self, key: Any) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[Any]:
        return iter(["type", "config", "optimizer", "lr"])

    def __len__(self) -> int:
        return 4


class MappingOfAll(Mapping[Any, Any]):
    """Has a value for every key, and says that it is empty."""

    def __getitem__(self, key: Any) -> Any:
        return "AdamW"

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0


class MappingThatRaises(Mapping[Any, Any]):
    """Raises what it is asked."""

    __getitem__ = __iter__ = __len__ = __contains__ = _fail


class EndlessMapping(Mapping[Any, Any]):
    """Its keys never end, whatever its length says."""

    def __getitem__(self, key: Any) -> Any:
        return 1

    def __iter__(self) -> Iterator[Any]:
        return map(str, itertools.count())

    def __len__(self) -> int:
        return 1


class MappingOfItself(Mapping[Any, Any]):
    """Each of its values is another one like it."""

    def __getitem__(self, key: Any) -> Any:
        return MappingOfItself()

    def __iter__(self) -> Iterator[Any]:
        return iter(["optimizer"])

    def __len__(self) -> int:
        return 1


class MappingThatChanges(Mapping[Any, Any]):
    """Names other keys each time it is asked."""

    def __init__(self) -> None:
        self._turn = itertools.count()

    def __getitem__(self, key: Any) -> Any:
        return next(self._turn)

    def __iter__(self) -> Iterator[Any]:
        return iter([f"lr{next(self._turn)}", "type", "optimizer"])

    def __len__(self) -> int:
        return next(self._turn)


class EndlessSequence(Sequence[Any]):
    """Its items never end, whatever its length says."""

    def __getitem__(self, index: Any) -> Any:
        return 1

    def __len__(self) -> int:
        return 1


class SequenceThatRaises(Sequence[Any]):
    """Raises what it is asked."""

    __getitem__ = __iter__ = __len__ = _fail


MISBEHAVING: dict[str, Callable[[], Any]] = {
    "raises everywhere": RaisesEverywhere,
    "raises on lookup": RaisesOnLookup,
    "text": lambda: TextThatRaises("AdamW"),
    "number": lambda: NumberThatRaises(0.5),
    "whole number": lambda: WholeNumberThatRaises(1),
    "dict": lambda: TableThatRaises(type="AdamW"),
    "list": lambda: ListThatRaises([0.9, 0.99]),
    "keys without values": MappingWithout,
    "values without keys": MappingOfAll,
    "mapping": MappingThatRaises,
    "endless mapping": EndlessMapping,
    "mapping of itself": MappingOfItself,
    "mapping that changes": MappingThatChanges,
    "endless sequence": EndlessSequence,
    "sequence": SequenceThatRaises,
}

# Hypothesis itself looks at what it draws, which one of them does not bear.
misbehaving = st.sampled_from(sorted(set(MISBEHAVING) - {"raises on lookup"})).map(lambda name: MISBEHAVING[name]())

_ODD = [
    *(Text("AdamW"), Text("0.1"), Rate(0.1), Table(type="AdamW"), Items([0.9, 0.99])),
    *(OrderedDict(type="AdamW"), UserDict(type="AdamW"), ChainMap({"type": "AdamW"}), MappingProxyType({"lr": 1})),
    *(
        b"AdamW",
        bytearray(b"1"),
        memoryview(b"1"),
        {"AdamW"},
        frozenset({1}),
        deque([0.9, 0.99]),
        range(2),
        (0.9, 0.99),
    ),
    *(10**400, -(10**400), 1 << 64, 5e-324, 1.7e308, complex(1, 1), decimal.Decimal("0.1"), decimal.Decimal("NaN")),
    *(decimal.Decimal("sNaN"), decimal.Decimal("Infinity"), fractions.Fraction(1, 3), datetime.date(2024, 1, 1)),
    *("9" * 5000, "1e99999", "a" * 100_000, "\ud800", "\x00", "\u202egnp", "K", "1e-4", " 1", "1_0", "0x10", "١"),
    *(pathlib.Path("AdamW"), Ellipsis, NotImplemented, int, print, lambda: 1, object(), iter([1]), ValueError("?")),
]

odd_values = st.sampled_from(_ODD) | st.text(max_size=8) | st.integers() | st.floats() | st.binary(max_size=4)
odd_keys = st.sampled_from([0, 1.5, None, True, (), ("a", 1), b"type", frozenset(), Text("type"), "\ud800", "", "a\nb"])
