"""`optim validate`: whether configs can be built, and everything that is wrong with those that cannot."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from optim_core import ConfigError, PluginError, Problem, Recipe, SchedulerSpec, registry
from optim_core.cli.completing import files, set_option
from optim_core.cli.output import print_json, say
from optim_core.cli.unused import unused_note, unused_paths
from optim_core.errors import ConfigWarning
from optim_core.plugin_tools import needs_of, visible

__all__ = ["command"]


@click.command(name="validate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, shell_complete=files)
@set_option
@click.option(
    "--strict", is_flag=True, help="What is warned of is a problem: keys that are not read, and unusual rates."
)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(files: tuple[str, ...], overrides: tuple[str, ...], style: str, *, strict: bool) -> None:
    """Check config files without importing torch.

    What is right, and most likely not what its author wants, is a warning, and does not change the exit status.

    Exit status: 0 when all are valid, 1 when one is not, 2 for wrong usage.
    """
    # Whatever only a wrong config needs is imported when there is one, as this command is to start fast.
    reports = [_report(file, overrides, strict=strict) for file in files]
    if style == "json":
        print_json([_as_json(report) for report in reports])
    else:
        for report in reports:
            _say(report)
    if any(report.problems for report in reports):
        raise SystemExit(1)


class _Report(NamedTuple):
    """What is found out about a file.

    Args:
        file: its name.
        built: what it builds, None where it is wrong.
        problems: what is wrong with it.
        warnings: what its author is warned of.
    """

    file: str
    built: Any
    problems: list[Problem]
    warnings: list[Problem]


def _report(file: str, overrides: tuple[str, ...], *, strict: bool) -> _Report:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        built, problems = _built(file, overrides, strict=strict)
    return _Report(file, built, problems, [problem for each in caught for problem in _told(each.message, file)])


def _built(file: str, overrides: tuple[str, ...], *, strict: bool) -> tuple[Any, list[Problem]]:
    """Return what a file builds, and its problems."""
    try:
        return registry.build(file, overrides=overrides, strict=strict), []
    except ConfigError as error:
        return None, list(error.problems)
    except PluginError as error:
        return None, [Problem(path="", message=str(error), file=file)]


def _told(warning: Warning | str, file: str) -> Sequence[Problem]:
    """Return what a warning says, each thing at its place where that is known."""
    if isinstance(warning, ConfigWarning):
        return warning.problems
    return [Problem(path="", message=str(warning), file=file)]


def _say(report: _Report) -> None:
    file, built, problems, warned = report
    say(_rendered(problems) if problems else f"{visible(file)}: valid ({_in_short(built)})")
    for note in filter(None, [_needs_note(built), unused_note(built)]):
        say(note)
    for problem in warned:
        say(f"warning: {_rendered([problem])}")
    if problems and (note := _origin_note(file)):
        say(note)


def _origin_note(file: str) -> str:
    """Return a line on the project whose config a wrong file is for sure; "" where it is nobody's."""
    from optim_core.plugin_tools import read_config, sure_origin

    try:
        found = sure_origin(read_config(file))
    except ConfigError:
        # What cannot be read has been told.
        return ""
    if found is None:
        return ""
    name, title = found
    return f"    this is {title}: `optim migrate --from {name} {visible(file)}` makes a recipe of it"


def _rendered(problems: list[Problem]) -> str:
    from optim_core.cli.excerpts import render

    return render(problems)


def _in_short(built: Any) -> str:
    specs = [built] if not isinstance(built, Recipe) else _specs(built)
    return ", ".join(f"{spec.type}{_rhythm(spec)} from {spec.provided_by}" for spec in specs)


def _needs_note(built: Any) -> str:
    """Return a line that names what the plugins need of the training loop, which `optim show` explains; "" for none."""
    specs = [] if built is None else _specs(built) if isinstance(built, Recipe) else [built]
    needs = sorted({need for spec in specs for need in needs_of(spec.config)})
    return f"    needs of the training loop: {', '.join(needs)}" if needs else ""


def _rhythm(spec: Any) -> str:
    """Tell how often a schedule is stepped, which its numbers count."""
    return f" each {spec.interval}" if isinstance(spec, SchedulerSpec) else ""


def _specs(recipe: Recipe) -> list[Any]:
    schedules = (recipe.schedule_of(name) for name in recipe.optimizers)
    specs = [*recipe.optimizers.values(), *schedules, *recipe.clippings]
    return [spec for spec in specs if spec is not None]


def _as_json(report: _Report) -> dict[str, Any]:
    import attrs

    return {
        "file": report.file,
        "valid": not report.problems,
        "problems": [attrs.asdict(problem) for problem in report.problems],
        "warnings": [attrs.asdict(problem) for problem in report.warnings],
        "unused": unused_paths(report.built),
    }
