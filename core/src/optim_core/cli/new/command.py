"""The command."""

from __future__ import annotations

from pathlib import Path

import click

from optim_core import registry
from optim_core.cli.new.distribution import LICENSES, License, distribution_files
from optim_core.cli.new.plugin_names import PluginNames, names_for
from optim_core.cli.new.written_folder import write_folder
from optim_core.cli.output import say
from optim_core.discovery import KINDS, Kind

__all__ = ["command"]


@click.command(name="new")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default="optimizer", show_default=True)
@click.option("--directory", metavar="DIR", help="The folder to write; by default ./ and the distribution's name.")
@click.option("--license", "license_name", type=click.Choice(LICENSES), default=LICENSES[0], show_default=True)
def command(name: str, kind: Kind, directory: str | None, license_name: License) -> None:
    """Write a new plugin, ready to build and publish.

    NAME is that of the distribution or of the class, sign-sgd or SignSGD. What is written is a whole distribution: a
    plugin that works and does something simple, and a test that runs the conformance kit.
    """
    names = names_for(name)
    folder = Path(names.distribution if directory is None else directory)
    files = distribution_files(names, kind, license_name)
    write_folder(folder, files)
    _tell(folder, list(files), names, kind)


def _tell(folder: Path, files: list[str], names: PluginNames, kind: Kind) -> None:
    say(f"{folder}: {names.distribution}, with the {kind} {names.plugin}")
    for file in sorted(files):
        say(f"    {file}")
    place = folder if folder.is_absolute() else f"./{folder.as_posix()}"
    say(f"""
Next:
    pip install -e {place} pytest
    optim show {names.plugin}
    pytest {place}""")
    if registry.knows(kind, names.plugin):
        say(
            f"\n{names.plugin} is the name of an installed {kind} already. Where both are installed, a config has to "
            f"say `{names.distribution}:{names.plugin}`.",
            err=True,
        )
