"""The command `optim new`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from optim_core import PluginRecord, registry
from optim_core.bridge import SeenClass, SeenKind, look_at
from optim_core.cli.new.distribution import (
    LICENSES,
    TEMPLATES,
    TEST_NEEDS,
    License,
    copied_module,
    distribution_files,
    wrapping_files,
)
from optim_core.cli.new.plugin_names import PluginNames, names_for
from optim_core.cli.output import say
from optim_core.cli.writing import write_folder
from optim_core.plugin_tools import Kind, listing, normalise

__all__ = ["command"]


@click.command(name="new")
@click.argument("name", required=False)
@click.option("--kind", type=click.Choice(list(TEMPLATES)), help="By default optimizer, or what --wrap names.")
@click.option(
    "--wrap", metavar="MODULE:CLASS", help="Write the plugin around this class, which is imported and tried for it."
)
@click.option("--class", "cls", metavar="CLASS", help="What its class is called; by default as the plugin.")
@click.option("--directory", metavar="DIR", help="The folder to write; by default ./ and the distribution's name.")
@click.option("--license", "license_name", type=click.Choice(LICENSES), default=LICENSES[0], show_default=True)
def command(
    name: str | None,
    kind: SeenKind | None,
    wrap: str | None,
    cls: str | None,
    directory: str | None,
    license_name: License,
) -> None:
    """Write a new plugin, ready to build and publish.

    NAME is that of the distribution or of the class, sign-sgd or SignSGD. What is written is a whole distribution: a
    plugin that works and does something simple, and a test that runs the conformance kit.

    With --wrap the plugin is around an optimizer, a schedule or a clipper that is there: its fields, their types,
    defaults and ranges are those of the class, and so is what it needs of the training loop. The class is imported, and
    torch with it, and made of values that are tried, in a process of its own. NAME may then be left out.
    """
    if wrap is None:
        if name is None:
            raise click.UsageError("say what it is to be called, NAME, or which class it is to wrap, --wrap")
        names = names_for(name, cls)
        written_kind: Kind = kind or "optimizer"
        files = distribution_files(names, written_kind, license_name)
        notes: list[str] = []
    else:
        if name is not None:
            # What cannot be is said before anything is imported.
            names = names_for(name, cls)
        seen = look_at(wrap, kind)
        names = names_for(f"optim-{seen.name.rpartition('.')[2]}" if name is None else name, cls)
        written_kind = seen.kind
        files = wrapping_files(names, seen, license_name)
        notes = list(_notes(seen, names))
    folder = Path(names.distribution if directory is None else directory)
    write_folder(folder, files)
    _tell(folder, list(files), names, written_kind, wraps=wrap is not None)
    for note in notes:
        say(f"\n{note}", err=True)


def _notes(seen: SeenClass, names: PluginNames) -> Iterator[str]:
    """Yield what is to be known of a plugin around this class."""
    if seen.example is None:
        required = listing(field.name for field in seen.fields if field.default is None)
        yield (
            f"{seen.name} could not be made of any values that were tried for what it requires ({required}): give the "
            "class an `example`, a mapping with which it can be made, and see to its ranges and `needs`"
        )
    if seen.left_out:
        yield "\n".join(["no fields of a config:", *(f"    {name}: {why}" for name, why in seen.left_out.items())])
    copied = copied_module(seen)
    if copied is not None:
        yield f"{seen.module} is of no distribution: {copied.name} was copied into the package {names.package}"
    elif seen.requirement is None:
        yield (
            f"{seen.module} is of no distribution that is installed: what is written works where it can be imported; "
            "install it, and name it in `dependencies` of pyproject.toml"
        )


def _tell(folder: Path, files: list[str], names: PluginNames, kind: Kind, *, wraps: bool) -> None:
    say(f"{folder}: {names.distribution}, with the {kind} {names.plugin}")
    for file in sorted(files):
        say(f"    {file}")
    place = folder if folder.is_absolute() else f"./{folder.as_posix()}"
    # A shell may take brackets for a pattern of file names.
    needed = " ".join(f"'{need}'" if "[" in need else need for need in TEST_NEEDS)
    declare = f"\n    optim conformance {names.plugin} --declare" if wraps else ""
    say(f"""
Next:
    pip install -e {place} {needed}
    optim show {names.plugin}{declare}
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
