"""Hydra: every installed plugin is a member of the config groups `optimizer`, `scheduler` and `clipper`.

Hydra imports this module whenever an application starts in the same environment, whether or not it knows of optim-core.
So nothing of optim-core is imported here before one of these groups is asked for, an application's own configs come
before ours wherever they stand, and a key that is called as one of the groups stays a key.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hydra._internal.config_repository import ConfigRepository
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.default_element import ConfigDefault, GroupDefault, InputDefault
from hydra.core.object_type import ObjectType
from hydra.errors import ConfigCompositionException
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import Container, DictConfig, Node, OmegaConf

if TYPE_CHECKING:
    from optim_core.plugin_tools import Kind
    from optim_core.specs import OptimizerFactory

__all__ = ["PluginConfigs", "PluginSearchPath", "factory", "plugin_config"]

SCHEME = "optim-core"

# Each group has the plugins of a kind. A group's members come to the key of its name, so clipping, which recipes have
# under a key of another name than its kind, is also a group of that name: below a section, it comes to the right place.
_KINDS: dict[str, Kind] = {
    "optimizer": "optimizer",
    "scheduler": "scheduler",
    "clipper": "clipper",
    "gradient_clipping": "clipper",
}
_PACKAGES = {"clipper": "gradient_clipping"}
_MISSING = "???"


def plugin_config(kind: Kind, name: str) -> dict[str, Any]:
    """Return the config of a plugin as Hydra composes it: each field with its default, ``???`` where one must be given.

    The keys that may stand beside `type` and `config` are null. A default that no file can hold is left out.

    Raises:
        PluginError: the plugin is broken, ambiguous, blocked or incompatible.
        UnknownNameError: nothing has that name.

    Example:
        >>> from optim_frameworks.hydra import plugin_config
        >>> plugin_config("scheduler", "steplr")
        {'type': 'StepLR', 'config': {'step_size': '???', 'gamma': 0.1}, 'interval': None}
    """
    from optim_core import UnknownNameError, registry
    from optim_core.plugin_tools import KINDS, describe

    found = registry.find(kind, name)
    if found is None:
        raise UnknownNameError([registry.unknown(kind, name, path="")])
    fields = [field for field in describe(found.cls).fields if field.note is None]
    config = {field.name: _MISSING if field.required else field.default for field in fields}
    return {"type": found.name, "config": config, **dict.fromkeys(KINDS[kind].beside)}


def factory(model: Any = None, **component: Any) -> OptimizerFactory:
    """Return what makes an optimizer of parameters, for ``_target_`` beside the `type` and `config` of one.

    It stands where ``_partial_: true`` of a class of torch's stood, and is called as that is: ``make(params)``.

    Args:
        model: as in `OptimizerSpec.factory`.
        component: the optimizer.

    Raises:
        ConfigError, PluginError: as `registry.build`.

    Example:
        >>> import torch
        >>> from hydra.utils import instantiate
        >>> config = {"_target_": "optim_frameworks.hydra.factory", "type": "SGD", "config": {"lr": 0.1}}
        >>> make = instantiate(config)
        >>> make(torch.nn.Linear(4, 2).parameters()).defaults["lr"]
        0.1
    """
    from optim_core import registry

    return registry.build(component, "optimizer").factory(model)


class PluginSearchPath(SearchPathPlugin):
    """Puts the installed plugins on the search path of every application.

    Example:
        >>> from hydra.core.plugins import Plugins
        >>> from hydra.plugins.search_path_plugin import SearchPathPlugin
        >>> [plugin.__name__ for plugin in Plugins.instance().discover(SearchPathPlugin)]
        ['PluginSearchPath']
    """

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append the plugins, which know of all else on the path.

        Example:
            >>> from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
            >>> from optim_frameworks.hydra import PluginSearchPath
            >>> path = ConfigSearchPathImpl()
            >>> PluginSearchPath().manipulate_search_path(path)
            >>> print(path)
            [provider=optim-core, path=optim-core://]
        """
        search_path.append(provider=SCHEME, path=_Place.on(search_path))


class _Place(str):
    """Our place on a search path; it knows the path, copies of which Hydra makes and adds to."""

    __slots__ = ("search_path",)
    search_path: ConfigSearchPath

    @classmethod
    def on(cls, search_path: ConfigSearchPath) -> _Place:
        place = cls(f"{SCHEME}://")
        place.search_path = search_path
        return place

    def __deepcopy__(self, memo: dict[int, Any]) -> _Place:
        # While a path is copied, its copy is known already.
        return _Place.on(memo.get(id(self.search_path), self.search_path))


class PluginConfigs(ConfigSource):
    """The installed plugins as configs: each is found and written only when it is named.

    Example:
        >>> from hydra import compose, initialize
        >>> with initialize(version_base=None):
        ...     config = compose(overrides=["+optimizer=sgd", "optimizer.config.lr=0.02"])
        >>> config.optimizer.type, config.optimizer.config.lr
        ('SGD', 0.02)
    """

    def __init__(self, provider: str, path: str) -> None:
        super().__init__(provider=provider, path=path)
        self._search_path = path.search_path if isinstance(path, _Place) else None
        self._asked_in_vain: tuple[Kind, str] | None = None

    def __repr__(self) -> str:
        """Return what Hydra lists where a config is not found, with what may have been meant."""
        if self._asked_in_vain is None:
            return str(super().__repr__())
        from optim_core import registry

        problem = registry.unknown(*self._asked_in_vain, path="")
        return f"{super().__repr__()}: {problem.message}" + (f", {problem.hint}" if problem.hint else "")

    @staticmethod
    def scheme() -> str:
        """Return what our place on a search path begins with.

        Example:
            >>> from optim_frameworks.hydra import PluginConfigs
            >>> PluginConfigs.scheme()
            'optim-core'
        """
        return SCHEME

    def available(self) -> bool:
        """Return whether it leads anywhere.

        Example:
            >>> from optim_frameworks.hydra import PluginConfigs
            >>> PluginConfigs("optim-core", "optim-core://").available()
            True
        """
        return True

    def is_group(self, config_path: str) -> bool:
        """Return whether this is one of our groups, and the application's own configs leave the name to us.

        Example:
            >>> from optim_frameworks.hydra import PluginConfigs
            >>> PluginConfigs("optim-core", "optim-core://").is_group("optimizer")
            True
        """
        group = config_path.strip("/")
        return not group or (group in _KINDS and self._is_used(group))

    def is_config(self, config_path: str) -> bool:
        """Return whether this names a plugin, and no config of the application.

        Example:
            >>> from optim_frameworks.hydra import PluginConfigs
            >>> configs = PluginConfigs("optim-core", "optim-core://")
            >>> configs.is_config("optimizer/AdamW"), configs.is_config("scheduler/AdamW"), configs.is_config("AdamW")
            (True, False, False)
        """
        named = _named(config_path)
        if named is None or self._others().config_exists(config_path):
            return False
        from optim_core import registry

        self._asked_in_vain = None if registry.knows(*named) else named
        return self._asked_in_vain is None

    def load_config(self, config_path: str) -> ConfigResult:
        """Return the config of a plugin. What is set in it may be wrong: optim-core says so where it is built.

        Raises:
            ConfigCompositionException: the plugin cannot be used.

        Example:
            >>> from optim_frameworks.hydra import PluginConfigs
            >>> PluginConfigs("optim-core", "optim-core://").load_config("clipper/norm").config.type
            'norm'
        """
        from optim_core import OptimError

        kind, name = _named(config_path) or ("optimizer", config_path)
        try:
            config = plugin_config(kind, name)
        except OptimError as error:
            raise ConfigCompositionException(str(error)) from error
        self._tell_overruled(config_path.partition("/")[0], config)
        return ConfigResult(
            provider=self.provider,
            path=f"{SCHEME}://",
            # Hydra would tell somebody who misspelt a key to append it. optim-core knows what was meant.
            config=OmegaConf.create(config, flags={"struct": False}),
            header={"package": _PACKAGES.get(config_path.partition("/")[0])},
        )

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Return the groups, or the plugins in one, by their names; none is imported.

        Example:
            >>> from hydra.core.object_type import ObjectType
            >>> from optim_frameworks.hydra import PluginConfigs
            >>> "norm" in PluginConfigs("optim-core", "optim-core://").list("clipper", ObjectType.CONFIG)
            True
        """
        group = config_path.strip("/")
        if not group:
            return [] if results_filter is ObjectType.CONFIG else sorted(filter(self._is_used, _KINDS))
        if group not in _KINDS or results_filter is ObjectType.GROUP:
            return []
        from optim_core import registry

        return sorted(registry.names(_KINDS[group]))

    def _tell_overruled(self, group: str, config: dict[str, Any]) -> None:
        """Warn of values that an application gives before the group, whose defaults then take their place."""
        # What is written while a shell completes a line would stand in that line.
        if self._search_path is None or "COMP_LINE" in os.environ:
            return
        from optim_core import Problem, UnusedConfigWarning

        problems = [
            Problem(
                path=f"{package}.{key}",
                message="is not used: the default that the group has takes its place",
                hint=f"`_self_` stands before `{group}` in the defaults list: put it after the groups",
                file=path,
            )
            for path, package, given in _Others(self._others()).behind_self(group)
            for key in _in_both(given, config)
        ]
        if problems:
            warnings.warn(UnusedConfigWarning(problems), stacklevel=2)

    def _others(self) -> ConfigRepository:
        """Return all else on the search path."""
        others = ConfigSearchPathImpl()
        for element in self._search_path.get_path() if self._search_path else ():
            if element.path is not None and not element.path.startswith(f"{SCHEME}://"):
                others.append(element.provider, element.path)
        return ConfigRepository(others)

    def _is_used(self, group: str) -> bool:
        """Return whether a group of this name is ours here, and no key of the application's own.

        It is where a config of the application has it in a defaults list. Else Hydra asks for it where somebody types
        ``optimizer=…`` or ``+optimizer=…``: a group only in a program that uses optim-core and has no such key.
        """
        if self._search_path is None:
            return True
        others = _Others(self._others())
        if others.name_in_defaults(group):
            return True
        return "optim_core" in sys.modules and group == _KINDS[group] and not others.have_key(group)


def _named(config_path: str) -> tuple[Kind, str] | None:
    """Return kind and name of the plugin that a path in our groups means."""
    group, _, name = config_path.strip("/").partition("/")
    return (_KINDS[group], name.removesuffix(".yaml")) if group in _KINDS and name else None


def _in_both(given: DictConfig, config: dict[str, Any], above: str = "") -> Iterator[str]:
    """Return the paths of what is given for a plugin and what its config has another value for, ``???`` being none."""
    for key, default in config.items():
        value = given._get_node(key)
        if isinstance(value, DictConfig) and isinstance(default, dict) and not value._is_none():
            yield from _in_both(value, default, f"{above}{key}.")
        elif isinstance(value, Node) and default not in (_MISSING, _plain(value)):
            yield f"{above}{key}"


def _plain(value: Node) -> Any:
    """Return what stands in a node, interpolations as they are."""
    return OmegaConf.to_container(value) if isinstance(value, Container) else value._value()


class _Others:
    """The application's own configs: those that can be its primary one, and what their defaults lists lead to."""

    def __init__(self, repository: ConfigRepository) -> None:
        self._repository = repository
        self._primary = repository.get_group_options("")

    def have_key(self, key: str) -> bool:
        """Return whether one that can be the primary config has a key at its top."""
        configs = [result.config for result in map(self._loaded, self._primary) if result is not None]
        # A key whose value is missing is one, too: only among the keys it is seen.
        return any(key in set(config.keys()) for config in configs if isinstance(config, DictConfig))

    def name_in_defaults(self, group: str) -> bool:
        """Return whether a defaults list that can be reached has a group."""
        return any(
            isinstance(default, GroupDefault) and default.get_group_path() == group
            for path in self._reached()
            for default, _ in self._defaults(path)
        )

    def behind_self(self, group: str) -> Iterator[tuple[str, str, DictConfig]]:
        """Return each config with a group behind `_self_`, the package of the group, and what is given there."""
        for path in self._reached():
            for default, is_behind in self._defaults(path):
                if not isinstance(default, GroupDefault) or default.get_group_path() != group or not is_behind:
                    continue
                package = default.package or _PACKAGES.get(group, group)
                loaded = None if default.override else self._loaded(path)
                given = OmegaConf.select(loaded.config, package) if loaded is not None else None
                if isinstance(given, DictConfig):
                    yield path, package, given

    def _reached(self) -> Iterator[str]:
        """Return every config that a defaults list can lead to."""
        waiting = list(self._primary)
        seen = set(waiting)
        while waiting:
            path = waiting.pop()
            yield path
            new = {new for default, _ in self._defaults(path) for new in self._paths(default)} - seen
            seen |= new
            waiting += new

    def _loaded(self, path: str) -> ConfigResult | None:
        try:
            return self._repository.load_config(path)
        except Exception:  # noqa: BLE001 - a file may be none of Hydra's; whoever names it is told
            return None

    def _defaults(self, path: str) -> Iterator[tuple[InputDefault, bool]]:
        """Return the defaults list of a config, in which each knows where it stands, and whether behind `_self_`."""
        loaded = self._loaded(path)
        is_behind = False
        for default in (loaded.defaults_list or ()) if loaded is not None else ():
            if default.is_self():
                is_behind = True
            else:
                default.update_parent(path.rpartition("/")[0], "")
                yield default, is_behind

    def _paths(self, default: InputDefault) -> list[str]:
        """Return the configs that may stand in a place of a defaults list: each of a group, as any may be chosen."""
        if isinstance(default, ConfigDefault):
            return [default.get_config_path()]
        group = default.get_group_path()
        ours_or_hydras = group in _KINDS or group.partition("/")[0] == "hydra"
        return [] if ours_or_hydras else [f"{group}/{name}" for name in self._repository.get_group_options(group)]
