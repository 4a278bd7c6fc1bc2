"""The table of plugins that are wrong on purpose."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["WRONG", "MoreOrLess", "Wrong", "wrong"]


class MoreOrLess:
    """Stands for other properties, whichever they are: what is wrong spoils most of what is checked."""


class Wrong(NamedTuple):
    """A class that lacks a property.

    Args:
        cls: the class.
        property: the property that must catch it.
        others: the properties that cannot hold without that one; MoreOrLess where these are most of them.
    """

    cls: type[Any]
    property: str
    others: frozenset[str] | type[MoreOrLess]


WRONG: list[Wrong] = []


def wrong(property: str, *others: str | type[MoreOrLess]):  # noqa: A002 - what it is
    """Adds the decorated class to the table."""

    def add(cls):
        WRONG.append(Wrong(cls, property, MoreOrLess if MoreOrLess in others else frozenset(others)))
        return cls

    return add
