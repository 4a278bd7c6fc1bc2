"""`optim migrate`: a config of any accepted form in the canonical one."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import click

from optim_core import UnusedConfigWarning, registry
from optim_core.cli.config_text import format_for, format_names, print_config, write_config
from optim_core.cli.output import say
from optim_core.cli.unused import unused_note
from optim_core.plugin_tools import format_of

__all__ = ["command"]


@click.command(name="migrate")
@click.argument("file", metavar="FILE")
@click.option(
    "--format", "name", type=click.Choice(format_names()), help="By default that of the file to write, else of FILE."
)
@click.option("-o", "--output", metavar="FILE", help="Write to this file, which may be the one that is read.")
def command(file: str, name: str | None, output: str | None) -> None:
    """Print a config in canonical form, without defaults.

    It says what FILE says. Any form that `optim validate` accepts may be migrated. What is not carried over is said on
    standard error.
    """
    config = registry.migrate(file)
    with warnings.catch_warnings():
        # What nothing reads has been told once.
        warnings.simplefilter("ignore", UnusedConfigWarning)
        note = unused_note(registry.build(file))
    if output is None:
        print_config(config, name or format_for(file, None))
    else:
        write_config(config, output, format_for(output, name))
    if note:
        say(note, err=True)
    if _has_comments(file):
        say("    comments are not carried over", err=True)


def _has_comments(file: str) -> bool:
    """Tell whether what begins a comment in the file's format begins a word in it."""
    read = format_of(file)
    if read is None or read.comment is None:
        return False
    text = Path(file).read_text(encoding="utf-8-sig")
    return re.search(rf"(^|\s){re.escape(read.comment)}", text, re.MULTILINE) is not None
