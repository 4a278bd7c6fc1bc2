"""The command `optim plot`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from optim_core import ConfigError, Horizon, OptimError, PluginError, Problem, registry
from optim_core.cli.completing import files, override_paths, set_option
from optim_core.cli.output import say
from optim_core.plugin_tools import install_line, visible

if TYPE_CHECKING:
    from optim_core.cli.plot.groups import Group
    from optim_core.cli.variants import Variant

__all__ = ["command"]

ENDINGS = (".png", ".svg", ".csv", ".html")
EXAMPLES = """\b
optim plot train.yaml --sweep optimizer.config.lr=1e-4,3e-4,1e-3
optim plot train.yaml --set scheduler.type=cosine --set scheduler.type=linear
"""
MOST_IN_A_TABLE = 1_000
LENGTH = click.IntRange(min=1)
RATE = click.FloatRange(min=0, min_open=True)


@click.command(name="plot", epilog=EXAMPLES)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, shell_complete=files)
@click.option("--total-steps", type=LENGTH, metavar="N", help="Optimizer steps in the run.")
@click.option("--steps-per-epoch", type=LENGTH, metavar="N", help="Optimizer steps in an epoch.")
@click.option("--epochs", type=LENGTH, metavar="N", help="Epochs; of the three lengths, two give the third.")
@set_option
@click.option(
    "--sweep",
    "sweeps",
    metavar="PATH=V,V,…",
    multiple=True,
    shell_complete=override_paths,
    help="A curve for each value, as for each of one path that --set has several times; combined with other paths.",
)
@click.option("--base-lr", type=RATE, metavar="LR", help="What a schedule without optimizer starts from; 1 if unset.")
@click.option("--metrics", metavar="LIST|FILE", help="For schedules that follow a metric: 0.9,0.7,0.71 or a file.")
@click.option("--log/--linear", "log", default=None, help="The axis of the rate; by itself, what shows every curve.")
@click.option("-o", "--output", metavar="FILE", shell_complete=files, help=f"Write to this file: {', '.join(ENDINGS)}.")
def command(
    files: tuple[str, ...],
    total_steps: int | None,
    steps_per_epoch: int | None,
    epochs: int | None,
    overrides: tuple[str, ...],
    sweeps: tuple[str, ...],
    base_lr: float | None,
    metrics: str | None,
    *,
    log: bool | None,
    output: str | None,
) -> None:
    """Draw the learning rate of config files over the steps.

    Several files are drawn over each other. The length of the run is that of the options, or what the schedules say.
    Without -o, the curves are drawn in the terminal.
    """
    ending = _ending(output)
    from optim_core.cli.variants import MOST, common, variants_of

    horizon = Horizon(total_steps=total_steps, steps_per_epoch=steps_per_epoch, epochs=epochs)
    most, otherwise = (MOST_IN_A_TABLE, "") if ending == ".csv" else (MOST, "; a table, -o FILE.csv, holds more")
    variants = variants_of(overrides, sweeps, most=most, otherwise=otherwise)
    groups = _groups(files, variants, base_lr)
    if find_spec("numpy") is None:
        raise OptimError(f"optim plot needs numpy, which is not installed: {install_line('plot')}")
    from optim_core.cli.plot.curves import curves_of
    from optim_core.cli.plot.labels import legend
    from optim_core.cli.plot.metrics import read_metrics

    curves = curves_of(groups, horizon, None if metrics is None else read_metrics(metrics))
    labels = legend(groups)
    for file in dict.fromkeys(group.file for group in groups if group.optimizer and group.optimizer.layer_decay):
        say(f"{visible(file)}: drawn without layer_decay, whose rates depend on the model", err=True)
    if output is not None and ending == ".csv":
        from optim_core.cli.plot.table import csv_of

        content, every = csv_of(curves, labels)
        _write(content, output, f", one row for every {every} {curves[0].unit}s" if every > 1 else "")
        return
    from optim_core.cli.plot.chart import chart_of
    from optim_core.cli.plot.labels import title_of

    is_share = base_lr is None and all(group.optimizer is None for group in groups)
    up = "multiple of the base rate" if is_share else "learning rate"
    chart = chart_of(curves, labels, title=title_of(groups, common(variants)), up=up, log=log)
    if output is None:
        from optim_core.cli.plot.terminal import print_chart

        print_chart(chart)
    elif ending == ".html":
        from optim_core.cli.plot.page import page_of

        _write(page_of(chart), output)
    else:
        from optim_core.cli.plot.picture import picture_of

        _write(picture_of(chart, ending[1:]), output)


def _ending(output: str | None) -> str:
    """Return the ending of the file to write, "" where none is written.

    Raises:
        OptimError: it says no format.
    """
    ending = "" if output is None else Path(output).suffix.lower()
    if output is not None and ending not in ENDINGS:
        raise OptimError(f"{visible(output)}: the ending `{visible(ending)}` says no format; {', '.join(ENDINGS)} do")
    return ending


def _groups(files: tuple[str, ...], variants: Sequence[Variant], base_lr: float | None) -> list[Group]:
    """Return the parameter groups of every variant of all files.

    Raises:
        ConfigError: with the problems of all files, where there are any.
        OptimError: one of them has nothing to draw, or none a use for --base-lr.
    """
    from optim_core.cli.plot.groups import groups_of

    problems: list[Problem] = []
    groups: list[Group] = []
    # A file that is given twice is one file.
    for file, variant in product(dict.fromkeys(files), variants):
        try:
            built = registry.build(file, overrides=variant.overrides)
        except ConfigError as error:
            problems += [problem for problem in variant.problems_of(error) if problem not in problems]
        except PluginError as error:
            problems.append(Problem(path="", message=str(error), file=file))
        else:
            found = groups_of(file, built, 1.0 if base_lr is None else base_lr) if not problems else []
            groups += [attrs.evolve(group, variant=variant.label) for group in found]
    if problems:
        raise ConfigError(problems)
    if base_lr is not None and all(group.optimizer for group in groups):
        raise OptimError("--base-lr: every file has an optimizer, whose rate is set by --set optimizer.config.lr=…")
    return groups


def _write(content: bytes, output: str, note: str = "") -> None:
    from optim_core.cli.writing import write_file

    write_file(content, output)
    say(f"wrote {visible(output)}{note}")
