"""`optim completion`: what a shell has to read to complete the command."""

from __future__ import annotations

import click

from optim_core.cli.completing import SHELLS
from optim_core.cli.output import say

__all__ = ["command"]


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    r"""Print what a shell reads to complete optim.

    It completes commands, options, files, the names of plugins, and what --set changes. For each new shell, by the file
    that it reads at its start:

    \b
    ~/.bashrc                    eval "$(optim completion bash)"
    ~/.zshrc, after compinit     eval "$(optim completion zsh)"
    ~/.config/fish/config.fish   optim completion fish | source
    """
    say(SHELLS[shell](ctx.find_root().command, {}, "optim", "_OPTIM_COMPLETE").source().rstrip("\n"))
