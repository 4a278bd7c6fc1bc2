"""Rounds of child processes: one goes through items until an item ends it, and another does what it has left over."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import attrs

__all__ = ["Ended", "Heard", "Worker", "in_rounds"]


@attrs.frozen
class Ended:
    """How a child process ended, or was ended.

    Args:
        how: in words that follow "the process": "ends with exit status 3", "takes more than 60 seconds".
        late: whether it was ended because it took too long.
    """

    how: str
    late: bool = False


class Worker(Protocol):
    """A child process that goes through items, each of which has a number.

    Each message has the ``number`` of an item, and says with ``through`` whether the child begins something with that
    item or is through with it. A child says ``leaves`` with the item after which it does no more.
    """

    @property
    def close(self) -> Callable[[], object]:
        """Ends the process."""

    def answer(self, seconds: float) -> Mapping[str, Any] | Ended:
        """Return what it says next, or how it ended.

        Args:
            seconds: how long that may take.
        """


@attrs.frozen
class Heard:
    """The last that is heard of an item.

    Args:
        number: the item's.
        message: the child's last message; empty where it ended before it began with any item.
        ended: how the child ended at this item, None where it was through with it.
    """

    number: int
    message: Mapping[str, Any]
    ended: Ended | None = None


def in_rounds(
    numbers: Iterable[int],
    begin: Callable[[list[int]], Worker],
    patience: Callable[[Mapping[str, Any]], float],
) -> Iterator[Heard]:
    """Have items gone through by a child process, and by new ones for as long as some are left.

    Whatever ends a child is put down to the item that it began with last, also where it was through with that, so that
    one item may be heard of twice.

    Args:
        numbers: the items'.
        begin: starts a child for the items that are left, in their order.
        patience: the seconds that a child may be silent after its last message, which is empty at its start.

    Yields:
        The last of each item.
    """
    left = list(numbers)
    while left:
        with contextlib.closing(begin(list(left))) as worker:
            for heard in _round(worker, left[0], patience):
                if heard.number in left:
                    left.remove(heard.number)
                yield heard
                if not left:
                    return


def _round(worker: Worker, first: int, patience: Callable[[Mapping[str, Any]], float]) -> Iterator[Heard]:
    """Yield the last that one child says of each item, until it leaves or ends."""
    message: Mapping[str, Any] = {}
    while not message.get("leaves", False):
        said = worker.answer(patience(message))
        if isinstance(said, Ended):
            yield Heard(message.get("number", first), message, said)
            return
        message = said
        if message["through"]:
            yield Heard(message["number"], message)
