"""Configs as text in any of the formats of files, printed or written to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optim_core import OptimError, registry
from optim_core.cli.output import can_say, say
from optim_core.cli.writing import write_file
from optim_core.plugin_tools import config_text, endings, format_of, formats

__all__ = ["format_for", "format_names", "print_config", "render", "write_config"]


def format_names() -> list[str]:
    """Return the names that ``--format`` takes."""
    return [each.name for each in formats()]


def render(config: dict[str, Any], name: str, *, ascii_only: bool = False) -> str:
    """Return a canonical config as text that ends with a line break and builds the same again.

    Args:
        config: as `registry.to_config` gives it.
        name: that of the format.
        ascii_only: write all other letters as escapes.

    Raises:
        OptimError: the format cannot hold it, or a number has over 4,300 digits.
    """
    file_format = next(each for each in formats() if each.name == name)
    return config_text(config, file_format, registry.build, ascii_only=ascii_only)


def print_config(config: dict[str, Any], name: str) -> None:
    """Print a canonical config, with escapes where standard output lacks a letter."""
    text = render(config, name)
    if not can_say(text):
        text = render(config, name, ascii_only=True)
    say(text.rstrip("\n"))


def format_for(file: str, wanted: str | None) -> str:
    """Return the name of the format for a file: the wanted one, or that of its ending.

    Raises:
        OptimError: the ending says no format, or another than the wanted one.
    """
    ending = Path(file).suffix
    found = format_of(file)
    if found is None and wanted is None:
        raise OptimError(f"{file}: the ending `{ending}` says no format; {', '.join(endings())} do, or --format")
    if found is not None and wanted not in (None, found.name):
        raise OptimError(f"{file}: a file that ends in `{ending}` is read as {found.name}, not as {wanted}")
    return wanted or (found.name if found else formats()[0].name)


def write_config(config: dict[str, Any], file: str, name: str) -> None:
    """Write a canonical config to a file, which holds what it held before until it holds all of the new text.

    Raises:
        OptimError: the format cannot hold it, or the file cannot be written.
    """
    write_file(render(config, name).encode(), file)
