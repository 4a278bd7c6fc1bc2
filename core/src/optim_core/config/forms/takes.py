"""Takes: the keys that a plugin takes, by which forms and advice tell whose a key is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from optim_core.kinds import Kind

__all__ = ["Fields", "Takes"]


class Takes(NamedTuple):
    """What a plugin takes.

    Args:
        name: the plugin's name.
        keys: its keys.
        aliases: other names of some of them.
        interval: after which of the two a schedule is stepped that does not say so itself, "step" or "epoch"; None
            where its fields decide, and for what is no schedule.
        durations: those of the keys that take a length in words, such as "2 epochs".
    """

    name: str
    keys: Collection[str]
    aliases: Collection[str] = ()
    interval: str | None = None
    durations: Collection[str] = ()

    def __contains__(self, key: object) -> bool:
        return key in self.keys or key in self.aliases


# This says what the plugin takes that a type means, None where there is none.
Fields = Callable[[Kind, Any], Takes | None]
