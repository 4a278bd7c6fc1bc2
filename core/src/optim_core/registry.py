"""Registry and Catalog: from names to plugin classes, and `build`, from a config to specs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, overload

import attrs

from optim_core.config.builder import Builder
from optim_core.config.components import Components, Found
from optim_core.config.document import Document, Section
from optim_core.discovery.claims import Claim, Names
from optim_core.discovery.index import Index
from optim_core.discovery.loading import Loader
from optim_core.discovery.policy import Settings
from optim_core.discovery.scan import Scan, scan
from optim_core.errors import ConfigError, DuplicatePluginError, OptimError, PluginError, Problem, UnknownNameError
from optim_core.kinds import KINDS, Kind, is_kind
from optim_core.on_demand import names_on_demand
from optim_core.plugin_class.contract import check_plugin_class
from optim_core.plugin_class.fields import config_fields
from optim_core.recipe import SINGLE, MadeBy, Recipe
from optim_core.specs import ClipperSpec, OptimizerSpec, SchedulerSpec
from optim_core.text.names import is_name, normalise
from optim_core.text.prose import listing, visible, with_article

if TYPE_CHECKING:
    from click import Command
    from torch.nn import Module

    from optim_core.config.forms.form import ConfigForm
    from optim_core.config.migrating.library_names import Known
    from optim_core.config.migrating.migration import Migration
    from optim_core.discovery.records import ExtensionRecord, Fault, PluginRecord
    from optim_core.discovery.unknown_names import UnknownName
    from optim_core.explain import Explanation, GroupPlan, ParameterPlan
    from optim_core.protocols import NamedFields
    from optim_core.text.spelling import Near

    Config = Mapping[str, Any] | str | os.PathLike[str] | NamedFields | Document

__all__ = [
    "Catalog",
    "Explanation",
    "ExtensionRecord",
    "Fault",
    "GroupPlan",
    "Migration",
    "ParameterPlan",
    "PluginRecord",
    "Registry",
    "registry",
]

__getattr__ = names_on_demand(
    globals(),
    {
        "optim_core.discovery.records": ("ExtensionRecord", "Fault", "PluginRecord"),
        "optim_core.config.migrating.migration": ("Migration",),
        "optim_core.explain": ("Explanation", "GroupPlan", "ParameterPlan"),
    },
)

# How many names are remembered with what they mean, each spelling of one by itself.
MOST_SPELLINGS = 1000

Spec = OptimizerSpec | SchedulerSpec | ClipperSpec


class Catalog(Mapping[str, type[Any]]):
    """The plugins of one kind: name to plugin class. Listing and ``in`` import no plugin; ``[name]`` imports that one.

    Names match without case, ``-`` and ``_``; ``distribution:name`` names one of several claims. Iteration gives each
    plugin that can be used once, by the name that specs show. A name that nothing has is a KeyError; one whose plugin
    is broken, ambiguous, blocked or incompatible is a PluginError, in ``get`` too.

    Example:
        >>> from optim_core import registry
        >>> "adamw" in registry.optimizers, registry.optimizers["adamw"].__name__
        (True, 'AdamW')
    """

    def __init__(self, owner: Registry, kind: Kind) -> None:
        self._registry = owner
        self._kind: Kind = kind

    def __repr__(self) -> str:
        return f"<Catalog of {self._kind}s>"

    def __getitem__(self, name: str) -> type[Any]:
        if not isinstance(name, str):
            raise UnknownNameError([Problem(path="", message=f"the name of {with_article(self._kind)} is a text")])
        found = self._registry.find(self._kind, name)
        if found is None:
            raise UnknownNameError([self._registry.unknown(self._kind, name, path="")])
        return found.cls

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._registry.knows(self._kind, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._registry.names(self._kind))

    def __len__(self) -> int:
        return len(self._registry.names(self._kind))

    def plugins(self) -> list[PluginRecord]:
        """Return a record of every plugin of this kind, whatever its state, sorted by name.

        Example:
            >>> from optim_core import registry
            >>> {record.name: record.state for record in registry.clippers.plugins()}["norm"]
            'ok'
        """
        return self._registry.plugins(self._kind)


class Registry:
    """Discovers plugins by their entry points, on first use, and builds what a config names.

    Args:
        allow: where given, only these may be used: distributions, plugin names, or ``distribution:name``; ``*`` is a
            wildcard. Names of plugins leave the other kinds alone, so that ``["AdamW"]`` keeps out other optimizers,
            and no schedule. None reads the variable OPTIM_CORE_ALLOW (items with commas between them).
        block: these may not be used, even if allowed. None reads OPTIM_CORE_BLOCK.
        prefer: plugin name to the distribution that provides it where several do. None reads OPTIM_CORE_PREFER
            (``Muon=optim-muon,…``).
        path: folders to look for distributions in; None is ``sys.path``.

    Raises:
        OptimError: a setting is malformed.

    Example:
        >>> from optim_core import Registry
        >>> registry = Registry(block=["optim-bitsandbytes"])
        >>> registry
        <Registry, nothing discovered yet>
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] | None = None,
        block: Iterable[str] | None = None,
        prefer: Mapping[str, str] | None = None,
        path: Iterable[str] | None = None,
    ) -> None:
        self._settings = Settings.of(allow, block, prefer)
        self._path = None if path is None else [os.fspath(folder) for folder in path]
        # Held only while metadata is read, never while a plugin's code runs: its import may need the registry.
        self._lock = RLock()
        self._registered: list[Claim] = []
        self._scan: Scan | None = None
        self._current: _View | None = None
        self._told_idle = False
        self.optimizers = Catalog(self, "optimizer")
        self.schedulers = Catalog(self, "scheduler")
        self.clippers = Catalog(self, "clipper")
        self._builder = self._builder_of(any_length=False)

    def __repr__(self) -> str:
        view = self._current
        if view is None:
            return "<Registry, nothing discovered yet>"
        return f"<Registry of {len(view.index.claims)} entry points>"

    # -- what is there -------------------------------------------------------------------------------------------

    def catalog(self, kind: Kind) -> Catalog:
        """Return the catalog of one kind.

        Example:
            >>> from optim_core import registry
            >>> registry.catalog("clipper")
            <Catalog of clippers>
        """
        return Catalog(self, kind)

    def without(self, block: Iterable[str]) -> Registry:
        """Return a registry like this one, in which some more may not be used; what `register` added is in both.

        Args:
            block: distributions, plugin names, or ``distribution:name``, as for the class.

        Raises:
            OptimError: `block` is not a list of names.

        Example:
            >>> from optim_core import registry
            >>> names = {"AdamW", "SGD"}
            >>> names & set(registry.without(["AdamW"]).names("optimizer"))
            {'SGD'}
        """
        other = Registry(path=self._path)
        other._settings = self._settings.without(block)
        other._registered = list(self._registered)
        return other

    def refresh(self) -> None:
        """Forget what was found, so that the next question looks at what is installed; what `register` added stays.

        Example:
            >>> from optim_core import Registry
            >>> registry = Registry()
            >>> names = registry.names("optimizer")
            >>> registry.refresh()
            >>> registry
            <Registry, nothing discovered yet>
        """
        with self._lock:
            self._scan = self._current = None

    def plugins(self, kind: Kind) -> list[PluginRecord]:
        """Return a record of every plugin of `kind`, whatever its state, sorted by name.

        Example:
            >>> from optim_core import registry
            >>> {record.name: record.distribution for record in registry.plugins("optimizer")}["AdamW"]
            'optim-torch-builtin'
        """
        return self._view().index.records(kind)

    def summary(self, record: PluginRecord) -> str | None:
        """Return what a plugin is, in one line, and import no plugin for it; None where nothing says it.

        It is the first line of its class's docstring, read from the source, or what its provider says.

        Example:
            >>> from optim_core import registry
            >>> record = next(record for record in registry.plugins("optimizer") if record.name == "SGD")
            >>> registry.summary(record)
            'Stochastic gradient descent, with momentum where asked for; `ASGD` also keeps the mean of the weights.'
        """
        from optim_core.plugin_class.docstrings import summary_of
        from optim_core.plugin_class.unimported import static_docstring

        if record.provider is not None:
            name = record.name.rpartition(":")[2]
            return self._view().index.providers.summary(record.provider, record.distribution, name)
        module, _, attribute = record.target.partition(":")
        return summary_of(static_docstring(module.strip(), attribute.partition("[")[0].strip()))

    def providers(self) -> list[ExtensionRecord]:
        """Return a record of every provider, whatever its state, sorted by name; none is imported.

        Example:
            >>> import optim_bitsandbytes
            >>> from optim_core import registry
            >>> {record.name: record.distribution for record in registry.providers()}["bitsandbytes"]
            'optim-bitsandbytes'
        """
        return self._view().index.extensions("provider")

    def commands(self) -> list[ExtensionRecord]:
        """Return a record of every subcommand that a distribution adds to `optim`, sorted by name; none is imported.

        Example:
            >>> import optim_conformance
            >>> from optim_core import registry
            >>> {record.name: record.distribution for record in registry.commands()}["conformance"]
            'optim-conformance'
        """
        return self._view().index.extensions("command")

    def names(self, kind: Kind) -> list[str]:
        """Return a name for each plugin of `kind` that can be used, sorted: the one that its spec shows.

        Example:
            >>> from optim_core import registry
            >>> [name for name in ("AdamW", "NoSuchOptimizer") if name in registry.names("optimizer")]
            ['AdamW']
        """
        return self._view().index.addresses(kind)

    def faults(self, *, thorough: bool = False) -> list[Fault]:
        """Return what cannot be read or is hidden, providers that do not work, settings that mean nothing installed.

        Args:
            thorough: whether to look at distributions without a plugin, too; a malformed one stops ``import torch``.

        Example:
            >>> from optim_core import Registry
            >>> [fault.state for fault in Registry(block=["no-such-distribution"]).faults()]
            ['setting']
        """
        from optim_core.discovery.records import Fault

        index = self._view().index
        found = scan(self._path, thorough=True).faults if thorough else list(self._scanned().faults)
        found += [Fault(claim.distribution, fault, claim.module) for claim, fault in index.providers.faults()]
        found += [Fault(claim.distribution, said, claim.module, "empty") for claim, said in index.providers.empty()]
        offers = [offer for kind in KINDS for offer in index.providers.offers(kind)]
        return found + [
            Fault("settings", sentence, "", "setting") for sentence in index.policy.idle(index.claims + offers)
        ]

    def knows(self, kind: Kind, name: str) -> bool:
        """Return whether some plugin that is not blocked answers to `name`; nothing is imported but providers.

        Args:
            kind: ``"optimizer"``, ``"scheduler"``, ``"clipper"`` or another kind.
            name: in any spelling, also ``distribution:name``.

        Example:
            >>> from optim_core import registry
            >>> registry.knows("optimizer", "adam_w"), registry.knows("optimizer", "NoSuchOptimizer")
            (True, False)
        """
        index = self._view().index
        return index.knows(kind, name) or (index.providers.ask_again() and index.knows(kind, name))

    def register(self, kind: Kind, name: str, cls: type[Any]) -> None:
        """Add a plugin class in this process only, for notebooks and tests; registering a name again replaces it.

        Args:
            kind: ``"optimizer"``, ``"scheduler"``, ``"clipper"`` or another kind.
            name: what configs are to call it.
            cls: the plugin class.

        Raises:
            PluginError: `cls` is not a plugin class of this kind, or the kind or name is malformed.
            DuplicatePluginError: an installed distribution offers that name.

        Example:
            >>> import attrs
            >>> from optim_core import Registry
            >>> @attrs.frozen(kw_only=True)
            ... class PlainSGD:
            ...     lr: float = 0.1
            ...     def build(self, params):
            ...         from torch.optim import SGD
            ...         return SGD(params, lr=self.lr)
            >>> registry = Registry()
            >>> registry.register("optimizer", "PlainSGD", PlainSGD)
            >>> registry.build({"type": "plain_sgd"}).config
            PlainSGD(lr=0.1)
        """
        if not is_kind(kind):
            raise PluginError(f"there is no kind `{kind}`; the kinds are {', '.join(KINDS)}")
        if not isinstance(name, str) or not is_name(name):
            raise PluginError(f"{name!r} cannot be a plugin's name: it must be visible text without `:`")
        fault = check_plugin_class(cls, kind)
        if fault:
            raise PluginError(f"cannot register `{name}`: {fault}")
        claim = Claim(kind, name, f"{cls.__module__}:{cls.__qualname__}", None, names=Names([name]), target=cls)
        with self._lock:
            for other in self._view().index.claimants(kind, name):
                if other.source is not None:
                    raise _installed_already(other)
            same = (kind, normalise(name))
            kept = [old for old in self._registered if (old.kind, normalise(old.name)) != same]
            self._registered = [*kept, claim]
            self._current = self._new_view(self._view())

    # -- configs -------------------------------------------------------------------------------------------------

    @overload
    def build(
        self, config: Config, kind: Literal["optimizer"], *, overrides: Iterable[str] = (), strict: bool = False
    ) -> OptimizerSpec: ...
    @overload
    def build(
        self, config: Config, kind: Literal["scheduler"], *, overrides: Iterable[str] = (), strict: bool = False
    ) -> SchedulerSpec: ...
    @overload
    def build(
        self, config: Config, kind: Literal["clipper"], *, overrides: Iterable[str] = (), strict: bool = False
    ) -> ClipperSpec: ...
    @overload
    def build(
        self, config: Config, kind: Kind | None = None, *, overrides: Iterable[str] = (), strict: bool = False
    ) -> Any: ...
    def build(
        self,
        config: Config,
        kind: Kind | None = None,
        *,
        overrides: Iterable[str] = (),
        strict: bool = False,
    ) -> Any:
        """Turn a config into the spec or recipe that it describes; nothing live is made, and torch is not imported.

        Args:
            config: a mapping, which stays as it is, or the path of a YAML, JSON or TOML file.
            kind: which kind a ``{type, config}`` is, needed only where its type is a name of two kinds.
            overrides: a list of values to replace first, each such as ``optimizer.config.lr=3e-4``, of the type that
                the field wants: what is a number to YAML is a text where a text is to stand.
            strict: whether what is else a warning is a problem of the config: a key that speaks of a recipe and stands
                beside it, where nothing reads it (UnusedConfigWarning), and an lr as for another optimizer
                (UnusualRateWarning).

        Returns:
            OptimizerSpec, SchedulerSpec or ClipperSpec for one component, Recipe for a set.

        Raises:
            ConfigError: with everything that is wrong in `.problems`; MissingTypeError (a KeyError) where a component
                has no type, UnknownTypeError (an AttributeError) where nothing provides one.
            PluginError: the config is fine, and a plugin that it names is broken, ambiguous, blocked or incompatible.

        Example:
            >>> from optim_core import registry
            >>> spec = registry.build({"type": "adamw", "config": {"lr": "3e-4"}})
            >>> spec.type, spec.config.lr
            ('AdamW', 0.0003)
        """
        if kind is not None and not is_kind(kind):
            raise OptimError(f"there is no kind `{kind}`; the kinds are {', '.join(KINDS)}")
        document = _document(config, overrides)
        given = document.value if document else config
        return self._made_here(self._builder.build(given, kind, document, strict=strict))

    def recipe(self, config: Config, *, overrides: Iterable[str] = (), strict: bool = False) -> Recipe:
        """Turn a config into a recipe, as `build` does; a lone optimizer is a recipe of one.

        Args:
            config: as in `build`.
            overrides: as in `build`.
            strict: as in `build`.

        Returns:
            the recipe, which is plain data until its `create`.

        Raises:
            ConfigError: as in `build`, and where the config is a schedule or clipping alone.
            PluginError: as in `build`.

        Example:
            >>> from optim_core import registry
            >>> recipe = registry.recipe({"type": "LBFGS"})
            >>> recipe.optimizer.type, sorted(recipe.needs)
            ('LBFGS', ['closure'])
        """
        built = self.build(config, overrides=overrides, strict=strict)
        if isinstance(built, Recipe):
            return built
        if isinstance(built, OptimizerSpec):
            return Recipe(optimizers={SINGLE: built}, made_by=MadeBy(self))
        message = f"a recipe has an optimizer, and this is {with_article(built.kind)} alone, {built.type}"
        key = KINDS[built.kind].key
        hint = f"put it below `{key}`, beside `optimizer`" if key else None
        raise ConfigError([Problem(path="", message=message, hint=hint)])

    def _made_here(self, built: Any) -> Any:
        return attrs.evolve(built, made_by=MadeBy(self)) if isinstance(built, Recipe) else built

    @property
    def is_default(self) -> bool:
        """Whether this is `optim_core.registry`."""
        return self is registry

    def __reduce__(self) -> str:
        if not self.is_default:
            raise TypeError("only the default registry can be pickled, as another's settings and plugins are its own")
        # The name of the object in this module.
        return "registry"

    @cached_property
    def _any_length_builder(self) -> Builder:
        """What builds for code that is migrated; it is kept, as what it has read of plugin classes is kept in it."""
        return self._builder_of(any_length=True)

    def _builder_of(self, *, any_length: bool) -> Builder:
        components = Components(self._find, self._kinds_of, self._unimported, any_length=any_length)
        return Builder(components, self._explain_name, self._ask_again)

    def build_in(self, config: Any, forms: Sequence[ConfigForm] | None = None, *, kind: Kind | None = None) -> Any:
        """Build a config for functions of code that is migrated: lengths pass that no run could hold.

        Args:
            config: as `build` takes it.
            forms: those that it may have, where they are others than those of `build`.
            kind: as `build` takes it.

        Returns:
            a spec or a recipe, as `build` returns.

        Raises:
            ConfigError, PluginError: as `build`.

        Example:
            >>> from optim_core import registry
            >>> from optim_core.compat.forms import forms_for
            >>> registry.build_in({"scheduler": "StepLR", "step_size": 10}, forms_for("scheduler")).type
            'StepLR'
        """
        document = _document(config, ())
        given = document.value if document else config
        return self._made_here(self._any_length_builder.build(given, kind, document, forms))

    def migrate(self, config: Config, *, origin: str | None = None) -> dict[str, Any]:
        """Return what a config of any form says as a canonical config, without the defaults that `to_config` fills in.

        What the config holds beside the recipe, which `Recipe.unused` has, is left out.

        Args:
            config: as `build` takes it, or a config of another project, as `migration` does.
            origin: as in `migration`.

        Raises:
            ConfigError, PluginError: as `migration`.
            OptimError: as `migration`.

        Example:
            >>> from optim_core import registry
            >>> registry.migrate({"optimizer_name": "adamw", "learning_rate": 0.001})
            {'type': 'AdamW', 'config': {'lr': 0.001}}
        """
        return self.migration(config, origin=origin).config

    def migration(self, config: Config, *, origin: str | None = None) -> Migration:
        """Return what `migrate` does, with what was assumed and left out.

        Args:
            config: as `build` takes it, or a config of another project: Hydra, Lightning, DeepSpeed, transformers, ….
                Nothing in it is imported or executed.
            origin: the project, as ``optim migrate --from`` takes it, "optim-core" for none other; None finds it out.

        Raises:
            ConfigError, PluginError: as `build`; a ConfigError also where something has no equal here, and where it
                is not sure whose the config is.
            OptimError: there is no such origin.

        Example:
            >>> from optim_core import registry
            >>> found = registry.migration({"optimizer": {"type": "Adam", "args": {"lr": 0.001}}})
            >>> found.origin, found.config
            ('pytorch-template', {'optimizer': {'type': 'Adam', 'config': {'lr': 0.001}}})
        """
        from optim_core.config.document import Document
        from optim_core.config.migrating.migration import migration, python_document, wanted_origin

        # A misspelt name is told before the file is read.
        wanted_origin(origin)
        document = python_document(config) or _document(config, ()) or Document(None, config, lambda _: None)
        return migration(document, origin, self._own_migration, self._plugin_at)

    def _plugin_at(self, path: str) -> Known | None:
        """Return what the plugin class of a dotted name is called, None where it is none; nothing is imported."""
        from optim_core.config.migrating.library_names import Known, qualified

        for claim in self._view().index.claims:
            kind = next((kind for kind in KINDS if kind == claim.kind), None)
            if kind is not None and claim.fault is None and claim.value.replace(":", ".") == path:
                return Known(kind, qualified(claim.distribution, claim.canonical), None, "optim-core")
        return None

    def _own_migration(self, document: Document) -> dict[str, Any]:
        """Return a config of ours in canonical form."""
        from optim_core.config.migration import as_given

        built, plain = self._builder.build_plain(document.value, None, document)
        return as_given(self.to_config(built), self._builder.given(plain))

    def to_config(self, built: Spec | Recipe) -> dict[str, Any]:
        """Return the canonical config that builds `built` again, every default filled in, as plain data.

        Raises:
            ConfigError: a field holds what no file can, such as a Python function.

        Example:
            >>> from optim_core import registry
            >>> registry.to_config(registry.build({"type": "norm", "max_norm": 1}))
            {'type': 'norm', 'config': {'max_norm': 1.0, 'norm_type': 2.0, 'error_if_nonfinite': False}}
        """
        from optim_core.config.canonical import canonical_config

        return canonical_config(built)

    def explain(
        self,
        built: OptimizerSpec | Recipe,
        model: Module | Mapping[str, Module] | Any,
        *,
        lr_multipliers: Mapping[Module, float] | None = None,
    ) -> Explanation:
        """Return what `built` does with each parameter: group, rate, weight decay and options, and what decided them.

        Nothing live is made: no optimizer is built, and the model stays as it is.

        Args:
            built: an optimizer's spec or a recipe.
            model: what `create_optimizer`, `create_optimizer_for_multiple` or `Recipe.create` is given.
            lr_multipliers: what the same method is given.

        Raises:
            ParamGroupError: where the same method raises it.

        Example:
            >>> import torch
            >>> from optim_core import registry
            >>> spec = registry.build({"type": "AdamW", "config": {"lr": 0.001}, "no_decay": ["bias"]})
            >>> registry.explain(spec, torch.nn.Linear(8, 2))["bias"].decided_by
            ('no_decay bias: weight_decay 0',)
        """
        from optim_core.explain import explain

        return explain(built, model, lr_multipliers)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of a recipe, of exactly what is installed and can be used.

        Example:
            >>> from optim_core import Registry
            >>> Registry(path=[]).schema()["$schema"]
            'https://json-schema.org/draft/2020-12/schema'
        """
        from optim_core.reference.recipe_schema import recipe_schema

        return recipe_schema(self.plugins, self.find)

    def command(self, name: str) -> Command | None:
        """Import the click command that a distribution adds to `optim` under this name; return None where none does.

        Returns:
            a click command, or None.

        Raises:
            PluginError: the name means a command that is broken, ambiguous, blocked or incompatible.

        Example:
            >>> from optim_core import registry
            >>> registry.command("conformance").name
            'conformance'
        """
        index = self._view().index
        claim = index.find("command", name)
        return None if claim is None else index.load_command(claim)

    # -- names to classes ----------------------------------------------------------------------------------------

    def find(self, kind: Kind, name: str) -> Found | None:
        """Import the plugin class that `name` means, if it was not before; return None where nothing has that name.

        Args:
            kind: ``"optimizer"``, ``"scheduler"``, ``"clipper"`` or another kind.
            name: in any spelling, also ``distribution:name``.

        Returns:
            the name that specs show, the class, and what provides it; or None.

        Raises:
            PluginError: the name means a plugin that is broken, ambiguous, blocked or incompatible.

        Example:
            >>> from optim_core import registry
            >>> found = registry.find("optimizer", "adamw")
            >>> found.name, found.cls.__name__
            ('AdamW', 'AdamW')
        """
        found = self._find(kind, name)
        if found is None and self._ask_again():
            found = self._find(kind, name)
        return found

    def _find(self, kind: Kind, name: str) -> Found | None:
        """Do as `find`, with what the providers said when they were asked last."""
        view = self._view()
        found = view.found.get((kind, name))
        if found is None:
            if not self._told_idle:
                self._tell_idle(view.index)
            claim = view.index.find(kind, name)
            if claim is None:
                return None
            cls = view.index.load(claim, kind)
            found = Found(view.index.address(claim, kind) or name, cls, claim.label)
            view.keep(kind, name, found)
        return found

    def unknown(self, kind: Kind | None, name: str, path: str) -> Problem:
        """Return the problem of a name that nothing has, with the nearest right name and where that comes from.

        Args:
            kind: the kind that is wanted, None where it may be any.
            name: what the config says.
            path: where it says so, such as ``optimizer.type``.

        Example:
            >>> from optim_core import registry
            >>> registry.unknown("optimizer", "NoSuchOptimizer", "optimizer.type").message
            'no optimizer is called `NoSuchOptimizer`'
        """
        from optim_core.discovery.unknown_names import nothing_is_called
        from optim_core.text.spelling import nearest

        hint = self._explain_name(kind, name, nearest).hint
        return Problem(path=path, message=nothing_is_called(kind, name), hint=hint)

    def _explain_name(self, kind: Kind | None, name: str, near: Near) -> UnknownName:
        """Return what to do about a name that nothing has; `near` looks for the nearest right one."""
        from optim_core.discovery.unknown_names import UnknownName, hint_for, with_kept_out

        index = self._view().index
        elsewhere = next((other for other in KINDS if kind not in (None, other) and index.knows(other, name)), None)
        if elsewhere is not None:
            hint = f"`{visible(name)}` is {with_article(elsewhere)}, not {with_article(kind or 'plugin')}"
            found = UnknownName(hint)
        else:
            kinds = [each for each, row in KINDS.items() if not row.apart] if kind is None else [kind]
            records = [record for each in kinds for record in self.plugins(each)]
            found = hint_for(name, kinds, records, index.why_not(kinds, name), near)
        hint = with_kept_out(found, index.providers_kept_out(), index.policy.reason_against)
        faulty = [fault.distribution for fault in self._scanned().faults]
        suspects = dict.fromkeys(faulty + [claim.distribution for claim, _ in index.providers.faults()])
        if suspects:
            hint += f"; something is wrong with {listing(suspects)}, see `optim doctor`"
        return found._replace(hint=hint)

    def _unimported(self, kind: Kind) -> Iterator[tuple[str, Collection[str]]]:
        """Yield name and fields of each plugin that may be used, as its source file has them; none is imported."""
        from optim_core.plugin_class.unimported import static_fields

        for claim in self._view().index.whole(kind):
            if claim.target is not None:
                yield claim.canonical, config_fields(claim.target)
            else:
                yield claim.canonical, static_fields(claim.module, claim.attribute)

    def _ask_again(self) -> bool:
        """Ask the providers for their names once more; return whether one offers another than it did."""
        return self._view().index.providers.ask_again()

    def _kinds_of(self, name: str) -> list[Kind]:
        """Return the kinds that have this name: among entry points, else among what providers offer, else blocked."""
        index = self._view().index
        for has in (index.claimants, index.knows, index.has_claim):
            kinds = [kind for kind in KINDS if has(kind, name)]
            if kinds:
                return [kind for kind in kinds if not KINDS[kind].apart] or kinds
        return []

    # -- what was found ------------------------------------------------------------------------------------------

    def _view(self) -> _View:
        view = self._current
        if view is None:
            with self._lock:
                view = self._current = self._current or self._new_view()
        return view

    def _scanned(self) -> Scan:
        with self._lock:
            if self._scan is None:
                self._scan = scan(self._path)
            return self._scan

    def _new_view(self, old: _View | None = None) -> _View:
        """Make a view of what is known now; `old` lends what does not depend on what `register` added."""
        claims = self._scanned().claims + self._registered
        if old is not None:
            return _View(Index(claims, old.index.policy, old.index.loader, old.index.providers))
        return _View(Index(claims, self._settings.policy(), Loader()))

    def _tell_idle(self, index: Index) -> None:
        """Warn, once, of items of `allow` that keep out all and let in nothing."""
        self._told_idle = True
        for sentence in index.policy.idle_allowances(index.claims):
            warnings.warn(sentence, UserWarning, stacklevel=2)


def _document(config: Config, overrides: Iterable[str]) -> Document | None:
    """Return what a file or a mapping holds, its values replaced by `overrides`; None for a mapping as it is."""
    document = None
    if isinstance(config, (str, os.PathLike)):
        from optim_core.config.formats.load import load

        # A subclass of str may change what str() gives; the path is the text itself.
        document = load(str.__str__(config) if isinstance(config, str) else os.fspath(config))
    elif isinstance(config, Section):
        document = config.document()
    elif isinstance(config, Document):
        document = config
    if overrides:
        from optim_core.config.overrides import apply_overrides
        from optim_core.config.structuring.plain_data import is_record, plain_data

        of_fields = document is None and is_record(config)
        given = plain_data(config) if of_fields else config
        document = document or Document(None, given, lambda _: None, of_application=of_fields)
        document = apply_overrides(document, overrides)
    return document


class _View:
    """An index, and the names that were looked up in it; a new index begins without any."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.found: dict[tuple[Kind, str], Found] = {}

    def keep(self, kind: Kind, name: str, found: Found) -> None:
        """Remember what a name means; a name has more spellings than anybody has memory."""
        if len(self.found) >= MOST_SPELLINGS:
            self.found.clear()
        self.found[kind, name] = found


def _installed_already(claim: Claim) -> DuplicatePluginError:
    return DuplicatePluginError(
        f"{claim.label} offers the {claim.kind} `{claim.name}` already; register another name, "
        f'or leave that one out: Registry(block=["{claim.distribution}:{claim.name}"])',
        distribution=claim.distribution,
        version=claim.version,
    )


registry = Registry()
"""The default registry; it discovers plugins when it is first used."""
