"""`optim sweep`: a command for each combination of values in a config."""

from __future__ import annotations

import re
import subprocess
from io import UnsupportedOperation
from pathlib import Path
from typing import Any

import click

from optim_core import ConfigError, OptimError, registry
from optim_core.cli.completing import files, override_paths, set_option
from optim_core.cli.config_text import render
from optim_core.cli.output import say, standard_output
from optim_core.cli.variants import Variant, variants_of
from optim_core.cli.writing import write_folder
from optim_core.plugin_tools import visible

__all__ = ["command"]

PLACE, MOST = "{}", 1_000
# A name has so many letters at most, and no others than these.
LONGEST, UNUSUAL = 100, re.compile(r"[^\w.,=%+-]+")


@click.command(name="sweep", context_settings={"ignore_unknown_options": True})
@click.argument("file", metavar="FILE", shell_complete=files)
@click.argument("words", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--sweep", "sweeps", metavar="PATH=V,V,…", multiple=True, shell_complete=override_paths, help="Its values."
)
@set_option
@click.option("-o", "--directory", metavar="FOLDER", default="sweep", show_default=True, help="Where the configs go.")
@click.option("--keep-going", is_flag=True, help="Run the others also where a command fails.")
@click.option("--dry-run", is_flag=True, help="Say what would be written and run, and do nothing.")
def command(
    file: str,
    words: tuple[str, ...],
    sweeps: tuple[str, ...],
    overrides: tuple[str, ...],
    directory: str,
    *,
    keep_going: bool,
    dry_run: bool,
) -> None:
    """Run a command with each combination of values.

    For each, the resolved config is written to a file. In the command, {} is the config's file; where it has none, the
    file is its last word. Where a config is wrong, nothing is written and nothing runs.
    """
    configs = _configs(file, variants_of(overrides, sweeps, most=MOST))
    folder = Path(directory)
    if not dry_run:
        write_folder(folder, configs)
    say(f"{'would write' if dry_run else 'wrote'} {len(configs)} configs into {visible(directory)}")
    failed = []
    for name in configs:
        path = str(folder / name)
        line = [word.replace(PLACE, path) for word in words]
        line += [path] if words and line == list(words) else []
        say(visible(" ".join(line) or path))
        if line and not dry_run and _status(line) != 0:
            failed.append(name)
            if not keep_going:
                break
    if failed:
        raise OptimError(f"failed: {', '.join(map(visible, failed))}")


def _configs(file: str, variants: list[Variant]) -> dict[str, str]:
    """Return the text of each resolved config, by the name of its file.

    Raises:
        ConfigError: with the problems of all of them.
    """
    problems: list[Any] = []
    texts: dict[str, str] = {}
    for variant in variants:
        try:
            config = registry.to_config(registry.build(file, overrides=variant.overrides))
        except ConfigError as error:
            problems += [problem for problem in variant.problems_of(error) if problem not in problems]
        else:
            texts[_free_name(variant.label or Path(file).stem, texts)] = render(config, "yaml")
    if problems:
        raise ConfigError(problems)
    return texts


def _free_name(label: str, taken: dict[str, str]) -> str:
    """Return a readable name for a file, ``lr=1e-4,power=2`` without what a file's name is better without."""
    stem = UNUSUAL.sub("_", label.replace(", ", ","))[:LONGEST].strip("_.") or "config"
    name, number = f"{stem}.yaml", 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}.yaml"
    return name


def _status(line: list[str]) -> int:
    """Run a command to its end, whose output is that of this one."""
    try:
        return subprocess.run(line, stdout=_descriptor(), check=False).returncode
    except OSError as error:
        raise OptimError(f"{visible(line[0])}: cannot be run: {error.strerror}") from None


def _descriptor() -> int | None:
    """Return that of standard output, which whatever plugins print is kept from; None where a stream has none."""
    try:
        return standard_output().fileno()
    except UnsupportedOperation:
        return None
