"""TrainingConfig: every argument of a training run, with its default and its range."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from optim_core.validators import FieldError
from optim_training.arguments.names import NO_LOGGER, Changed, Precision, Strategy, WeightNormRemoval

__all__ = ["TrainingConfig", "word"]

_at_least_one = attrs.validators.ge(1)
_not_negative = attrs.validators.ge(0)


def _folder_name(_instance: Any, _attribute: attrs.Attribute[Any], value: str | None) -> None:
    """Refuse what is not the name of one folder."""
    if value is None:
        return
    if not value.strip() or value in (".", "..") or any(letter in value for letter in "/\\\0\n"):
        raise FieldError(
            f"must be the name of a folder, is {value!r}",
            "write it without `/`; the folder that all runs are kept in is save_dir",
        )


def _times(_instance: Any, _attribute: attrs.Attribute[Any], value: int) -> None:
    """Refuse what is no number of steps between two validations."""
    if value == 0 or value < -1:
        raise FieldError(f"must be ≥ 1, or -1 for no validation, is {value}", "-1 turns validation off")


def _end(_instance: Any, _attribute: attrs.Attribute[Any], value: int) -> None:
    """Refuse what is no length of a run."""
    if value < 1 and value != -1:
        raise FieldError(f"must be ≥ 1, or -1 for no such end, is {value}")


def _processes(_instance: Any, _attribute: attrs.Attribute[Any], value: int | str) -> None:
    """Refuse what is no number of processes."""
    if isinstance(value, int) and value < 1:
        raise FieldError(f"must be ≥ 1, or auto, is {value}")


def word(value: Any) -> Any:
    """Return a precision that YAML took for a number as the word that it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@attrs.frozen(kw_only=True)
class TrainingConfig:
    """The arguments of a training run.

    Args:
        model_config: path of the model config file; a run that continues a checkpoint has it from there.
        dataset_config: path of the dataset config file; a run that continues a checkpoint has it from there.
        val_dataset_config: path of the config of the validation data, which demos show too.
        batch_size: items in a batch, of each process.
        num_workers: processes that load data, beside each process that trains; 0 for none.
        seed: decides the weights, the order of the data, and whatever is random in them.
        accum_batches: batches whose gradients make a step.
        gradient_clip_val: the norm above which gradients are clipped, where the recipe does not clip; 0 for not at all.
        checkpoint_every: optimizer steps between two checkpoints.
        save_dir: folder below which all runs are kept, by project; the working directory where it is empty.
        save_top_k: how many checkpoints are kept, the newest ones; -1 for all, 0 for none.
        ckpt_path: checkpoint whose run goes on from there, as a new run.
        pretrained_ckpt_path: checkpoint whose weights a new run begins with, as far as they fit.
        pretransform_ckpt_path: checkpoint with the weights of the model's `pretransform`, all of which must fit.
        num_nodes: machines that train together.
        strategy: how processes train together.
        precision: of the computation; without a GPU, 16-mixed is 32.
        val_every: optimizer steps between two validations; -1 for no validation.
        logger: where the figures of the run are written: csv, tensorboard, wandb, comet, another that is installed, or
            none.
        name: the name of the project, where `project` does not say another.
        project: the name of the project, which is a folder below `save_dir`; by default `name`.
        recover: whether the newest run of the project goes on, from its newest checkpoint that loads; where there is
            none, one begins.
        remove_pretransform_weight_norm: whether the weight norm of the model's `pretransform` is removed, before
            (pre_load) or after (post_load) its weights are loaded.
        devices: processes on each machine, each with a GPU where there are any; auto is all GPUs, or one process.
        changed: what counts where a run goes on with another recipe or length than it was saved with: that which was
            saved, the config of now, or neither, which is an error that says what differs.
        max_steps: optimizer steps after which the run ends; -1 for no such end.
        max_epochs: epochs after which the run ends; -1 for no such end.

    Example:
        >>> from optim_training.arguments.training_config import TrainingConfig
        >>> TrainingConfig(model_config="model.json", dataset_config="data.json").batch_size
        4
    """

    model_config: str = ""
    dataset_config: str = ""
    val_dataset_config: str = ""
    batch_size: int = attrs.field(default=4, validator=_at_least_one)
    num_workers: int = attrs.field(default=6, validator=_not_negative)
    seed: int = attrs.field(default=42, validator=[_not_negative, attrs.validators.lt(2**32)])
    accum_batches: int = attrs.field(default=1, validator=_at_least_one)
    gradient_clip_val: float = attrs.field(default=0.0, validator=attrs.validators.ge(0.0))
    checkpoint_every: int = attrs.field(default=10_000, validator=_at_least_one)
    save_dir: str = ""
    save_top_k: int = attrs.field(default=-1, validator=attrs.validators.ge(-1))
    ckpt_path: str = ""
    pretrained_ckpt_path: str = ""
    pretransform_ckpt_path: str = ""
    num_nodes: int = attrs.field(default=1, validator=_at_least_one)
    strategy: Strategy = "auto"
    precision: Precision = attrs.field(default="16-mixed", converter=word)
    val_every: int = attrs.field(default=-1, validator=_times)
    logger: str = "csv"
    name: str = attrs.field(default="stable_audio_tools", validator=_folder_name)
    project: str | None = attrs.field(default=None, validator=_folder_name)
    recover: bool = False
    remove_pretransform_weight_norm: WeightNormRemoval = ""
    devices: int | Literal["auto"] = attrs.field(default="auto", validator=_processes)
    changed: Changed = "error"
    max_steps: int = attrs.field(default=-1, validator=_end)
    max_epochs: int = attrs.field(default=-1, validator=_end)

    @property
    def folder_of_project(self) -> str:
        """The name of the project's folder below `save_dir`."""
        return self.name if self.project is None else self.project

    @property
    def logs(self) -> bool:
        """Whether figures are written at all."""
        return self.logger.lower() not in (NO_LOGGER, "")
