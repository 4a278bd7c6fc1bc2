"""Which plugin a name means: claims by name, under a policy, and the records that say what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from optim_core.discovery.claims import Claim
from optim_core.discovery.loading import Loader, known_fault, load_command, load_plugin_class
from optim_core.discovery.policy import Policy
from optim_core.discovery.providers import Providers
from optim_core.discovery.scan import deletion
from optim_core.errors import BlockedPluginError, DuplicatePluginError, IncompatiblePluginError, PluginError
from optim_core.kinds import Kind
from optim_core.text.names import normalise, normalise_distribution
from optim_core.text.prose import visible, with_article

if TYPE_CHECKING:
    from click import Command

    from optim_core.discovery.distributions import Source
    from optim_core.discovery.records import ExtensionRecord, PluginRecord, State

__all__ = ["Index"]


class Index:
    """The claims that were found, by kind and name. It never changes; `Registry` makes a new one.

    Args:
        claims: all of them, providers included.
        policy: what may be used.
        loader: runs the plugins' code.
        providers: the providers among `claims` that may be used, where they are known already.
    """

    def __init__(
        self, claims: Iterable[Claim], policy: Policy, loader: Loader, providers: Providers | None = None
    ) -> None:
        self.claims = list(claims)
        self.policy = policy.about(self.claims)
        self.loader = loader
        self._by_name: dict[tuple[str, str], list[Claim]] = {}
        for claim in self.claims:
            self._by_name.setdefault((claim.kind, normalise(claim.name)), []).append(claim)
        self.providers = providers or Providers(self.allowed(self._of("provider")), loader)

    def allowed(self, claims: Iterable[Claim]) -> list[Claim]:
        """Return those of `claims` that the policy does not keep out."""
        return [claim for claim in claims if self.policy.reason_against(claim) is None]

    def providers_kept_out(self) -> list[Claim]:
        """Return the providers that the policy keeps out, so that what they offer is not known."""
        return [claim for claim in self._of("provider") if self.policy.reason_against(claim) is not None]

    def claimants(self, kind: str, name: str) -> list[Claim]:
        """Return the entry points of their own that may be used and answer to `name`, whatever its case."""
        return self.allowed(self._direct(kind, *_split(name)))

    def knows(self, kind: Kind, name: str) -> bool:
        """Tell whether something that may be used answers to `name`; imports nothing but providers."""
        return bool(self.claimants(kind, name) or self._allowed_offers(kind, name))

    def has_claim(self, kind: Kind, name: str) -> bool:
        """Tell whether some entry point of its own answers to `name`, a blocked one too."""
        return bool(self._direct(kind, *_split(name)))

    def find(self, kind: str, name: str) -> Claim | None:
        """Return the claim that `name` means, None where nothing has that name.

        Raises:
            PluginError: what has that name is blocked, incompatible or ambiguous, or the name asks for a provider that
                is broken.
        """
        usable = self._preferred_offers(kind, name) or self.claimants(kind, name) or self._allowed_offers(kind, name)
        if usable:
            return self._one(kind, name, usable)
        blocked = self._direct(kind, *_split(name)) or self._offers(kind, name)
        if not blocked:
            qualifier, _ = _split(name)
            if qualifier:
                self.providers.refuse_broken(qualifier)
            return None
        raise BlockedPluginError(
            f"the {kind} `{visible(name)}` of {blocked[0].label} is blocked: {self.policy.reason_against(blocked[0])}",
            distribution=blocked[0].distribution,
            version=blocked[0].version,
        )

    def load_command(self, claim: Claim) -> Command:
        """Return the click command behind `claim`, imported if it was not before.

        Raises:
            PluginLoadError: there is none.
        """
        with self.loader.once(claim):
            return load_command(claim)

    def load(self, claim: Claim, kind: Kind) -> type[Any]:
        """Return the plugin class behind `claim`, imported if it was not before.

        Raises:
            PluginLoadError: there is none.
        """
        with self.loader.once(claim):
            if claim.provider is not None:
                return self.providers.load(claim, claim.provider)
            return load_plugin_class(claim, kind)

    def address(self, claim: Claim, kind: Kind) -> str | None:
        """Return the shortest name that means this plugin and nothing else, None where none can be used."""
        qualifiers = ([claim.provider.name] if claim.provider else []) + [claim.distribution]
        for name in chain(
            _best_first(claim), (f"{qualifier}:{name}" for qualifier in qualifiers for name in _best_first(claim))
        ):
            try:
                found = self.find(kind, name)
            except PluginError:
                continue
            if found is not None and found.plugin == claim.plugin:
                return name
        return None

    def addresses(self, kind: Kind) -> list[str]:
        """Return a name for each plugin that can be used as far as is known, sorted; aliases are left out."""
        plugins = {claim.plugin: claim for claim in self._all(kind) if self._own_state(claim)[0] == "ok"}
        names = (self.address(claim, kind) for claim in plugins.values())
        return sorted((name for name in names if name is not None), key=_by_letter)

    def whole(self, kind: Kind) -> list[Claim]:
        """Return an entry point of its own for each plugin that can be used as far as metadata says, sorted by name."""
        plugins = {claim.plugin: claim for claim in self._of(kind) if self._own_state(claim)[0] == "ok"}
        return sorted(plugins.values(), key=lambda claim: _by_letter(claim.canonical))

    def records(self, kind: Kind) -> list[PluginRecord]:
        """Return a record of every plugin of `kind`, whatever its state, sorted by name."""
        records = [self._record(claim, kind) for claim in self._all(kind)]
        return sorted(records, key=lambda record: (*_by_letter(record.name), record.distribution))

    def extensions(self, kind: Literal["provider", "command"]) -> list[ExtensionRecord]:
        """Return a record of every provider or command, whatever its state, sorted by name."""
        from optim_core.discovery.records import ExtensionRecord

        records = []
        for claim in self._of(kind):
            # Two providers of one name are no trouble: what they offer is told apart by distribution.
            state, fault = self._own_state(claim) if kind == "provider" else self._state(claim, kind)
            records.append(
                ExtensionRecord(
                    name=visible(claim.name),
                    kind=kind,
                    distribution=claim.distribution,
                    version=claim.version,
                    target=visible(claim.value),
                    state=state,
                    error=fault,
                )
            )
        return sorted(records, key=lambda record: (*_by_letter(record.name), record.distribution))

    # -- claims --------------------------------------------------------------------------------------------------

    def _of(self, kind: str) -> list[Claim]:
        return [claim for claim in self.claims if claim.kind == kind]

    def _direct(self, kind: str, qualifier: str | None, name: str) -> list[Claim]:
        """Return the entry points of their own that answer to `name`, blocked ones included."""
        matching = self._by_name.get((kind, normalise(name)), [])
        if qualifier is None:
            return matching
        wanted = normalise_distribution(qualifier)
        return [claim for claim in matching if normalise_distribution(claim.distribution) == wanted]

    def _offers(self, kind: str, name: str) -> list[Claim]:
        qualifier, plain = _split(name)
        return self.providers.matching(kind, plain, qualifier)

    def why_not(self, kinds: Iterable[Kind], name: str) -> str | None:
        """Return what a provider says of a name that it leaves out; None where none says anything."""
        qualifier, plain = _split(name)
        told = (self.providers.why_not(kind, plain, qualifier) for kind in kinds)
        return next(filter(None, told), None)

    def _allowed_offers(self, kind: str, name: str) -> list[Claim]:
        return self.allowed(self._offers(kind, name))

    def _preferred_offers(self, kind: str, name: str) -> list[Claim]:
        """Return what the preferred distribution offers by a provider under a name that it has no entry point for."""
        wanted = self.policy.preferred(name)
        if wanted is None or any(_is_of(claim, wanted) for claim in self.claimants(kind, name)):
            return []
        return [offer for offer in self._allowed_offers(kind, name) if _is_of(offer, wanted)]

    def _all(self, kind: Kind) -> Iterator[Claim]:
        """Return every claim of this kind, and what providers offer."""
        yield from self._of(kind)
        yield from self.providers.offers(kind)

    def _name(self, claim: Claim, kind: str) -> str:
        """Return the name of a claim, with its provider in front where an entry point wins the plain name."""
        if claim.provider is None or not self.claimants(kind, claim.name):
            return claim.name
        is_preferred = claim in self._preferred_offers(kind, claim.name)
        return claim.name if is_preferred else f"{claim.provider.name}:{claim.name}"

    # -- the one that counts -------------------------------------------------------------------------------------

    def _one(self, kind: str, name: str, claims: list[Claim]) -> Claim:
        """Return the claim that counts: the preferred distribution's, then an exact match, then one that is whole.

        Raises:
            PluginError: several count, or the one is incompatible.
        """
        qualifier, plain = _split(name)
        wanted = self.policy.preferred(plain) if qualifier is None else None
        claims = [claim for claim in claims if wanted is not None and _is_of(claim, wanted)] or claims
        claims = [claim for claim in claims if claim.name == plain] or claims
        claims = [claim for claim in claims if _standing(claim)[0] == "ok"] or claims
        if len({claim.plugin for claim in claims}) > 1:
            raise _duplicate(kind, name, claims)
        state, fault = _standing(claims[0])
        if state == "incompatible":
            raise IncompatiblePluginError(
                f"the {kind} `{visible(name)}` of {claims[0].label} cannot be used: {fault}",
                distribution=claims[0].distribution,
                version=claims[0].version,
            )
        return claims[0]

    # -- records -------------------------------------------------------------------------------------------------

    def _own_state(self, claim: Claim) -> tuple[State, str | None]:
        """Return the state of a claim for itself, other claims of its name left aside."""
        reason = self.policy.reason_against(claim)
        if reason:
            return "blocked", reason
        failure = self.loader.failure(claim)
        return ("broken", failure) if failure else _standing(claim)

    def _state(self, claim: Claim, kind: str) -> tuple[State, str | None]:
        """Return the state of a claim among others."""
        state, fault = self._own_state(claim)
        if state == "ok":
            try:
                self.find(kind, self._name(claim, kind))
            except DuplicatePluginError as error:
                return "ambiguous", str(error)
        return state, fault

    def _record(self, claim: Claim, kind: Kind) -> PluginRecord:
        from optim_core.discovery.records import PluginRecord

        state, fault = self._state(claim, kind)
        return PluginRecord(
            name=visible(self._name(claim, kind)),
            kind=kind,
            distribution=claim.distribution,
            version=claim.version,
            target=visible(claim.value),
            state=state,
            error=fault,
            alias_of=None if claim.canonical == claim.name else claim.canonical,
            provider=claim.provider.name if claim.provider else None,
        )


def _is_of(claim: Claim, distribution: str) -> bool:
    """Tell whether a claim is of this distribution, whose name is normalised."""
    return normalise_distribution(claim.distribution) == distribution


def _best_first(claim: Claim) -> Iterator[str]:
    """Yield all names of a plugin, the canonical one first: it may have thousands, and seldom is another needed."""
    yield claim.canonical
    yield from (name for name in claim.names if name != claim.canonical)


def _split(name: str) -> tuple[str | None, str]:
    """Return the qualifier, None where there is none, and the plain name."""
    qualifier, colon, plain = name.rpartition(":")
    return (qualifier if colon else None), plain


def _by_letter(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _standing(claim: Claim) -> tuple[State, str | None]:
    """Return the state of a claim as its metadata alone shows it: what is ambiguous must not depend on what ran."""
    fault = known_fault(claim)
    if fault:
        return "broken", fault
    incompatibility = claim.source.incompatibility if claim.source else None
    return ("incompatible", incompatibility) if incompatibility else ("ok", None)


def _duplicate(kind: str, name: str, claims: list[Claim]) -> DuplicatePluginError:
    owners = list(dict.fromkeys(claim.source for claim in claims))
    if len(owners) > 1:
        labels = [claim.label for claim in claims]
        told = dict.fromkeys(claim.label if labels.count(claim.label) == 1 else _placed(claim) for claim in claims)
        who = f"{' and '.join(told)} each offer {with_article(kind)} called `{visible(name)}`"
    else:
        apart = "apart from case, `-`, `_` and the provider"
        who = f"{claims[0].label} offers several {kind}s called `{visible(name)}`, {apart}"
    return DuplicatePluginError(
        f"{who}\n    {' or '.join(_ways_out(claims))}",
        distribution=claims[0].distribution,
        version=claims[0].version,
    )


def _placed(claim: Claim) -> str:
    return f"{claim.label} in {visible(claim.source.location)}" if claim.source else claim.label


def _ways_out(claims: list[Claim]) -> Iterator[str]:
    """Yield what makes one of several claims count, each as a clause."""
    names: dict[str, dict[Source | None, None]] = {}
    for claim in claims:
        names.setdefault(normalise_distribution(claim.distribution), {})[claim.source] = None
    # A copied metadata folder says the same name as its original, so that no name tells the two apart.
    copies = [copy for sources in names.values() for copy in _copies(sources)]
    told_apart = [claim for claim in claims if len(names[normalise_distribution(claim.distribution)]) == 1]
    if copies:
        folder = "folder that is a copy" if len(copies) == 1 else "folders that are copies"
        yield f"delete the {folder}: {' && '.join(deletion(copy.location) for copy in copies)}"
    if len(names) == 1 and not copies:
        ways = [f"{claim.provider.name}:{claim.name}" if claim.provider else claim.name for claim in claims]
    else:
        ways = [f"{claim.distribution}:{claim.name}" for claim in told_apart]
    if ways:
        yield f"write {' or '.join(f'`{way}`' for way in dict.fromkeys(ways))}"
    if told_apart and len(names) > 1:
        first = told_apart[0]
        preference = f'Registry(prefer={{"{first.name}": "{first.distribution}"}})'
        yield f"set prefer: {preference}, OPTIM_CORE_PREFER={first.name}={first.distribution}"


def _copies(sources: Iterable[Source | None]) -> list[Source]:
    """Return all of the metadata folders of one name but one: that with the name that an installer gives it."""
    folders = [source for source in sources if source is not None]
    original = next((each for each in folders if each.key == normalise_distribution(each.name)), None)
    original = original or next(iter(folders), None)
    return [each for each in folders if each is not original]
