"""Registry and Catalog: from names to plugin classes, and `build`, from a config to specs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from threading import RLock
from typing import Any, Literal

import attrs

from optim_core.builder import Builder, Found
from optim_core.discovery import KINDS, Claim, Fault, Kind, Scan, scan
from optim_core.errors import (
    BlockedPluginError,
    DuplicatePluginError,
    IncompatiblePluginError,
    OptimError,
    PluginError,
    Problem,
    UnknownNameError,
)
from optim_core.loading import check_plugin_class, known_problem, load_plugin_class
from optim_core.names import listing, nearest, normalise, normalise_distribution, visible
from optim_core.policy import Policy
from optim_core.providers import Providers
from optim_core.recipe import Recipe
from optim_core.specs import ClipperSpec, OptimizerSpec, SchedulerSpec

__all__ = ["Catalog", "PluginRecord", "Registry", "registry"]

State = Literal["ok", "broken", "blocked", "ambiguous", "incompatible"]
Spec = OptimizerSpec | SchedulerSpec | ClipperSpec


@attrs.frozen(kw_only=True)
class PluginRecord:
    """What is known about one plugin without importing it.

    Args:
        name: the name that a config uses.
        kind: "optimizer", "scheduler" or "clipper".
        distribution: the distribution that offers it; "this process" for `Registry.register`.
        version: its version, None where it has none or it cannot be read.
        target: ``module:Class``, as the entry point says.
        state: "ok", or why the name cannot be used. A plugin that breaks when it is imported is "ok" until then.
        error: what is wrong and the repair, None where the state is "ok".
        alias_of: the name under which specs show it, where this is another name for the same class.
        provider: the provider that offers it, None for a plugin with an entry point of its own.
    """

    name: str
    kind: Kind
    distribution: str
    version: str | None
    target: str
    state: State = "ok"
    error: str | None = None
    alias_of: str | None = None
    provider: str | None = None


class Catalog(Mapping[str, type[Any]]):
    """The plugins of one kind: name to plugin class. Listing and ``in`` import no plugin; ``[name]`` imports that one.

    Names match without case, ``-`` and ``_``; ``distribution:name`` names one of several claims.
    """

    def __init__(self, owner: Registry, kind: Kind) -> None:
        self._registry = owner
        self._kind: Kind = kind

    def __repr__(self) -> str:
        return f"<Catalog of {len(self)} {self._kind}s>"

    def __getitem__(self, name: str) -> type[Any]:
        found = self._registry.find(self._kind, name)
        if found is None:
            raise UnknownNameError([self._registry.unknown(self._kind, name, path="")])
        return found.cls

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._registry.knows(self._kind, name)

    def __iter__(self) -> Iterator[str]:
        for record in self.plugins():
            if record.state == "ok":
                yield record.name
            elif record.state == "ambiguous":
                yield f"{record.distribution}:{record.name}"

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def plugins(self) -> list[PluginRecord]:
        """A record of every plugin of this kind, whatever its state, sorted by name."""
        return self._registry.plugins(self._kind)


class Registry:
    """Discovers plugins by their entry points, on first use, and builds what a config names.

    Args:
        allow: where given, only these may be used: distributions, plugin names, or ``distribution:name``; ``*`` is a
            wildcard. None reads the variable OPTIM_CORE_ALLOW (items with commas between them).
        block: these may not be used, even if allowed. None reads OPTIM_CORE_BLOCK.
        prefer: plugin name to the distribution that provides it where several do. None reads OPTIM_CORE_PREFER
            (``Muon=optim-muon,…``).
        path: folders to look for distributions in; None is ``sys.path``.

    Raises:
        OptimError: a setting is malformed.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] | None = None,
        block: Iterable[str] | None = None,
        prefer: Mapping[str, str] | None = None,
        path: Iterable[str] | None = None,
    ) -> None:
        self._settings = (allow, block, prefer)
        self._path = None if path is None else [os.fspath(folder) for folder in path]
        if self._settings != (None, None, None):
            Policy.of(*self._settings)
        self._lock = RLock()
        self._registered: list[Claim] = []
        self._reset()
        self.optimizers = Catalog(self, "optimizer")
        self.schedulers = Catalog(self, "scheduler")
        self.clippers = Catalog(self, "clipper")
        self._builder = Builder(self.find, self.unknown, self._kinds_of)

    def __repr__(self) -> str:
        if self._scan is None:
            return "<Registry, nothing discovered yet>"
        return f"<Registry of {', '.join(f'{len(self.catalog(kind))} {kind}s' for kind in KINDS)}>"

    def _reset(self) -> None:
        self._scan: Scan | None = None
        self._policy: Policy | None = None
        self._by_name: dict[tuple[str, str], list[Claim]] = {}
        self._found: dict[tuple[Kind, str], Found] = {}
        self._broken: dict[Claim, str] = {}
        self._providers = Providers([])

    # -- what is there -------------------------------------------------------------------------------------------

    def catalog(self, kind: Kind) -> Catalog:
        """The catalog of one kind."""
        return {"optimizer": self.optimizers, "scheduler": self.schedulers, "clipper": self.clippers}[kind]

    def refresh(self) -> None:
        """Looks again at what is installed when it is next asked; what `register` added stays."""
        with self._lock:
            self._reset()

    def plugins(self, kind: Kind) -> list[PluginRecord]:
        """A record of every plugin of `kind`, whatever its state, sorted by name."""
        with self._lock:
            records = [self._record(claim, kind) for claim in self._claims() if claim.kind == kind]
            taken = {normalise(record.name) for record in records}
            offers = self._providers.offers(kind)
            records += [self._offered(kind, name, claim) for name, claim in offers if normalise(name) not in taken]
        return sorted(records, key=lambda record: (record.name.casefold(), record.name, record.distribution))

    def faults(self, *, thorough: bool = False) -> list[Fault]:
        """The distributions that cannot be read or that hide each other, and settings that mean nothing installed.

        Args:
            thorough: also look at distributions that offer no plugin; a malformed one stops ``import torch``.
        """
        with self._lock:
            claims = self._claims()
            found = scan(self._path, thorough=True).faults if thorough else list(self._discovered().faults)
            found += [Fault("settings", sentence, "") for sentence in self._in_force().idle(claims)]
            broken = [
                Fault(claim.distribution, f"{claim.label}, provider `{claim.name}`: {problem}", claim.module)
                for claim, problem in self._providers.problems()
            ]
            return found + broken

    def knows(self, kind: Kind, name: str) -> bool:
        """Whether some plugin that is not blocked answers to `name`; nothing is imported but providers."""
        with self._lock:
            return bool(self._allowed(self._candidates(kind, name))) or self._providers.has(kind, name)

    def register(self, kind: Kind, name: str, cls: type[Any]) -> None:
        """Adds a plugin class in this process only, for notebooks and tests; registering a name again replaces it.

        Raises:
            PluginError: `cls` is not a plugin class of this kind, or the kind or name is malformed.
            DuplicatePluginError: an installed distribution offers that name.
        """
        if kind not in KINDS:
            raise PluginError(f"there is no kind `{kind}`; the kinds are {', '.join(KINDS)}")
        if not isinstance(name, str) or not name.strip() or not name.isprintable() or ":" in name:
            raise PluginError(f"{name!r} cannot be a plugin's name: it must be visible text without `:`")
        problem = check_plugin_class(cls, kind)
        if problem:
            raise PluginError(f"cannot register `{name}`: {problem}")
        with self._lock:
            claim = Claim(kind, name, f"{cls.__module__}:{cls.__qualname__}", None, target=cls)
            others = [other for other in self._allowed(self._candidates(kind, name)) if other.source is not None]
            if others:
                raise DuplicatePluginError(
                    f"{others[0].label} offers the {kind} `{others[0].name}` already; register another name, "
                    f'or leave that one out: Registry(block=["{others[0].distribution}:{others[0].name}"])',
                    distribution=others[0].distribution,
                    version=others[0].version,
                )
            same = (kind, normalise(name))
            self._registered = [old for old in self._registered if (old.kind, normalise(old.name)) != same]
            self._registered.append(claim)
            self._index()

    # -- configs -------------------------------------------------------------------------------------------------

    def build(
        self,
        config: Mapping[str, Any] | str | os.PathLike[str],
        kind: Kind | None = None,
        *,
        overrides: Iterable[str] = (),
    ) -> Any:
        """The spec or recipe that a config describes; nothing live is made, and torch is not imported.

        Args:
            config: a mapping, which stays as it is, or the path of a YAML or JSON file.
            kind: which kind a ``{type, config}`` is, needed only where its type is a name of two kinds.
            overrides: values to replace first, each such as ``optimizer.config.lr=3e-4``.

        Returns:
            OptimizerSpec, SchedulerSpec or ClipperSpec for one component, Recipe for a set.

        Raises:
            ConfigError: with everything that is wrong in `.problems`; MissingTypeError (a KeyError) where a component
                has no type, UnknownTypeError (an AttributeError) where nothing provides one.
            PluginError: the config is fine, and a plugin that it names is broken, ambiguous, blocked or incompatible.
        """
        if kind is not None and kind not in KINDS:
            raise OptimError(f"there is no kind `{kind}`; the kinds are {', '.join(KINDS)}")
        document = None
        if isinstance(config, (str, os.PathLike)):
            from optim_core.files import load

            document = load(os.fspath(config))
            config = document.value
        if overrides:
            from optim_core.files import apply_overrides

            config = apply_overrides(config, overrides)
        return self._builder.build(config, kind, document)

    def to_config(self, built: Spec | Recipe) -> dict[str, Any]:
        """The canonical config that builds `built` again, every default filled in, as plain data.

        Raises:
            ConfigError: a field holds what no file can, such as a Python function.
        """
        return self._builder.to_config(built)

    def schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of a recipe, of exactly what is installed and can be used."""
        from optim_core.schema import recipe_schema

        return recipe_schema(self)

    def commands(self) -> list[Claim]:
        """The entry points that add a subcommand to `optim` and may be used."""
        with self._lock:
            return self._allowed(claim for claim in self._claims() if claim.kind == "command")

    # -- names to classes ----------------------------------------------------------------------------------------

    def find(self, kind: Kind, name: str) -> Found | None:
        """The plugin class that `name` means, imported if it was not before; None where nothing has that name.

        Raises:
            PluginError: the name means a plugin that is broken, ambiguous, blocked or incompatible.
        """
        found = self._found.get((kind, name))
        if found is not None:
            return found
        with self._lock:
            candidates = self._candidates(kind, name)
            claim = self._chosen(kind, name, candidates) if candidates else None
            if claim is None:
                offered = self._providers.find(kind, name)
                if offered is None:
                    return None
                found = Found(offered.name, offered.cls, offered.claim.label)
            else:
                found = Found(self._spec_name(claim), self._load(claim, kind), claim.label)
            self._found[kind, name] = found
            return found

    def unknown(self, kind: Kind | None, name: str, path: str) -> Problem:
        """The problem of a name that nothing has, with the nearest right name and where that comes from."""
        kinds = KINDS if kind is None else (kind,)
        records = [record for each in kinds for record in self.plugins(each) if record.state == "ok"]
        near = nearest(name, [record.name for record in records])
        what = "plugin" if kind is None else kind
        if near is not None:
            record = next(record for record in records if record.name == near)
            hint = f"did you mean `{near}` ({record.distribution} {record.version or ''}".rstrip() + ")?"
        else:
            hint = f"installed are: {listing(record.name for record in records) or 'none'}"
        elsewhere = [other for other in KINDS if kind not in (None, other) and self.knows(other, name)]
        if elsewhere:
            hint = f"`{name}` is {_with_article(elsewhere[0])}, not {_with_article(what)}"
        unread = [fault.distribution for fault in self._discovered().faults]
        if unread:
            hint += f"; what {listing(unread)} offers could not be read, see `optim doctor`"
        return Problem(path=path, message=f"no {what} is called `{visible(name)[:80]}`", hint=hint)

    def _kinds_of(self, name: str) -> list[Kind]:
        with self._lock:
            claimed = [kind for kind in KINDS if self._candidates(kind, name)]
            return claimed or [kind for kind in KINDS if self._providers.has(kind, name)]

    def _discovered(self) -> Scan:
        if self._scan is None:
            self._scan = scan(self._path)
            self._policy = Policy.of(*self._settings)
            self._index()
        return self._scan

    def _in_force(self) -> Policy:
        self._discovered()
        if self._policy is None:
            self._policy = Policy.of(*self._settings)
        return self._policy

    def _claims(self) -> list[Claim]:
        return self._discovered().claims + self._registered

    def _index(self) -> None:
        """Claims by kind and normalised name."""
        self._found.clear()
        self._by_name.clear()
        claims = self._claims()
        for claim in claims:
            self._by_name.setdefault((claim.kind, normalise(claim.name)), []).append(claim)
        policy = self._in_force()
        self._providers = Providers(
            [claim for claim in claims if claim.kind == "provider" and policy.reason_against(claim) is None]
        )

    def _candidates(self, kind: Kind, name: str) -> list[Claim]:
        """The claims that `name` means, blocked ones included; an exact match leaves out those that match loosely."""
        self._discovered()
        distribution, colon, plain = name.rpartition(":")
        matching = self._by_name.get((kind, normalise(plain)), [])
        if colon:
            wanted = normalise_distribution(distribution)
            matching = [claim for claim in matching if normalise_distribution(claim.distribution) == wanted]
        return [claim for claim in matching if claim.name == plain] or matching

    def _allowed(self, claims: Iterable[Claim]) -> list[Claim]:
        policy = self._in_force()
        return [claim for claim in claims if policy.reason_against(claim) is None]

    def _chosen(self, kind: Kind, name: str, candidates: list[Claim]) -> Claim | None:
        """The one claim that counts.

        Raises:
            PluginError: there is none, or more than one.
        """
        allowed = self._allowed(candidates)
        if not allowed:
            claim = candidates[0]
            if self._providers.has(kind, name):
                return None
            raise BlockedPluginError(
                f"the {kind} `{name}` of {claim.label} is blocked: {self._in_force().reason_against(claim)}",
                distribution=claim.distribution,
                version=claim.version,
            )
        usable = [claim for claim in allowed if self._state(claim)[0] == "ok"] or allowed
        preferred = self._in_force().preferred(name)
        chosen = [claim for claim in usable if normalise_distribution(claim.distribution) == preferred] or usable
        if len({(claim.source, claim.value) for claim in chosen}) > 1:
            raise self._duplicate(kind, name, chosen)
        state, problem = self._state(chosen[0])
        if state == "incompatible":
            raise IncompatiblePluginError(
                f"the {kind} `{name}` of {chosen[0].label} cannot be used: {problem}",
                distribution=chosen[0].distribution,
                version=chosen[0].version,
            )
        return chosen[0]

    def _duplicate(self, kind: Kind, name: str, claims: list[Claim]) -> DuplicatePluginError:
        owners = " and ".join(dict.fromkeys(claim.label for claim in claims))
        ways = " or ".join(dict.fromkeys(f"`{claim.distribution}:{claim.name}`" for claim in claims))
        first = claims[0]
        return DuplicatePluginError(
            f"{owners} both offer a {kind} called `{name}`\n    write {ways}, or set prefer: "
            f'Registry(prefer={{"{first.name}": "{first.distribution}"}}), '
            f"OPTIM_CORE_PREFER={first.name}={first.distribution}",
            distribution=first.distribution,
            version=first.version,
        )

    def _load(self, claim: Claim, kind: Kind) -> type[Any]:
        try:
            return load_plugin_class(claim, kind)
        except PluginError as error:
            self._broken[claim] = str(error)
            raise

    # -- records -------------------------------------------------------------------------------------------------

    def _state(self, claim: Claim) -> tuple[State, str | None]:
        """The state of a claim for itself, other claims of its name left aside."""
        reason = self._in_force().reason_against(claim)
        if reason:
            return "blocked", reason
        problem = self._broken.get(claim) or known_problem(claim)
        if problem:
            return "broken", problem
        incompatibility = claim.source.incompatibility if claim.source else None
        return ("incompatible", incompatibility) if incompatibility else ("ok", None)

    def _record(self, claim: Claim, kind: Kind) -> PluginRecord:
        state, problem = self._state(claim)
        if state == "ok":
            try:
                self._chosen(kind, claim.name, self._candidates(kind, claim.name))
            except DuplicatePluginError as error:
                state, problem = "ambiguous", str(error)
        alias_of = self._canonical(claim)
        return PluginRecord(
            name=claim.name,
            kind=kind,
            distribution=claim.distribution,
            version=claim.version,
            target=claim.value,
            state=state,
            error=problem,
            alias_of=None if alias_of == claim.name else alias_of,
        )

    def _offered(self, kind: Kind, name: str, claim: Claim) -> PluginRecord:
        return PluginRecord(
            name=name,
            kind=kind,
            distribution=claim.distribution,
            version=claim.version,
            target=claim.value,
            provider=claim.name,
        )

    def _canonical(self, claim: Claim) -> str:
        """Of the names that one distribution gives one class, the class's own, or else the first."""
        if claim.source is None:
            return claim.name
        same = [
            other.name
            for other in self._discovered().claims
            if other.source is claim.source and other.kind == claim.kind and other.value == claim.value
        ]
        return claim.attribute if claim.attribute in same else same[0]

    def _spec_name(self, claim: Claim) -> str:
        """The name under which a spec shows its plugin: one that builds it again."""
        name = self._canonical(claim)
        kind: Kind = claim.kind  # type: ignore[assignment]
        try:
            chosen = self._chosen(kind, name, self._candidates(kind, name))
        except PluginError:
            chosen = None
        same = chosen is not None and chosen.source is claim.source and chosen.value == claim.value
        return name if same else f"{claim.distribution}:{name}"


def _with_article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


registry = Registry()
"""The default registry; it discovers plugins when it is first used."""
