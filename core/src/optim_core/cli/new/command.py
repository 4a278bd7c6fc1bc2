"""The command `optim new`."""

from __future__ import annotations

from pathlib import Path

import click

from optim_core import PluginRecord, registry
from optim_core.cli.new.distribution import LICENSES, TEMPLATES, TEST_NEEDS, License, distribution_files
from optim_core.cli.new.plugin_names import PluginNames, names_for
from optim_core.cli.output import say
from optim_core.cli.writing import write_folder
from optim_core.plugin_tools import Kind, normalise

__all__ = ["command"]


@click.command(name="new")
@click.argument("name")
@click.option("--kind", type=click.Choice(list(TEMPLATES)), default="optimizer", show_default=True)
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
    # A shell may take brackets for a pattern of file names.
    needed = " ".join(f"'{need}'" if "[" in need else need for need in TEST_NEEDS)
    say(f"""
Next:
    pip install -e {place} {needed}
    optim show {names.plugin}
    pytest {place}""")
    others = _of_that_name(kind, names.plugin)
    if others:
        say(f"\n{_way_to_both(others, names, kind)}", err=True)


def _of_that_name(kind: Kind, plugin: str) -> list[PluginRecord]:
    """Return the installed plugins that answer to the new one's name, those with entry points of their own first."""
    if not registry.knows(kind, plugin):
        return []
    usable = [record for record in registry.plugins(kind) if record.state != "blocked"]
    found = [record for record in usable if normalise(record.name) == normalise(plugin)]
    return sorted(found, key=lambda record: record.provider is not None)


def _way_to_both(others: list[PluginRecord], names: PluginNames, kind: Kind) -> str:
    said = f"{names.plugin} is the name of an installed {kind} already"
    first = others[0]
    if first.provider is None:
        return f"{said}. Where both are installed, a config has to say `{names.distribution}:{names.plugin}`."
    return (
        f"{said}, that of the provider {first.provider}. Where both are installed, `{names.plugin}` is the new one, "
        f"and the other is `{first.provider}:{first.name}`."
    )
