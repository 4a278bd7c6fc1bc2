"""PluginRecord, ExtensionRecord, Fault: what is known of plugins, or wrong with distributions, without an import."""

from __future__ import annotations

from typing import Literal

import attrs

from optim_core.discovery.claims import IN_THIS_PROCESS
from optim_core.kinds import Kind

__all__ = ["IN_THIS_PROCESS", "ExtensionRecord", "Fault", "PluginRecord", "State"]

State = Literal["ok", "broken", "blocked", "ambiguous", "incompatible"]


@attrs.frozen(kw_only=True)
class PluginRecord:
    """What is known about one plugin without importing it. All of it can be printed: odd characters are escaped.

    Args:
        name: the name that a config uses: with the provider in front where an entry point wins the plain name.
        kind: "optimizer", "scheduler" or "clipper".
        distribution: the distribution that offers it; "this process" for `Registry.register`.
        version: its version, None where it has none or it cannot be read.
        target: ``module:Class``, as the entry point says.
        state: "ok", or why the name cannot be used. A plugin that breaks when it is imported is "ok" until then.
        error: what is wrong and the repair, None where the state is "ok".
        alias_of: the name under which specs show it, where this is another name for the same class.
        provider: the provider that offers it, None for a plugin with an entry point of its own.

    Example:
        >>> from optim_core import registry
        >>> record = next(record for record in registry.optimizers.plugins() if record.name == "AdamW")
        >>> record.distribution, record.state
        ('optim-torch-builtin', 'ok')
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


@attrs.frozen(kw_only=True)
class ExtensionRecord:
    """What is known, without importing it, about an entry point that is no plugin. All of it can be printed.

    Args:
        name: the name of the provider, or of the subcommand of `optim`.
        kind: "provider" or "command".
        distribution: the distribution that offers it.
        version: its version, None where it cannot be read.
        target: ``module:attribute``, as the entry point says.
        state: "ok", or why it cannot be used.
        error: what is wrong and the repair, None where the state is "ok".

    Example:
        >>> from optim_core import registry
        >>> {record.name: record.kind for record in registry.commands()}["conformance"]
        'command'
    """

    name: str
    kind: Literal["provider", "command"]
    distribution: str
    version: str | None
    target: str
    state: State = "ok"
    error: str | None = None


@attrs.frozen
class Fault:
    """A distribution or folder that could not be read, or a distribution that another one hides.

    Args:
        distribution: its name, as its folder gives it where nothing better can be read.
        message: what is wrong, and the repair.
        location: its metadata folder.
        state: "broken", "hidden" by another distribution, a "setting" that means nothing installed, or "empty", a
            provider that offers nothing.

    Example:
        >>> from optim_core import Registry
        >>> Registry(block=["no-such-distribution"]).faults()[0].message
        'block lists `no-such-distribution`, which means nothing that is installed'
    """

    distribution: str
    message: str
    location: str
    state: Literal["broken", "hidden", "setting", "empty"] = "broken"
