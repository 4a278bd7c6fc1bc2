"""Providers: entry points that each offer many plugins of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from optim_core.discovery.claims import Claim, Names
from optim_core.discovery.loading import Loader, checked, load_error, load_target, running
from optim_core.errors import PluginLoadError
from optim_core.kinds import KINDS, Kind, is_kind
from optim_core.text.names import is_name, normalise, normalise_distribution
from optim_core.text.prose import visible

__all__ = ["Providers"]

MOST_NAMES = 10_000


class _Opened(NamedTuple):
    """A provider that was imported.

    Args:
        live: the object itself.
        kind: the kind of all that it offers.
        offers: normalised name to the names that it offers, as claims.
    """

    live: Any
    kind: Kind
    offers: dict[str, list[Claim]]


class Providers:
    """The providers that may be used. They are imported when a name is looked for that no entry point has.

    A provider that cannot be imported offers nothing, and `faults` says why.
    """

    def __init__(self, claims: Iterable[Claim], loader: Loader) -> None:
        self._claims = list(claims)
        self._loader = loader
        self._opened: dict[Claim, _Opened] = {}

    def offers(self, kind: Kind) -> Iterator[Claim]:
        """Return everything that is offered of this kind."""
        for opened in self._of(kind):
            for claims in opened.offers.values():
                yield from claims

    def matching(self, kind: str, name: str, qualifier: str | None = None) -> list[Claim]:
        """Return what is offered as `name`, whatever its case.

        Args:
            kind: the kind of plugin.
            name: without qualifier.
            qualifier: a provider or a distribution; None is any.
        """
        found = [claim for opened in self._of(kind) for claim in opened.offers.get(normalise(name), ())]
        if qualifier is None:
            return found
        wanted = normalise_distribution(qualifier)
        return [claim for claim in found if claim.provider and wanted in _qualifiers(claim.provider)]

    def ask_again(self) -> bool:
        """Ask those that were asked before once more; return whether one offers another name than it did.

        A library may have got another class since it was asked, torch.optim in a notebook for one.
        """
        changed = False
        for claim, opened in list(self._opened.items()):
            again = self._opened[claim] = self._asked_again(claim, opened)
            changed = changed or again.offers.keys() != opened.offers.keys()
        return changed

    def _asked_again(self, claim: Claim, opened: _Opened) -> _Opened:
        try:
            return _asked(claim, opened.live)
        except PluginLoadError:
            # What the provider offered before still stands.
            return opened

    def refuse_broken(self, qualifier: str) -> None:
        """Raise what is wrong with the provider, or the distribution's provider, that `qualifier` names.

        Raises:
            PluginLoadError: it cannot be used.
        """
        for claim, _ in self.faults():
            if normalise_distribution(qualifier) in _qualifiers(claim):
                self._loader.refuse_failed(claim)

    def faults(self) -> list[tuple[Claim, str]]:
        """Return the providers that cannot be used, and why."""
        for claim in self._claims:
            self._open(claim)
        faults = [(claim, self._loader.failure(claim)) for claim in self._claims]
        return [(claim, fault) for claim, fault in faults if fault]

    def empty(self) -> list[tuple[Claim, str]]:
        """Return the providers that work and offer nothing, unless they say that this may be, and what to do."""
        opened = [(claim, self._open(claim)) for claim in self._claims]
        return [
            (claim, _nothing(claim, found.kind))
            for claim, found in opened
            if found is not None and not found.offers and getattr(found.live, "may_be_empty", False) is not True
        ]

    def load(self, offer: Claim, provider: Claim) -> type[Any]:
        """Return the plugin class of what a provider offers.

        Raises:
            PluginLoadError: the provider raised instead, or gave something else.
        """
        opened = self._opened[provider]
        with running(offer, asked=True):
            found = opened.live.load(offer.name)
        return checked(offer, found, opened.kind)

    def why_not(self, kind: str, name: str, qualifier: str | None = None) -> str | None:
        """Return what a provider says of a name of its library that it does not offer; None where none says anything.

        One that raises instead says nothing, unless it is the one that was asked.
        """
        for claim in self._claims:
            opened = self._open(claim)
            if opened is None or opened.kind != kind or not hasattr(opened.live, "why_not"):
                continue
            if qualifier is not None and normalise_distribution(qualifier) not in _qualifiers(claim):
                continue
            try:
                with running(claim):
                    said = opened.live.why_not(name)
            except PluginLoadError as error:
                said = None if qualifier is None else str(error)
            if isinstance(said, str) and said:
                return f"`{visible(claim.name)}` leaves {visible(name)} out: {visible(said)}"
        return None

    def summary(self, provider: str, distribution: str, name: str) -> str | None:
        """Return what a provider says of a name that it offers, in one line; None where it says nothing."""
        for claim, opened in self._opened.items():
            if (claim.name, claim.distribution) == (provider, distribution) and hasattr(opened.live, "summary"):
                try:
                    with running(claim):
                        said = opened.live.summary(name)
                except PluginLoadError:
                    said = None
                return said.strip().partition("\n")[0] or None if isinstance(said, str) else None
        return None

    def _of(self, kind: str) -> list[_Opened]:
        if not is_kind(kind):
            # No provider offers commands, for one, so none has to be imported to know.
            return []
        opened = [self._open(claim) for claim in self._claims]
        return [each for each in opened if each is not None and each.kind == kind]

    def _open(self, claim: Claim) -> _Opened | None:
        """Import a provider, and return None where that fails, or where its own import is what asks."""
        opened = self._opened.get(claim)
        if opened is not None:
            return opened
        try:
            with self._loader.once(claim):
                return self._opened.setdefault(claim, _open(claim))
        except PluginLoadError:
            return None


def _nothing(claim: Claim, kind: Kind) -> str:
    return (
        f"the provider {visible(claim.name)} of {claim.distribution} offers no {kind}: its library has none where it "
        "looks for them, as another version may, or is another by the same name; "
        f"pip install --upgrade {claim.distribution}"
    )


def _qualifiers(provider: Claim) -> set[str]:
    """Return what may stand before the names that a provider offers."""
    return {normalise_distribution(provider.distribution), normalise_distribution(provider.name)}


def _open(claim: Claim) -> _Opened:
    """Import a provider and ask it for its names.

    Raises:
        PluginLoadError: that is not possible, or it is no provider.
    """
    fault = claim.source.incompatibility if claim.source else None
    if fault is not None:
        raise load_error(claim, fault)
    target = load_target(claim)
    with running(claim):
        live = target() if isinstance(target, type) else target
    return _asked(claim, live)


def _asked(claim: Claim, live: Any) -> _Opened:
    """Return what a provider offers now.

    Raises:
        PluginLoadError: it does not say, or what it says makes no sense.
    """
    with running(claim, asked=True):
        kind, names = live.kind, live.names()
        listed = None if isinstance(names, str) else list(islice(names, MOST_NAMES + 1))
        fault = _fault(kind, listed)
    if fault is not None:
        raise load_error(claim, fault)
    offers: dict[str, list[Claim]] = {}
    for name in dict.fromkeys(listed or ()):
        offer = Claim(kind, name, claim.value, claim.source, names=Names([name]), provider=claim)
        offers.setdefault(normalise(name), []).append(offer)
    return _Opened(live, kind, offers)


def _fault(kind: Any, names: list[Any] | None) -> str | None:
    """Return what is wrong with what a provider says of itself."""
    if not is_kind(kind):
        return f"its kind is {kind!r:.80}; the kinds are {', '.join(KINDS)}"
    if names is None:
        return "its names() gave one text, not a list of names"
    if len(names) > MOST_NAMES:
        return f"its names() gave more than {MOST_NAMES:,} names"
    for name in names:
        if not isinstance(name, str) or not is_name(name):
            return f"its names() gave {ascii(name)[:80]}, which is no name: visible text without `:`"
    return None
