"""Subcommands that other distributions add."""

from __future__ import annotations

import click

from optim_core import ExtensionRecord, PluginError, registry
from optim_core.cli.own_commands import OWN_COMMANDS

__all__ = ["claimed_names", "plugin_command", "shadowed"]


def claimed_names() -> list[str]:
    """Return the names of the subcommands that other distributions offer and that are not blocked, sorted."""
    return sorted({record.name for record in registry.commands() if record.state != "blocked"})


def plugin_command(name: str) -> click.Command | None:
    """Return the subcommand `name`; where it cannot be used, one that says so; None where nothing offers it."""
    try:
        return registry.command(name)
    except PluginError as error:
        return _Broken(name, error)


def shadowed(record: ExtensionRecord) -> str | None:
    """Return why a subcommand cannot be used under its own name although it works, None where it can."""
    if record.name not in OWN_COMMANDS:
        return None
    owner = f"{record.distribution} {record.version or ''}".rstrip()
    return (
        f"{owner} offers a command `{record.name}`, which is one of optim's own; "
        f"it can be used as `optim {record.distribution}:{record.name}`"
    )


class _Broken(click.Command):
    """Stands for a subcommand that cannot be had."""

    def __init__(self, name: str, error: PluginError) -> None:
        owner = f", from {error.distribution}" if error.distribution else ""
        super().__init__(name, help=f"(broken{owner}: see `optim doctor`)", add_help_option=False)
        self._error = error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        raise self._error
