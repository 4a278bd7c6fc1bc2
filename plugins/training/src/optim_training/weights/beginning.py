"""The weights that a run begins with, in the order of the training arguments."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from optim_training.weights.loading import load_pretrained, load_pretransform, pretransform_of
from optim_training.weights.weight_norm import remove_from

__all__ = ["begin_with"]


def begin_with(
    model: nn.Module,
    *,
    pretrained: str | None = None,
    pretransform: str | None = None,
    remove_weight_norm: str = "",
) -> list[str]:
    """Load the checkpoints that the arguments name, and take off weight normalisation; return lines that say what.

    Args:
        model: as its `build` made it; it is changed in place.
        pretrained: ``--pretrained-ckpt-path``, of which is loaded what fits.
        pretransform: ``--pretransform-ckpt-path``, all of which has to fit ``model.pretransform``.
        remove_weight_norm: "pre_load" takes it off ``model.pretransform`` before its checkpoint is loaded, "post_load"
            after, "" not at all.

    Raises:
        OptimError: a checkpoint cannot be read or does not fit, or there is no pretransform.
    """
    told: list[str] = []
    if pretrained:
        told += load_pretrained(model, Path(pretrained)).lines()
    if remove_weight_norm == "pre_load":
        told += _without_weight_norm(model)
    if pretransform:
        told += load_pretransform(model, Path(pretransform)).lines()
    if remove_weight_norm == "post_load":
        told += _without_weight_norm(model)
    return told


def _without_weight_norm(model: nn.Module) -> list[str]:
    return remove_from(pretransform_of(model, "--remove-pretransform-weight-norm")).lines()
