"""The group of subcommands: ours, each imported when it is used, and those of the entry points optim_core.commands."""

from __future__ import annotations

import errno
import gc
import os
import platform
import warnings
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import click

from optim_core import __version__
from optim_core.cli.output import own_output, say
from optim_core.cli.own_commands import OWN_COMMANDS
from optim_core.errors import ConfigError, ConfigWarning, OptimError

__all__ = ["cli"]


class LazyGroup(click.Group):
    """A group that imports the module of the one subcommand that runs; `--help` imports all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from optim_core.cli.plugin_commands import claimed_names

        return [*OWN_COMMANDS, *(name for name in claimed_names() if name not in OWN_COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = OWN_COMMANDS.get(cmd_name)
        if module is not None:
            command: click.Command = import_module(f"optim_core.cli.{module}").command
            if not hasattr(command.callback, "__wrapped__") and command.callback is not None:
                command.callback = _with_own_output(command.callback)
            return command
        from optim_core.cli.plugin_commands import plugin_command

        # The commands of others may run for days, and then there is garbage.
        gc.enable()
        return plugin_command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Do as click does, and where there is no such subcommand name the extra that brings it, or the one meant.

        Raises:
            click.UsageError: there is no such subcommand.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchOption:
            raise
        except click.UsageError as error:
            raise click.UsageError(self._instead_of(ctx, args[0]) or error.message, ctx) from error

    def _instead_of(self, ctx: click.Context, name: str) -> str | None:
        """Return what to say where there is no subcommand `name`, None where nothing is known that might be meant."""
        from optim_core import registry
        from optim_core.plugin_tools import KINDS, commands_of_extras, format_of, install_line, nearest

        extras = commands_of_extras()
        if name in extras:
            return f"optim {name} comes with: {install_line(extras[name])}"
        if os.path.exists(name) or format_of(name) is not None:  # noqa: PTH110 - a string, which may be no path
            near: str | None = f"optim validate {name}"
        elif any(registry.knows(kind, name) for kind in KINDS):
            near = f"optim show {name}"
        else:
            near = nearest(name, [*self.list_commands(ctx), *extras])
        return near and f"No such command {name!r}.\n    did you mean `{near}`?"

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run as click does, without a traceback for what optim-core raises on purpose."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _warn
                return super().main(*args, **kwargs)
        except ConfigError as error:
            from optim_core.cli.excerpts import render

            say(render(error.problems), err=True)
        except OptimError as error:
            say(f"optim: {error}", err=True)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            say(f"optim: what it says cannot be written: {error.strerror}", err=True)
        raise SystemExit(1)


def _with_own_output(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def run(*args: Any, **kwargs: Any) -> Any:
        with own_output():
            return callback(*args, **kwargs)

    return run


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print each thing that a warning tells, without the place in the sources that nobody at a terminal looks at."""
    for told in message.problems if isinstance(message, ConfigWarning) else (message,):
        say(f"warning: {told}", err=True)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message=f"optim-core {__version__} (python {platform.python_version()})")
def cli() -> None:
    """Optimizers, learning-rate schedules and gradient clipping, as plugins and configs.

    A config file is checked and explained here without importing torch; nothing is trained.
    """
