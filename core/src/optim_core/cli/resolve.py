"""`optim resolve`: a config in its canonical form, with every default."""

from __future__ import annotations

import click

from optim_core import registry
from optim_core.cli.output import print_json, say

__all__ = ["command"]


@click.command(name="resolve")
@click.argument("file", metavar="FILE")
@click.option("--set", "overrides", metavar="PATH=VALUE", multiple=True, help="Replace a value first; repeatable.")
@click.option("--format", "form", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
def command(file: str, overrides: tuple[str, ...], form: str) -> None:
    """Print a config in canonical form with every default.

    What is printed builds the same again, whatever the defaults of later versions are.
    """
    config = registry.to_config(registry.build(file, overrides=overrides))
    if form == "json":
        print_json(config)
        return
    from optim_core.cli.yaml_text import to_yaml

    say(to_yaml(config).rstrip("\n"))
