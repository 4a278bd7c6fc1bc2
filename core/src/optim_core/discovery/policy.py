"""Which plugins may be used, and which distribution wins a name that several claim."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import attrs

from optim_core.discovery.claims import Claim
from optim_core.errors import OptimError
from optim_core.text.names import normalise, normalise_distribution
from optim_core.text.prose import visible

__all__ = ["Policy", "Settings"]


@attrs.frozen(eq=False, repr=False)
class _Pattern:
    """A distribution, a plugin, or ``distribution:plugin``; ``*`` is a wildcard. A plugin is meant under all its names.

    What a provider offers is also meant by the provider's name, alone or in place of the distribution's.

    Args:
        text: the item as it was given.
        origin: the setting that lists it, as one who wants to change it looks for it.
    """

    text: str
    origin: str

    @property
    def _parts(self) -> tuple[str, str | None]:
        distribution, colon, name = self.text.partition(":")
        return normalise_distribution(distribution), normalise(name) if colon else None

    def matches(self, claim: Claim) -> bool:
        wanted, name = self._parts
        if name is not None:
            return _qualified(claim, claim.provider, wanted) and _named(claim, name)
        return _qualified(claim, None, wanted) or _named(claim, normalise(self.text))

    def is_source_of(self, claim: Claim) -> bool:
        """Tell whether it means all that a distribution, or a provider, has."""
        wanted, name = self._parts
        return name is None and _qualified(claim, claim if claim.kind == "provider" else claim.provider, wanted)

    def may_match_offers(self, provider: Claim) -> bool:
        """Tell whether it means something of this provider, as far as that is known without importing the provider."""
        wanted, name = self._parts
        return _qualified(provider, provider, wanted) if name is not None else self.matches(provider)

    def __str__(self) -> str:
        return f"`{visible(self.text)}`"


def _means_nothing(setting: str, pattern: _Pattern) -> str:
    return f"{setting} lists {pattern}, which means nothing that is installed"


def _address(claim: Claim) -> str:
    """Return the item that means this claim and no other."""
    return visible(claim.name if claim.source is None else f"{claim.distribution}:{claim.name}")


def _qualified(claim: Claim, provider: Claim | None, pattern: str) -> bool:
    """Tell whether a pattern means the distribution of a claim, or the provider."""
    names = [claim.distribution, *([provider.name] if provider else [])]
    return any(fnmatchcase(normalise_distribution(name), pattern) for name in names)


def _named(claim: Claim, pattern: str) -> bool:
    names = [claim.name, *([claim.provider.name] if claim.provider else [])]
    return any(fnmatchcase(normalise(name), pattern) for name in names) or claim.names.any_like(pattern)


@attrs.frozen(eq=False, repr=False)
class Policy:
    """Allow, block and prefer.

    Args:
        allow: where given, only what one of these means may be used.
        block: what one of these means may not be used; it wins over `allow`.
        prefer: normalised plugin name to the distribution that provides it where several do.
    """

    allow: tuple[_Pattern, ...] | None
    block: tuple[_Pattern, ...]
    prefer: dict[str, str]
    # The kinds of plugins that `allow` is about; None for all.
    _kinds: frozenset[str] | None = None

    def about(self, claims: Iterable[Claim]) -> Policy:
        """Return the same policy among some claims, which say of which kinds the plugins in `allow` are.

        An item that names plugins keeps out others of their kinds alone; one that names a distribution, or a provider,
        others of all kinds. Where no item means a plugin here, `allow` is about all kinds.
        """
        if self.allow is None:
            return self
        claims = list(claims)
        kinds: set[str] = set()
        for pattern in self.allow:
            found = {claim.kind for claim in claims if pattern.matches(claim)}
            if any(pattern.is_source_of(claim) for claim in claims):
                return attrs.evolve(self, kinds=None)
            kinds |= found
        return attrs.evolve(self, kinds=frozenset(kinds) or None)

    def reason_against(self, claim: Claim) -> str | None:
        """Return why `claim` may not be used, None where it may.

        A provider is asked for its names, and so imported, only where no item of `block` means it and `allow` is not
        given or has an item with its name or its distribution.
        """
        for pattern in self.block:
            if pattern.matches(claim):
                return f"block lists {pattern}; take it out of {pattern.origin}"
        if self.allow is None:
            return None
        is_provider = claim.kind == "provider"
        if self._kinds is not None and claim.kind not in self._kinds and not is_provider:
            return None
        if any(item.may_match_offers(claim) if is_provider else item.matches(claim) for item in self.allow):
            return None
        if not self.allow:
            # A variable that is empty counts as not set.
            return f"allow lists nothing; add `{_address(claim)}` to {_argument('allow')}"
        listed = ", ".join(map(str, self.allow))
        return f"allow lists only {listed}; add `{_address(claim)}` to {self.allow[0].origin}"

    def idle_allowances(self, claims: Iterable[Claim]) -> list[str]:
        """Return the items of `allow` that mean nothing here, each as a sentence; no provider is asked for names."""
        claims = list(claims)
        return [
            _means_nothing("allow", pattern)
            for pattern in self.allow or ()
            if not any(
                pattern.may_match_offers(claim) if claim.kind == "provider" else pattern.matches(claim)
                for claim in claims
            )
        ]

    def preferred(self, name: str) -> str | None:
        """Return the distribution that is to provide `name`, normalised, None where none is set."""
        distribution = self.prefer.get(normalise(name))
        return None if distribution is None else normalise_distribution(distribution)

    def idle(self, claims: Iterable[Claim]) -> list[str]:
        """Return the items of allow, block and prefer that mean nothing installed, each as a sentence."""
        claims = list(claims)
        sentences = [
            _means_nothing(setting, pattern)
            for setting, patterns in (("allow", self.allow or ()), ("block", self.block))
            for pattern in patterns
            if not any(pattern.matches(claim) for claim in claims)
        ]
        provided = {(normalise(claim.name), normalise_distribution(claim.distribution)) for claim in claims}
        sentences += [
            f"prefer names `{visible(distribution)}` for `{visible(name)}`, which it does not provide"
            for name, distribution in self.prefer.items()
            if (name, normalise_distribution(distribution)) not in provided
        ]
        return sentences


@attrs.frozen(eq=False, repr=False)
class Settings:
    """What a registry was told; what is None is read from OPTIM_CORE_ALLOW, OPTIM_CORE_BLOCK, OPTIM_CORE_PREFER.

    The variables hold items with commas between them, the last one items such as ``Muon=optim-muon``. One that is
    empty is as good as not set.
    """

    allow: tuple[_Pattern, ...] | None
    block: tuple[_Pattern, ...] | None
    prefer: dict[str, str] | None
    also_blocked: tuple[_Pattern, ...] = ()

    @classmethod
    def of(cls, allow: Iterable[str] | None, block: Iterable[str] | None, prefer: Mapping[str, str] | None) -> Settings:
        """Return the settings as the arguments of a registry give them.

        Raises:
            OptimError: one is not a list of names, or not a mapping of names to names.
        """
        return cls(
            None if allow is None else _patterns("allow", allow, _argument("allow")),
            None if block is None else _patterns("block", block, _argument("block")),
            None if prefer is None else _preferences(prefer),
        )

    def without(self, items: Iterable[str]) -> Settings:
        """Return these settings, with more items that may not be used.

        Raises:
            OptimError: `items` is not a list of names.
        """
        more = _patterns("without", items, "Registry.without(…)")
        return attrs.evolve(self, also_blocked=self.also_blocked + more)

    def policy(self) -> Policy:
        """Return the policy that is in force now.

        Raises:
            OptimError: OPTIM_CORE_PREFER is malformed.
        """
        return Policy(
            allow=_listed_patterns("allow") or None if self.allow is None else self.allow,
            block=(_listed_patterns("block") if self.block is None else self.block) + self.also_blocked,
            prefer=_preferences(_listed_preferences()) if self.prefer is None else self.prefer,
        )


def _argument(setting: str) -> str:
    """Return how messages name an argument of a registry."""
    return f"Registry({setting}=…)"


def _patterns(setting: str, items: Iterable[str], origin: str) -> tuple[_Pattern, ...]:
    if isinstance(items, str):
        raise OptimError(f"{setting} takes a list of names; write [{items!r}]")
    texts = tuple(items)
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise OptimError(f"{setting} takes a list of names, and {text!r} is none")
    return tuple(_Pattern(text.strip(), origin) for text in texts)


def _listed_patterns(setting: str) -> tuple[_Pattern, ...]:
    """Return the items of an environment variable."""
    variable = setting.upper()
    return _patterns(setting, _listed(variable), f"OPTIM_CORE_{variable}")


def _preferences(prefer: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(prefer, Mapping) or not all(isinstance(text, str) for pair in prefer.items() for text in pair):
        raise OptimError(f'prefer takes a mapping such as {{"Muon": "optim-muon"}}, not {prefer!r}')
    return {normalise(name): distribution for name, distribution in prefer.items()}


def _listed(setting: str) -> list[str]:
    """Return the items of an environment variable."""
    return [item.strip() for item in os.environ.get(f"OPTIM_CORE_{setting}", "").split(",") if item.strip()]


def _listed_preferences() -> dict[str, str]:
    preferences = {}
    for item in _listed("PREFER"):
        name, _, distribution = (part.strip() for part in item.partition("="))
        if not (name and distribution):
            raise OptimError(f"OPTIM_CORE_PREFER: `{visible(item)}` is not of the form Name=distribution")
        preferences[name] = distribution
    return preferences
