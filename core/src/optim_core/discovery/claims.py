"""Claim: one name that a distribution, a provider of many or this process offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import attrs

from optim_core.discovery.distributions import Source
from optim_core.text.names import normalise
from optim_core.text.prose import visible

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["IN_THIS_PROCESS", "Claim", "Names"]

# What stands for the distribution of a class that was registered.
IN_THIS_PROCESS = "this process"


class Names:
    """The names that a distribution gives one plugin, in the order of the file; all its claims share them.

    Example:
        >>> from optim_core.discovery.claims import Names
        >>> names = Names(["Lion", "sign"])
        >>> list(names), "sign" in names, names.any_like("si*")
        (['Lion', 'sign'], True, True)
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = dict.fromkeys(names)
        # A policy asks for the same few patterns again at each name.
        self._like: dict[str, bool] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, name: str) -> None:
        self._names[name] = None

    def any_like(self, pattern: str) -> bool:
        """Return whether one of them is meant by a normalised pattern with wildcards."""
        found = self._like.get(pattern)
        if found is None:
            found = self._like[pattern] = any(fnmatchcase(normalise(name), pattern) for name in self._names)
        return found


@attrs.frozen(eq=False, repr=False)
class Claim:
    """One name that is offered: a line of a distribution's entry points, or one name of a provider.

    Args:
        kind: what it offers, "provider" for many at once, "command" for a subcommand.
        name: the name that it claims.
        value: the text after ``=``, ``module:attribute``; for a provider's name, that of the provider.
        source: the distribution, None for what `Registry.register` added.
        fault: what is wrong with the line itself, None where nothing is.
        names: all names that the distribution gives this plugin, in the order of the file.
        target: the plugin class, for what `Registry.register` added.
        provider: the provider that offers it, None for an entry point of its own.
        point: the entry point, None for a malformed one, for what a provider offers, and for what was registered.
    """

    kind: str
    name: str
    value: str
    source: Source | None
    fault: str | None = None
    names: Names = attrs.Factory(Names)
    target: type[Any] | None = None
    provider: Claim | None = None
    point: EntryPoint | None = None

    @property
    def plugin(self) -> tuple[object, ...]:
        """What two claims share exactly when they are names of one plugin."""
        if self.provider is not None:
            return (self.provider.plugin, self.kind, self.name)
        if self.source is None:
            # Each registration stands for itself, also of a class that has another name already.
            return (None, self.kind, self.name, id(self.target))
        return (self.source, self.kind, self.value, self.fault)

    @property
    def canonical(self) -> str:
        """Of the plugin's names the one that equals its class's, or else the first."""
        own = self.attribute.rpartition(".")[2]
        return own if own in self.names else next(iter(self.names), self.name)

    @property
    def distribution(self) -> str:
        return self.source.name if self.source else IN_THIS_PROCESS

    @property
    def version(self) -> str | None:
        return self.source.version if self.source else None

    @property
    def label(self) -> str:
        """The distribution with its version, for messages."""
        return self.source.label if self.source else IN_THIS_PROCESS

    @property
    def entry_point(self) -> str:
        """The line as it stands in entry_points.txt, for messages."""
        if self.provider is not None:
            return f"{visible(self.name)} (provider {self.provider.entry_point})"
        return f"{visible(self.name)} = {visible(self.value)}"

    @property
    def module(self) -> str:
        return self.value.partition(":")[0]

    @property
    def attribute(self) -> str:
        return self.value.partition(":")[2].partition("[")[0]

    @property
    def extras(self) -> list[str]:
        listed = self.value.partition("[")[2].partition("]")[0]
        return [extra.strip() for extra in listed.split(",") if extra.strip()]
