"""The exceptions of optim-core: data first, a sentence second, and the sentence holds the repair."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

__all__ = [
    "BlockedPluginError",
    "CheckpointMismatchError",
    "ConfigError",
    "DuplicatePluginError",
    "HorizonError",
    "IncompatiblePluginError",
    "MissingTypeError",
    "OptimError",
    "ParamGroupError",
    "PluginError",
    "PluginLoadError",
    "Problem",
    "UnknownNameError",
    "UnknownTypeError",
]


@attrs.frozen(kw_only=True)
class Problem:
    """One thing that is wrong with a config.

    Args:
        path: where in the config, as the user wrote it: ``optimizer.config.betas[1]``; "" is the whole config.
        message: what is wrong there.
        hint: the repair, where one is known.
        file: the file that holds the config, None for a mapping.
        line: 1-based line in that file.
        column: 1-based column in that line.
    """

    path: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        return f"{text}\n    {self.hint}" if self.hint else text


class OptimError(Exception):
    """The base of everything that optim-core raises on purpose."""


class ConfigError(OptimError, ValueError):
    """A config is wrong; `problems` lists everything that is wrong with it, in the order of the config."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __str__(self) -> str:
        # KeyError, a base of some subclasses, would show the repr of the message.
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


class MissingTypeError(ConfigError, KeyError):
    """A component of a config has no `type`."""


class UnknownTypeError(ConfigError, AttributeError):
    """A config names a type that nothing installed provides."""

    # AttributeError would carry its own `name` and `obj` through pickle; the problems are all there is.
    __getstate__ = object.__getstate__


class UnknownNameError(UnknownTypeError, KeyError):
    """A catalog was indexed with a name that it does not have."""


class PluginError(OptimError):
    """Something is wrong with a plugin rather than with the config.

    Args:
        message: what is wrong, and the repair.
        distribution: the distribution that offers the plugin, None where there is none.
        version: its version, None where it cannot be read.
    """

    def __init__(self, message: str, *, distribution: str | None = None, version: str | None = None) -> None:
        super().__init__(message)
        self.distribution = distribution
        self.version = version

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild_plugin_error, (type(self), str(self), self.distribution, self.version)


def _rebuild_plugin_error(
    cls: type[PluginError], message: str, distribution: str | None, version: str | None
) -> PluginError:
    return cls(message, distribution=distribution, version=version)


class PluginLoadError(PluginError):
    """A plugin cannot be imported, or what its entry point names is not a plugin class."""


class DuplicatePluginError(PluginError):
    """Several distributions claim the name that a config uses."""


class IncompatiblePluginError(PluginError):
    """A plugin's distribution does not admit the installed version of optim-core."""


class BlockedPluginError(PluginError):
    """A config names a plugin that `allow` or `block` keeps out."""


class ParamGroupError(OptimError, ValueError):
    """The parameters do not fit what the config or the caller says about them."""


class CheckpointMismatchError(OptimError, ValueError):
    """A saved state does not fit the objects that it is loaded into."""


class HorizonError(OptimError, ValueError):
    """A schedule needs a length that the caller did not give."""
