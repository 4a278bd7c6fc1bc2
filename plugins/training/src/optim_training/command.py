"""`optim train`: a training run, from a model config and a dataset config."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import click

from optim_core.plugin_tools import describe, field_types
from optim_training.arguments.sources import arguments_in, arguments_of, option_of
from optim_training.arguments.training_config import TrainingConfig

__all__ = ["command"]


def _options() -> list[click.Parameter]:
    """Return an option for each argument of a run, whose values are read with those of files."""
    types = field_types(TrainingConfig)
    options: list[click.Parameter] = []
    for field in describe(TrainingConfig).fields:
        default = "" if field.default in ("", None, False) else f"  [default: {field.default}]"
        text = field.text or ""
        told = f"{text[:1].upper()}{text[1:]}{default}"
        name = option_of(field.name)
        if types[field.name] is bool:
            options.append(click.Option([f"{name}/--no-{name[2:]}"], default=None, help=told))
        else:
            options.append(click.Option([name], metavar=_metavar(types[field.name]), help=told))
    return options


def _metavar(wanted: Any) -> str:
    """Return what stands for a value in the help: its choices, or its type."""
    if get_origin(wanted) is Literal:
        return f"[{'|'.join(choice for choice in get_args(wanted) if choice)}]"
    return {int: "INTEGER", float: "FLOAT"}.get(wanted, "TEXT")


class _Command(click.Command):
    """The command, which also says what an INI file of its arguments is in YAML."""

    def migrate(self, file: str) -> dict[str, Any]:
        """Return the arguments that a file holds, for `optim migrate`.

        Raises:
            ConfigError: with everything that is wrong in the file.
        """
        return arguments_in(file)


@click.command(name="train", cls=_Command, params=_options(), short_help="Train a model on data, as a config says.")
@click.option("--config-file", "files", metavar="FILE", multiple=True, help="Arguments, in INI, YAML, JSON or TOML.")
@click.option("--set", "overrides", metavar="PATH=VALUE", multiple=True, help="Replace a value of the model config.")
@click.option("--check", is_flag=True, help="Check everything that can be without torch, and train nothing.")
def command(files: tuple[str, ...], overrides: tuple[str, ...], *, check: bool, **given: Any) -> None:
    """Train a model: `optim train --model-config model.json --dataset-config data.json --max-steps 1000`.

    What is typed here counts before what files say that --config-file names. The run keeps its checkpoints, figures and
    pictures in SAVE_DIR/PROJECT/RUN.

    Exit status: 0 when the run has ended, 1 when it cannot begin or has failed, 2 for wrong usage, 130 and 143 when it
    was stopped by SIGINT and SIGTERM, with a checkpoint from which `--recover` goes on.
    """
    typed = {name: str(value) for name, value in given.items() if value is not None}
    arguments = arguments_of(files, typed)
    from optim_training.begin import begin

    raise SystemExit(begin(arguments, overrides, check=check))
