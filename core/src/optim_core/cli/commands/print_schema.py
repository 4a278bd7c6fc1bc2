"""`optim schema`: JSON Schema of what is installed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from optim_core import registry
from optim_core.cli.completing import files
from optim_core.cli.output import print_json, say
from optim_core.cli.writing import write_file
from optim_core.plugin_tools import visible

__all__ = ["command"]


@click.command(name="schema")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=files,
    help="Write to this file, and say how an editor is told of it.",
)
def command(output: str | None) -> None:
    """Print the JSON Schema of a config, for editors that complete, explain and underline.

    It describes exactly the plugins that are installed: optim schema -o optim.schema.json
    """
    schema = registry.schema()
    if output is None:
        print_json(schema)
        return
    # Over a megabyte, which nobody reads: without the blanks that would double it.
    write_file(f"{json.dumps(schema, ensure_ascii=False, separators=(',', ':'))}\n".encode(), output)
    name = visible(Path(output).name)
    say(f"wrote {visible(output)}")
    say("for one config beside it, as its first line:")
    say(f"    # yaml-language-server: $schema={name}")
    say("for all of a folder, in .vscode/settings.json:")
    say(f'    "yaml.schemas": {{{json.dumps(visible(output))}: ["configs/*.yaml"]}}')
