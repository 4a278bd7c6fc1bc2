"""Subcommands that other distributions add."""

from __future__ import annotations

import click

from optim_core import registry
from optim_core.cli.group import OWN_COMMANDS
from optim_core.discovery import Claim
from optim_core.errors import DuplicatePluginError, IncompatiblePluginError, PluginError, PluginLoadError
from optim_core.loading import load_target

__all__ = ["claimed_names", "clash", "plugin_command"]


def claimed_names() -> list[str]:
    """The names of the subcommands that other distributions offer, sorted."""
    return sorted({claim.name for claim in registry.commands()})


def plugin_command(name: str) -> click.Command | None:
    """The subcommand `name`; where it is broken, one that says so; None where nothing offers it."""
    claims = [claim for claim in registry.commands() if claim.name == name]
    if not claims:
        return None
    try:
        return _load(claims)
    except PluginError as error:
        return _Broken(name, error)


def clash(name: str, claims: list[Claim]) -> str | None:
    """Why a name that these claim means no single command, None where it does."""
    first = claims[0]
    without = f"leave one out: OPTIM_CORE_BLOCK={first.distribution}:{name}"
    if name in OWN_COMMANDS:
        return (
            f"{first.label} offers a command `{name}`, which is one of optim's own; it cannot be used under that name"
        )
    if len({claim.plugin for claim in claims}) > 1:
        owners = " and ".join(dict.fromkeys(claim.label for claim in claims))
        return f"{owners} both offer the command `{name}`; {without}"
    return None


def _load(claims: list[Claim]) -> click.Command:
    """The command that these entry points of one name mean.

    Raises:
        PluginError: there is not exactly one, or it is broken or incompatible.
    """
    first = claims[0]
    owner = {"distribution": first.distribution, "version": first.version}
    several = clash(first.name, claims)
    if several is not None:
        raise DuplicatePluginError(several, **owner)
    problem = first.source.incompatibility if first.source else None
    if problem is not None:
        raise IncompatiblePluginError(f"the command `{first.name}` of {first.label} cannot be used: {problem}", **owner)
    target = load_target(first)
    if not isinstance(target, click.Command):
        found = f"it names a {type(target).__name__}, which is no click command"
        raise PluginLoadError(f"{first.label} cannot provide `{first.entry_point}`: {found}", **owner)
    return target


class _Broken(click.Command):
    """Stands for a subcommand that cannot be had."""

    def __init__(self, name: str, error: PluginError) -> None:
        owner = f", from {error.distribution}" if error.distribution else ""
        super().__init__(name, help=f"(broken{owner}: see `optim doctor`)", add_help_option=False)
        self._error = error

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        raise self._error
