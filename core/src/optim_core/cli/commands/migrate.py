"""`optim migrate`: a config of any accepted form, or of another project, in the canonical one."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import click

from optim_core import UnusedConfigWarning, registry
from optim_core.cli.completing import files
from optim_core.cli.config_text import format_for, format_names, print_config, write_config
from optim_core.cli.output import say
from optim_core.cli.replacing import is_one_file, refuse_to_lose_comments
from optim_core.cli.unused import unused_note
from optim_core.plugin_tools import (
    commands_of_extras,
    format_of,
    has_comments,
    install_line,
    listing,
    origins,
    read_config,
    visible,
)

__all__ = ["command"]

# What `--from` takes besides the names of projects.
LIST = "list"
# The subcommands of other distributions that read files of their own, which they also migrate.
MIGRATED_BY = {".ini": "train"}


def _list_origins(context: click.Context, _: click.Parameter, value: str | None) -> str | None:
    """Print what `--from` takes, where that is asked for."""
    if value != LIST:
        return value
    width = max(len(name) for name, _ in origins())
    for name, title in origins():
        say(f"{name.ljust(width)}  {title}")
    return context.exit()


@click.command(name="migrate")
@click.argument("file", metavar="FILE", shell_complete=files)
@click.option(
    "--from",
    "origin",
    metavar="ORIGIN",
    is_eager=True,
    callback=_list_origins,
    help="Whose config FILE is; by default its keys say so. `--from list` lists them.",
)
@click.option(
    "--format", "name", type=click.Choice(format_names()), help="By default that of the file to write, else of FILE."
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=files,
    help="Write to this file, which may be the one that is read.",
)
@click.option("--drop-comments", is_flag=True, help="Replace FILE, also where it has comments, which are lost.")
def command(file: str, origin: str | None, name: str | None, output: str | None, *, drop_comments: bool) -> None:
    """Print a config in canonical form, without defaults.

    It says what FILE says. Any form that `optim validate` accepts may be migrated, and configs of Hydra, Lightning,
    DeepSpeed, transformers and other projects. What is assumed, and what is not carried over, is said on standard
    error.
    """
    reader = MIGRATED_BY.get(Path(file).suffix.lower())
    if reader is not None:
        _write(_migrated_by(reader, file), file, name, output)
        if re.search(r"^\s*[#;]", Path(file).read_text(encoding="utf-8-sig"), re.MULTILINE):
            say("    comments are not carried over", err=True)
        return
    found = registry.migration(file, origin=origin)
    if output is not None and is_one_file(file, output) and found.config == read_config(file):
        say(f"{visible(file)}: is canonical already, and stays as it is", err=True)
        return
    if output is not None and not drop_comments:
        refuse_to_lose_comments(file, output)
    _write(found.config, file, name, output)
    if found.origin == "optim-core":
        with warnings.catch_warnings():
            # What nothing reads has been told once.
            warnings.simplefilter("ignore", UnusedConfigWarning)
            note = unused_note(registry.build(file))
        notes = [note] if note else []
    else:
        how = "; --from says otherwise" if found.found else ""
        notes = [f"read as {found.title} ({found.origin}{how})"]
        notes += [f"    assumed: {sentence}" for sentence in found.assumed]
        notes += [f"    left out: {listing(map(visible, found.left_out))}"] if found.left_out else []
        notes += [f"warning: {visible(sentence)}" for sentence in found.warnings]
    if has_comments(file):
        notes.append("    comments are not carried over")
    for note in notes:
        say(note, err=True)


def _migrated_by(reader: str, file: str) -> dict[str, Any]:
    """Return what a file says that a subcommand of another distribution reads, by the `migrate(file)` of that command.

    Raises:
        click.UsageError: it is not installed.
    """
    found = registry.command(reader)
    migrate = getattr(found, "migrate", None)
    if migrate is None:
        how = install_line(commands_of_extras().get(reader, reader))
        message = f"{visible(file)} holds the arguments of a command `optim {reader}`, which comes with: {how}"
        raise click.UsageError(message)
    migrated: dict[str, Any] = migrate(file)
    return migrated


def _write(config: dict[str, Any], file: str, name: str | None, output: str | None) -> None:
    if output is not None:
        write_config(config, output, format_for(output, name))
    elif name is not None or format_of(file) is None:
        # Python, which nanoGPT's configs are, is read and not written.
        print_config(config, name or "yaml")
    else:
        print_config(config, format_for(file, None))
