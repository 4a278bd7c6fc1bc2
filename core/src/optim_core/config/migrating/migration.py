"""Migration: what a config of any form or project says as a canonical config, and what is to be said of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from optim_core.config.document import Document
from optim_core.errors import ConfigError, Problem
from optim_core.text.names import normalise

if TYPE_CHECKING:
    from optim_core.config.migrating.origins import Origin
    from optim_core.config.migrating.source import PluginAt

__all__ = ["OWN", "Migration", "migration", "python_document", "wanted_origin"]

OWN = "optim-core"
"""What stands for a config of ours."""

# Returns a config of ours in canonical form.
Own = Callable[[Document], dict[str, Any]]


@attrs.frozen(kw_only=True)
class Migration:
    """A canonical config, and what is to be said of how it was found.

    Args:
        config: the canonical config, without defaults.
        origin: whose config it was, as ``optim migrate --from`` takes it; "optim-core" for one of ours.
        title: the same in words.
        found: whether the origin was found out from the config's keys.
        assumed: what the recipe has and the config has not, each with the reason: the other project's defaults.
        left_out: the paths of what a recipe has no place for, such as the settings of a training loop.
        warnings: what among that speaks of a recipe all the same, and what to do about it.

    Example:
        >>> from optim_core import registry
        >>> found = registry.migration({"optimizer": {"type": "Adam", "args": {"lr": 0.1}}, "trainer": {"epochs": 9}})
        >>> found.left_out
        ('trainer',)
    """

    config: dict[str, Any]
    origin: str
    title: str = "a config of optim-core"
    found: bool = False
    assumed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def migration(document: Document, origin: str | None, own: Own, plugin_at: PluginAt) -> Migration:
    """Return what a config says as a canonical one.

    Args:
        document: the config.
        origin: whose it is; None finds it out.
        own: reads a config of ours.
        plugin_at: what the class of a dotted name is, where that is a plugin class.

    Raises:
        ConfigError: it is wrong, something in it has no equal, or it is not sure whose it is.
        OptimError: there is no such origin.
    """
    wanted = wanted_origin(origin)
    if wanted is not None:
        return _translated(document, wanted, own, plugin_at, found=False)
    try:
        return Migration(config=own(document), origin=OWN)
    except ConfigError:
        if origin is not None:
            raise
        from optim_core.config.migrating.translating import found_origin

        of = found_origin(document)
        if of is None and is_python(document.file):
            message = "is Python, and what it assigns at its top level is no config of optim-core's or nanoGPT's"
            raise ConfigError([Problem(path="", message=message, file=document.file)]) from None
        if of is None:
            raise
    return _translated(document, of, own, plugin_at, found=True)


def wanted_origin(origin: str | None) -> Origin | None:
    """Return the project of this name, None for ours and where none is named.

    Raises:
        OptimError: there is no such origin.
    """
    if origin is None or normalise(origin) == normalise(OWN):
        return None
    from optim_core.config.migrating.translating import named_origin

    return named_origin(origin)


def _translated(document: Document, origin: Origin, own: Own, plugin_at: PluginAt, *, found: bool) -> Migration:
    from optim_core.config.migrating.translating import translate

    read = translate(document, origin, plugin_at)
    try:
        config = own(read.document)
    except ConfigError as error:
        # What is wrong is told where its author wrote it, with what may be written there.
        raise type(error)(
            attrs.evolve(
                each,
                path=read.path_of(each.path),
                hint="; ".join(filter(None, (each.hint, read.instead.get(each.path)))) or None,
            )
            for each in error.problems
        ) from error
    return Migration(
        config=config,
        origin=origin.name,
        title=origin.title,
        found=found,
        assumed=read.assumed,
        left_out=read.left_out,
        warnings=read.unread,
    )


def is_python(file: Any) -> bool:
    """Tell whether a path is that of a file of Python."""
    return isinstance(file, (str, os.PathLike)) and Path(file).suffix.lower() == ".py"


def python_document(config: Any) -> Document | None:
    """Return what a file of Python holds, read and not run; None where a config is no such file."""
    if not is_python(config):
        return None
    from optim_core.config.migrating.python_literals import load_literals

    return load_literals(Path(config))
