"""Providers: entry points that each offer many plugins of one kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from optim_core.discovery import KINDS, Claim, Kind
from optim_core.errors import PluginError, PluginLoadError
from optim_core.loading import check_plugin_class, load_target, running
from optim_core.names import normalise, normalise_distribution

__all__ = ["Offer", "Providers"]


@attrs.frozen
class Offer:
    """A plugin class from a provider: its name there, the class, and the provider's entry point."""

    name: str
    cls: type[Any]
    claim: Claim


@attrs.define
class _Provider:
    claim: Claim
    live: Any = None
    names: tuple[str, ...] = ()
    problem: str | None = None
    loaded: bool = False


class Providers:
    """The providers that may be used. One is imported when a name is looked for that no entry point has."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._providers = [_Provider(claim) for claim in claims]

    def offers(self, kind: Kind) -> list[tuple[str, Claim]]:
        """Every name of this kind, with the entry point of its provider."""
        return [(name, provider.claim) for provider in self._of(kind) for name in provider.names]

    def has(self, kind: Kind, name: str) -> bool:
        """Whether some provider offers `name`."""
        return bool(self._matching(kind, name))

    def problems(self) -> list[tuple[Claim, str]]:
        """The providers that cannot be used, and why."""
        for provider in self._providers:
            self._load(provider)
        return [(provider.claim, provider.problem) for provider in self._providers if provider.problem]

    def find(self, kind: Kind, name: str) -> Offer | None:
        """The plugin class of `name`, None where no provider offers it.

        Raises:
            PluginError: several providers offer it, or the provider's class cannot be had.
        """
        matching = self._matching(kind, name)
        if not matching:
            return None
        if len(matching) > 1:
            ways = " or ".join(f"`{provider.claim.name}:{own}`" for provider, own in matching)
            owners = " and ".join(provider.claim.label for provider, _ in matching)
            raise PluginError(f"{owners} both offer a {kind} called `{name}`; write {ways}")
        provider, own = matching[0]
        with running(provider.claim):
            cls = provider.live.load(own)
        problem = check_plugin_class(cls, kind)
        if problem:
            claim = provider.claim
            message = f"{claim.label}, provider `{claim.name}`, cannot provide `{own}`: {problem}"
            raise PluginLoadError(message, distribution=claim.distribution, version=claim.version)
        return Offer(own, cls, provider.claim)

    def _of(self, kind: Kind) -> list[_Provider]:
        for provider in self._providers:
            self._load(provider)
        return [provider for provider in self._providers if provider.live is not None and provider.live.kind == kind]

    def _matching(self, kind: Kind, name: str) -> list[tuple[_Provider, str]]:
        qualifier, colon, plain = name.rpartition(":")
        found = []
        for provider in self._of(kind):
            claim = provider.claim
            own_names = (normalise_distribution(claim.name), normalise_distribution(claim.distribution))
            if colon and normalise_distribution(qualifier) not in own_names:
                continue
            names = [own for own in provider.names if own == plain]
            names = names or [own for own in provider.names if normalise(own) == normalise(plain)]
            found += [(provider, own) for own in names[:1]]
        return found

    def _load(self, provider: _Provider) -> None:
        """Imports a provider once; one that fails is out of use, and `problems` says why."""
        if provider.loaded:
            return
        provider.loaded = True
        claim = provider.claim
        provider.problem = claim.source.incompatibility if claim.source else None
        if provider.problem:
            return
        try:
            target = load_target(claim)
            with running(claim):
                live = target() if isinstance(target, type) else target
                kind, provider.names = live.kind, tuple(live.names())
        except PluginLoadError as error:
            provider.problem = str(error)
            return
        if kind in KINDS:
            provider.live = live
        else:
            provider.problem = f"its kind is {kind!r}; the kinds are {', '.join(KINDS)}"
