"""`optim validate`: whether configs can be built, and everything that is wrong with those that cannot."""

from __future__ import annotations

from typing import Any

import click

from optim_core import ConfigError, PluginError, Problem, Recipe, SchedulerSpec, registry
from optim_core.cli.output import print_json, say
from optim_core.cli.unused import unused_note, unused_paths
from optim_core.plugin_tools import needs_of, visible

__all__ = ["command"]


@click.command(name="validate")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--set", "overrides", metavar="PATH=VALUE", multiple=True, help="Replace a value first; repeatable.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(files: tuple[str, ...], overrides: tuple[str, ...], style: str) -> None:
    """Check config files without importing torch.

    Exit status: 0 when all are valid, 1 when one is not, 2 for wrong usage.
    """
    # Whatever only a wrong config needs is imported when there is one, as this command is to start fast.
    reports = [_report(file, overrides) for file in files]
    if style == "json":
        print_json([_as_json(*report) for report in reports])
    else:
        for file, built, problems in reports:
            say(_rendered(problems) if problems else f"{visible(file)}: valid ({_in_short(built)})")
            for note in filter(None, [_needs_note(built), unused_note(built)]):
                say(note)
    if any(problems for _, _, problems in reports):
        raise SystemExit(1)


def _report(file: str, overrides: tuple[str, ...]) -> tuple[str, Any, list[Problem]]:
    """Return the file, what it builds, and its problems."""
    try:
        return file, registry.build(file, overrides=overrides), []
    except ConfigError as error:
        return file, None, list(error.problems)
    except PluginError as error:
        return file, None, [Problem(path="", message=str(error), file=file)]


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
    specs = [*recipe.optimizers.values(), *schedules, recipe.clipper]
    return [spec for spec in specs if spec is not None]


def _as_json(file: str, built: Any, problems: list[Problem]) -> dict[str, Any]:
    import attrs

    return {
        "file": file,
        "valid": not problems,
        "problems": [attrs.asdict(problem) for problem in problems],
        "unused": unused_paths(built),
    }
