"""`optim resolve`: a config in its canonical form, with every default."""

from __future__ import annotations

import click

from optim_core import registry
from optim_core.cli.completing import files, set_option
from optim_core.cli.config_text import format_for, format_names, print_config, write_config
from optim_core.cli.replacing import refuse_to_lose_comments

__all__ = ["command"]


@click.command(name="resolve")
@click.argument("file", metavar="FILE", shell_complete=files)
@set_option
@click.option(
    "--format", "name", type=click.Choice(format_names()), help="By default that of the file to write, else yaml."
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=files,
    help="Write to this file, which may be the one that is read.",
)
@click.option("--drop-comments", is_flag=True, help="Replace FILE, also where it has comments, which are lost.")
def command(
    file: str, overrides: tuple[str, ...], name: str | None, output: str | None, *, drop_comments: bool
) -> None:
    """Print a config in canonical form with every default.

    What is printed builds the same again, whatever the defaults of later versions are. TOML has no null: there, entries
    that are null are left out.
    """
    if output is None:
        print_config(registry.to_config(registry.build(file, overrides=overrides)), name or "yaml")
        return
    if not drop_comments:
        refuse_to_lose_comments(file, output)
    name = format_for(output, name)
    write_config(registry.to_config(registry.build(file, overrides=overrides)), output, name)
