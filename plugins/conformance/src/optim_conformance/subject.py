"""Subject: the plugin that is checked, with the config that it is checked with."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import attrs

from optim_conformance.forks import end_if_forked
from optim_conformance.kinds import refuse_other_kinds
from optim_core.discovery.records import IN_THIS_PROCESS
from optim_core.errors import ConfigError, OptimError, UnknownNameError, UnusualRateWarning
from optim_core.plugin_class.contract import check_plugin_class, check_signature, further_arguments
from optim_core.plugin_class.declarations import Declaration, declarations_of
from optim_core.plugin_class.fields import config_fields
from optim_core.plugin_class.needs import ATTRIBUTE, DECLARED, Need, needs_of
from optim_core.plugin_tools import KINDS, Kind, example, listing
from optim_core.registry import Registry, registry
from optim_core.specs import is_around

__all__ = ["Plugin", "Subject", "subject_of"]

Plugin = str | type[Any]
# By one of these a class whose `build` takes no argument is known for a dataset; a clipper's takes none either.
OF_DATASETS = ("check", "count", "augment", "collate", "example_files")
# Fields of a schedule that mean the length of the run, which the run itself can give instead of the config.
OF_THE_RUN = ("total_steps", "epochs", "steps_per_epoch", "num_training_steps")


@attrs.define(kw_only=True, slots=False, eq=False)
class Subject:
    """A plugin that is checked.

    Args:
        name: what the report calls it.
        kind: its kind.
        cls: its plugin class.
        provided_by: distribution and version, "" for a class that is not installed.
        address: the name by which `known_to` finds it.
        known_to: a registry that has it.
        installed: whether any process on this machine finds it under `address`.
        declares: what the class is to declare, whatever its source says; None for what that says.

    Example:
        >>> from optim_conformance import subject_of
        >>> subject = subject_of("LBFGS")
        >>> subject.kind, sorted(subject.fields)[0]
        ('optimizer', 'history_size')
    """

    name: str
    kind: Kind
    cls: type[Any]
    provided_by: str
    address: str
    known_to: Registry
    installed: bool
    declares: Mapping[str, str] | None = None

    @cached_property
    def declared(self) -> dict[str, Declaration]:
        """What the plugin class declares: property, or ``fields.NAME``, to the declaration; by its `needs` too."""
        return {**self.implied, **declarations_of(self.cls)}

    @cached_property
    def implied(self) -> dict[str, Declaration]:
        """What the plugin class declares by its `needs` alone: property to the declaration."""
        given = getattr(self.cls, ATTRIBUTE, ())
        if hasattr(given, "__get__"):
            given = getattr(self.spec().config, ATTRIBUTE)
        said = given if isinstance(given, (tuple, list, set, frozenset)) else ()
        own = declarations_of(self.cls)
        return {
            name: Declaration("refuses", f'its `{ATTRIBUTE}` has "{need}"')
            for name, need in DECLARED.items()
            if need in said and name not in own
        }

    @cached_property
    def needs(self) -> frozenset[Need]:
        """What the training loop has to give, by the word of the plugin class.

        Raises:
            PluginError: its `needs` has a word that means nothing.
        """
        return needs_of(self.spec().config)

    @cached_property
    def fields(self) -> dict[str, attrs.Attribute[Any]]:
        """The fields that a config may set: key to attribute."""
        return config_fields(self.cls)

    @cached_property
    def config(self) -> dict[str, Any]:
        """The config to check with: empty where the defaults are accepted, else the class's example.

        A length that the example gives and need not is left out, so that it is that of the run.
        """
        given = example(self.cls)
        shorter = {key: value for key, value in given.items() if key not in OF_THE_RUN}
        return next((config for config in ({}, shorter) if self._accepts(config)), given)

    def _accepts(self, config: Mapping[str, Any]) -> bool:
        try:
            self.known_to.build({"type": self.address, "config": config}, self.kind)
        except ConfigError:
            return False
        return True

    def spec(self, changes: Mapping[str, Any] | None = None) -> Any:
        """Build the spec of the config with some fields changed, as `registry.build` does.

        Returns:
            an OptimizerSpec, a SchedulerSpec, a ClipperSpec, or the spec of another kind.

        Raises:
            ConfigError: it is refused.

        Example:
            >>> from optim_conformance import subject_of
            >>> subject_of("norm").spec({"max_norm": 2.0}).config.max_norm
            2.0
        """
        # Every check builds something by this method, so a copy that a plugin has forked ends here at the latest.
        end_if_forked()
        config = {**self.config, **(changes or {})}
        with warnings.catch_warnings():
            # A check gives the rate that it needs, whatever is usual.
            warnings.simplefilter("ignore", UnusualRateWarning)
            return self.known_to.build({"type": self.address, "config": config}, self.kind)

    def where_accepted(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the changes if there are such fields and their values are accepted, else none.

        Example:
            >>> from optim_conformance import subject_of
            >>> subject_of("norm").where_accepted({"max_norm": -1.0})
            {}
        """
        known = changes.keys() <= self.fields.keys()
        return dict(changes) if known and self._accepts({**self.config, **changes}) else {}

    def refuses(self, name: str) -> bool:
        """Tell whether the plugin class declares to refuse what the property `name` is about.

        Example:
            >>> from optim_conformance import subject_of
            >>> subject_of("LBFGS").refuses("step_without_closure")
            True
        """
        declared = self.declared.get(name)
        return declared is not None and declared.manner == "refuses"

    @property
    def needs_model(self) -> bool:
        """Tell whether it is made from the model, and not from parameters alone."""
        return further_arguments(self.cls, self.kind).get("model") == "required"

    @property
    def has_group_options(self) -> bool:
        """Tell whether the options of its groups are made for each parameter of a model."""
        cls = type(self.spec().innermost.config) if is_around(self.cls) else self.cls
        return hasattr(cls, "group_options") or hasattr(cls, "group_options_for")


def subject_of(plugin: Plugin, kind: Kind | None = None) -> Subject:
    """Return the subject for an installed plugin's name or for a plugin class.

    Args:
        plugin: the name of an installed plugin, or a plugin class.
        kind: needed only where a name means several.

    Raises:
        UnknownNameError: nothing has that name.
        PluginError: the plugin is broken, ambiguous, blocked or incompatible.
        OptimError: a class is no plugin class, or a name means plugins of several kinds; or the kit has no
            properties of its kind.

    Example:
        >>> from optim_conformance import subject_of
        >>> subject_of("adamw").name
        'AdamW'
    """
    return _named(plugin, kind) if isinstance(plugin, str) else _given(plugin, kind)


def _named(name: str, kind: Kind | None) -> Subject:
    kinds = [kind] if kind else [each for each in KINDS if registry.knows(each, name)]
    if len(kinds) > 1:
        raise OptimError(f"`{name}` is the name of {listing(kinds)}: say which kind")
    found = registry.find(kinds[0], name) if kinds else None
    if found is None:
        raise UnknownNameError([registry.unknown(kind, name, "")])
    refuse_other_kinds(kinds[0])
    return Subject(
        name=found.name,
        kind=kinds[0],
        cls=found.cls,
        provided_by=found.provided_by,
        address=found.name,
        known_to=registry,
        installed=found.provided_by != IN_THIS_PROCESS,
    )


def _given(cls: type[Any], kind: Kind | None) -> Subject:
    kind = kind or _kind_of(cls)
    problem = check_plugin_class(cls, kind)
    if problem:
        raise OptimError(f"this is no plugin class: {problem}")
    refuse_other_kinds(kind)
    known_to = registry.without([])
    address = cls.__name__
    while known_to.knows(kind, address):
        address += " that is checked"
    known_to.register(kind, address, cls)
    return Subject(
        name=cls.__name__, kind=kind, cls=cls, provided_by="", address=address, known_to=known_to, installed=False
    )


def _kind_of(cls: type[Any]) -> Kind:
    """Return the kind whose `build` has the arguments of that of the class, by their names or else by their number.

    Raises:
        OptimError: there is none.
    """
    build = getattr(cls, "build", None)
    if isinstance(cls, type) and callable(build):
        fitting = [kind for kind in KINDS if check_signature(build, kind) is None]
        if "dataset" in fitting and any(hasattr(cls, name) for name in OF_DATASETS):
            return "dataset"
        named = [
            kind
            for kind in fitting
            if _names_of_arguments(build)[: len(KINDS[kind].arguments)] == KINDS[kind].arguments
        ]
        if named or fitting:
            return (named or fitting)[0]
    shown = getattr(cls, "__qualname__", repr(cls)[:60])
    raise OptimError(
        f"{shown} is no plugin class: it needs build(self, params), build(self, optimizer, horizon) or build(self); in "
        "a training command, build(self, data), build(self, model) or build(self, folder, project, run)"
    )


def _names_of_arguments(build: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(build).parameters)[1:]
    except (TypeError, ValueError):
        return ()
