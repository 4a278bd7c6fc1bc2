"""`optim schema`: JSON Schema of what is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from optim_core import registry
from optim_core.cli.completing import files
from optim_core.cli.output import can_say, say
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
    """Print the JSON Schema of a config, for editors.

    With it they complete types and fields, explain them, and underline what is wrong. It describes exactly the plugins
    that are installed: optim schema -o optim.schema.json
    """
    schema = registry.schema()
    if output is None:
        text = _shown(schema, ensure_ascii=False)
        say(text if can_say(text) else _shown(schema, ensure_ascii=True))
        return
    # Over a megabyte, which nobody reads: without the blanks that would double it.
    write_file(f"{json.dumps(schema, ensure_ascii=False, separators=(',', ':'))}\n".encode(), output)
    name = visible(Path(output).name)
    say(f"wrote {visible(output)}")
    say("for one config beside it, as its first line:")
    say(f"    # yaml-language-server: $schema={name}")
    say("for all of a folder, in .vscode/settings.json:")
    say(f'    "yaml.schemas": {{{json.dumps(visible(output))}: ["configs/*.yaml"]}}')


def _shown(schema: dict[str, Any], *, ensure_ascii: bool) -> str:
    """Return a schema as JSON with a line for each definition; to indent each value takes Python four times as long."""
    outside = {key: value for key, value in schema.items() if key != "$defs"}
    definitions = ",\n".join(
        f"    {json.dumps(name)}: {json.dumps(definition, ensure_ascii=ensure_ascii)}"
        for name, definition in schema["$defs"].items()
    )
    begin = json.dumps(outside, indent=2, ensure_ascii=ensure_ascii).removesuffix("\n}")
    return f'{begin},\n  "$defs": {{\n{definitions}\n  }}\n}}'
