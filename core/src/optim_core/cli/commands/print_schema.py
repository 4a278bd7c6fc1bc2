"""`optim schema`: JSON Schema of what is installed."""

from __future__ import annotations

import click

from optim_core import registry
from optim_core.cli.output import print_json

__all__ = ["command"]


@click.command(name="schema")
def command() -> None:
    """Print the JSON Schema of a config, for editors.

    It describes exactly the plugins that are installed: optim schema > optim.schema.json
    """
    print_json(registry.schema())
