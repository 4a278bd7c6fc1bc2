"""`optim-train-hydra`: the same training, its arguments and configs composed by Hydra.

The groups are `model`, `dataset`, `val_dataset`, `logger` and `strategy`, the other keys are the arguments of a run.
The members of the first three are model and dataset configs of the user's, in the folder that ``--config-dir`` names.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click
import hydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from optim_core import OptimError
from optim_core.plugin_tools import Document
from optim_training.arguments.sources import structured_arguments
from optim_training.begin import begin

__all__ = ["main"]

# The groups, and the arguments that name a file where no Hydra composes them.
_CONFIGS = {"model": "model_config", "dataset": "dataset_config", "val_dataset": "val_dataset_config"}


def _run(composed: DictConfig) -> int:
    """Train what was composed; return the exit status.

    Raises:
        OptimError: something of it is wrong.
    """
    try:
        whole = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise OptimError(str(error)) from None
    values = {str(key): value for key, value in whole.items()} if isinstance(whole, Mapping) else {}
    documents = {
        argument: Document(None, values[group], lambda _: None)
        for group, argument in _CONFIGS.items()
        if values.get(group) is not None
    }
    for group in _CONFIGS:
        values.pop(group, None)
    return begin(structured_arguments(values), documents=documents)


@hydra.main(version_base="1.3", config_path="conf/training", config_name="base")
def _composed(composed: DictConfig) -> None:
    # Hydra turns what its application raises into a traceback.
    try:
        status = _run(composed)
    except OptimError as error:
        click.echo(str(error), err=True)
        status = 1
    if status:
        sys.exit(status)


def main() -> None:
    """Run the command, from the arguments of the process.

    Example:
        >>> from optim_training.hydra import main
        >>> callable(main)
        True
    """
    _composed()


if __name__ == "__main__":
    main()
