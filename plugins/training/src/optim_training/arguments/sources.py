"""The arguments of a run from all that says them: INI files, config files, the command line, each before the last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import attrs

from optim_core import ConfigError, Problem
from optim_core.plugin_tools import read_document, structured
from optim_training.arguments.ini import read_ini
from optim_training.arguments.names import NO_LOGGER
from optim_training.arguments.training_config import TrainingConfig, word
from optim_training.arguments.words import value_of_text

__all__ = ["arguments_in", "arguments_of", "option_of", "structured_arguments"]

INI = ".ini"
# The names that the same arguments have where they are told to a class, and not on a command line.
_ALSO = {
    "model_config_path": "model_config",
    "dataset_config_path": "dataset_config",
    "val_dataset_config_path": "val_dataset_config",
}
# What other programs with such a file read in it, and why it is nothing here.
_NOT_HERE = {
    "num_gpus": "it is called `devices` here",
    "wandb_config": "a config is read from a file here: give its path with --config-file",
    "config_file": "name the file with --config-file",
}


class _Given(NamedTuple):
    """A value of an argument, and where it stands.

    Args:
        value: as a config file holds it.
        path: what a message calls it.
        file: the file, None for the command line.
        line: its line.
        column: its column.
    """

    value: Any
    path: str
    file: str | None = None
    line: int | None = None
    column: int | None = None


def option_of(name: str) -> str:
    """Return what an argument is called on a command line.

    Example:
        >>> from optim_training.arguments.sources import option_of
        >>> option_of("batch_size")
        '--batch-size'
    """
    return "--" + name.replace("_", "-")


def arguments_of(files: Iterable[str], typed: Mapping[str, str]) -> TrainingConfig:
    """Return the arguments of a run.

    Args:
        files: of arguments: INI files, whose values count least, and YAML, JSON or TOML files, of which a later one
            counts more.
        typed: argument to text, as they stand on the command line, which counts most.

    Raises:
        ConfigError: with everything that is wrong in `.problems`, each with its file and line, or its option.

    Example:
        >>> from optim_training.arguments.sources import arguments_of
        >>> arguments_of([], {"batch_size": "8", "recover": "true"}).batch_size
        8
    """
    given: dict[str, _Given] = {}
    problems: list[Problem] = []
    for file in sorted(files, key=lambda name: Path(name).suffix.lower() != INI):
        try:
            given |= _of_file(file)
        except ConfigError as error:
            problems += error.problems
    given |= {name: _Given(value_of_text(name, text), option_of(name)) for name, text in typed.items()}
    made: TrainingConfig | None = None
    try:
        made = _structured(given)
    except ConfigError as error:
        problems += error.problems
    if problems or made is None:
        raise ConfigError(problems)
    return made


def arguments_in(file: str) -> dict[str, Any]:
    """Return the arguments that a file holds, each as a config file is to have it, and none that it does not hold.

    Raises:
        ConfigError: with everything that is wrong in `.problems`.

    Example:
        >>> from pathlib import Path
        >>> from optim_training.arguments.sources import arguments_in
        >>> _ = Path("defaults.ini").write_text("[DEFAULTS]" + chr(10) + "batch_size = 8")
        >>> arguments_in("defaults.ini")
        {'batch_size': 8}
    """
    given = _of_file(file)
    made = attrs.asdict(_structured(given))
    return {name: made[name] for name in given}


def structured_arguments(values: Mapping[str, Any]) -> TrainingConfig:
    """Return the arguments of a run that a mapping holds, such as a composed config.

    Raises:
        ConfigError: with everything that is wrong in `.problems`.

    Example:
        >>> from optim_training.arguments.sources import structured_arguments
        >>> structured_arguments({"batch_size": 8}).batch_size
        8
    """
    return _structured({_name(str(key)): _Given(value, str(key)) for key, value in values.items()})


def _name(key: str) -> str:
    name = key.replace("-", "_")
    return _ALSO.get(name, name)


def _of_file(file: str) -> dict[str, _Given]:
    if Path(file).suffix.lower() == INI:
        return {_name(key): _Given(entry.value, key, entry.file, entry.line) for key, entry in read_ini(file).items()}
    document = read_document(file)
    if not isinstance(document.value, Mapping):
        message = f"holds the arguments of a run, each with its value, and not {type(document.value).__name__}"
        raise ConfigError([Problem(path="", message=message, file=file)])
    return {_name(str(key)): _Given(value, str(key), *document.place((key,))) for key, value in document.value.items()}


def _structured(given: Mapping[str, _Given]) -> TrainingConfig:
    # To say nothing of an argument, null, is its default; no logger is none.
    values = {name: each.value for name, each in given.items() if each.value is not None}
    if "precision" in values:
        values["precision"] = word(values["precision"])
    if "logger" in given and given["logger"].value is None:
        values["logger"] = NO_LOGGER
    try:
        return structured(values, TrainingConfig)
    except ConfigError as error:
        raise ConfigError([_placed(problem, given) for problem in error.problems]) from None


def _placed(problem: Problem, given: Mapping[str, _Given]) -> Problem:
    name = problem.path.partition(".")[0]
    each = given.get(name)
    hint = _NOT_HERE.get(name, problem.hint)
    if each is None:
        return attrs.evolve(problem, hint=hint)
    path = each.path + problem.path[len(name) :]
    return attrs.evolve(problem, path=path, hint=hint, file=each.file, line=each.line, column=each.column)
