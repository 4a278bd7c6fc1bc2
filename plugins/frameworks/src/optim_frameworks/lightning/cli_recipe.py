"""What a command line says of a recipe: a file or a mapping, and single values that stand in place of its own."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from optim_core import ConfigError, OptimError, Problem, Recipe, Registry
from optim_core import registry as default_registry
from optim_core.plugin_tools import OVERRIDE, listing, read_section

__all__ = [
    "OPTION",
    "SET",
    "as_given",
    "as_overrides",
    "as_typed",
    "is_file",
    "located",
    "recipe_from",
    "tell_of_loss",
    "told_by_option",
]

OPTION = "--optimization"
SET = f"{OPTION}.set"

# A mapping in a config file may name the file of the recipe, and what differs from it.
_FILE, _SET = "file", "set"


def recipe_from(config: Any, overrides: Iterable[str] = (), *, registry: Registry | None = None) -> Recipe:
    """Return the recipe that a command line asks for, with the values that it replaces.

    It is for the programs that parse their options themselves; `RecipeCLI` calls it too. Values are replaced one by
    one, so that ``optimizer.type=Adam`` leaves the rate of the file where it is.

    Args:
        config: the path of a file; a mapping, a namespace or a DictConfig; ``{"file": …, "set": […]}``; or None, where
            the overrides say all.
        overrides: a list of ``PATH=VALUE``, such as ``optimizer.config.lr=3e-4``.
        registry: that of the plugins, `optim_core.registry` by default.

    Raises:
        ConfigError: with all that is wrong, by file and line.

    Example:
        >>> from optim_frameworks.lightning import recipe_from
        >>> with open("adamw.yaml", "w") as file:
        ...     _ = file.write("optimizer: {type: AdamW, config: {lr: 3e-4, betas: [0.9, 0.95]}}")
        >>> recipe_from("adamw.yaml", ["optimizer.type=Adam", "optimizer.config.lr=0.001"]).optimizer.config.betas
        (0.9, 0.95)
    """
    found = default_registry if registry is None else registry
    overrides = [overrides] if isinstance(overrides, str) else list(overrides)
    if isinstance(config, Recipe):
        if not overrides:
            return config
        config = found.to_config(config)
    config, own = _divided(_plain(config))
    return found.recipe(config, overrides=[*own, *overrides])


def _plain(config: Any) -> Any:
    """Return a namespace of argparse or jsonargparse as a mapping, and anything else as it is."""
    if config is None:
        return {}
    if callable(getattr(config, "as_dict", None)):
        return config.as_dict()
    return dict(vars(config)) if type(config).__name__ == "Namespace" else config


def _divided(config: Any) -> tuple[Any, list[str]]:
    """Return what a recipe is read from, and the overrides that stand in a config file beside it."""
    if not isinstance(config, Mapping) or not {_FILE, _SET} & set(config):
        return config, []
    own = config.get(_SET) or []
    rest = {key: value for key, value in config.items() if key not in (_FILE, _SET)}
    if _FILE not in config:
        return config.with_value(rest) if hasattr(config, "with_value") else rest, as_overrides(own) or []
    if rest:
        message = f"the recipe is that of the file, and {listing(list(rest))} stand{'s' * (len(rest) == 1)} beside it"
        hint = f"write what differs as a list below `{_SET}`: [optimizer.config.lr=3e-4]"
        raise ConfigError([Problem(path=_FILE, message=message, hint=hint)])
    return config[_FILE], as_overrides(own) or []


def told_by_option(error: OptimError, option: str) -> OptimError:
    """Return an error in which overrides are called by the option that the user typed."""
    if not isinstance(error, ConfigError):
        return error
    problems = [attrs.evolve(each, file=option) if each.file == OVERRIDE else each for each in error.problems]
    return type(error)(problems)


# -- what the option is given --------------------------------------------------------------------------------------


def as_given(value: Any) -> Any:
    """Return what ``--optimization`` or a config file holds as plain data: None, a path, or a mapping.

    Where a config file is being read, a path begins in its folder.
    """
    if isinstance(value, Recipe):
        return default_registry.to_config(value)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("{"):
            return as_given(_inline(text))
        return None if text == "null" else _from_here(value)
    value = None if value is None else _plain(value)
    if isinstance(value, dict) and isinstance(value.get(_FILE), str):
        return {**value, _FILE: _from_here(value[_FILE])}
    return value


def as_overrides(value: Any) -> list[str] | None:
    """Return one override, a list of them, or the text of a list, as a list."""
    if isinstance(value, str):
        listed = _inline(value) if value.lstrip().startswith("[") else [value]
        return as_overrides(listed)
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise OptimError(f"{SET} takes PATH=VALUE, or a list of such texts, not {value!r:.60}")
    return list(value)


def _inline(text: str) -> Any:
    import yaml

    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise OptimError(f"{text!r:.60} is neither a path nor a mapping in YAML: {reason}") from None


def _from_here(path: str) -> str:
    # While jsonargparse reads a config file, the folder of that is the current one.
    return str(Path(path).expanduser().absolute())


def as_typed(path: str) -> str:
    """Return a path as it is read best: from the current folder, where it lies below that."""
    near = os.path.relpath(path)
    return path if near.startswith("..") else near


# -- where it stands -----------------------------------------------------------------------------------------------


def located(given: Any, places: Sequence[tuple[str, Sequence[str]]]) -> Any:
    """Return what was given, with the lines of the config file that it comes from, or its path as it is read best.

    Args:
        given: what `as_given` returned.
        places: files, and the keys that lead to the recipe in each; the last counts.
    """
    if isinstance(given, str):
        return as_typed(given)
    if not isinstance(given, dict):
        return given
    if isinstance(given.get(_FILE), str):
        return {**given, _FILE: as_typed(given[_FILE])}
    for file, keys in reversed(places):
        section = read_section(file, keys)
        if section is not None:
            # What another reader made of the same text, such as a reference that is resolved, is what counts.
            return section.with_value(given) if set(_paths(section)) == set(_paths(given)) else given
    return given


def tell_of_loss(given: Any, earlier: Iterable[Any]) -> None:
    """Warn where a mapping of a config file stands in place of an earlier recipe, and holds less."""
    if not isinstance(given, dict):
        return
    for other in earlier:
        if isinstance(other, dict) and _FILE not in other:
            lost = [path for path in _paths(other) if path not in set(_paths(given))]
            gone = f"that of an earlier one, of which {listing(lost[:5])} {'is' if len(lost) == 1 else 'are'} gone"
        else:
            lost = [""]
            gone = f"the recipe of {as_typed(other if isinstance(other, str) else other[_FILE])}"
        if lost:
            warnings.warn(
                f"`optimization` of a config file stands in place of {gone}; to change single values, "
                f"write {SET} PATH=VALUE",
                UserWarning,
                stacklevel=2,
            )


def _paths(value: Any, above: str = "") -> Iterator[str]:
    """Yield the path of every value in a mapping that is none itself."""
    for key, inner in value.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(inner, dict):
            yield from _paths(inner, path)
        else:
            yield path


def is_file(path: str) -> bool:
    """Tell whether a config file can be read again."""
    return Path(path).is_file()
