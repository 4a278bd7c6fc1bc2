"""Refusals of parameters that stand for a matrix and do not hold it whole: they would silently be trained wrongly."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from optim_muon.processes.spread import local, spread_of

__all__ = ["refuse_incomplete", "refuse_incomplete_among"]


def refuse_incomplete_among(group: dict[str, Any]) -> None:
    """Refuse a group with a parameter that has no numbers, or, in a group of matrices, not those of a matrix.

    Raises:
        ValueError: the group has such a parameter.
    """
    names = group.get("param_names") or [f"parameter {place} of its group" for place in range(len(group["params"]))]
    for name, param in zip(names, group["params"], strict=True):
        if param.is_meta:
            raise ValueError(
                f"{name} is on the meta device and holds no numbers, and giving it some makes a new tensor that this "
                "optimizer would not know; materialise the model, model.to_empty(device=...), and only then create "
                "the optimizer"
            )
        if group["use_muon"]:
            refuse_incomplete(param, name)


def refuse_incomplete(param: Tensor, name: str) -> None:
    """Refuse, as a matrix of Muon's, a parameter that holds not all of the matrix, or more than the matrix.

    Args:
        param: a parameter of a group of matrices.
        name: what the message calls the parameter.

    Raises:
        ValueError: the parameter is flat, a placeholder, or spread in a way that cannot be put together.
    """
    if hasattr(param, "ds_id"):
        whole = tuple(getattr(param, "ds_shape", param.shape))
        raise ValueError(
            f"{name} is a placeholder of DeepSpeed's ZeRO-3, whose matrix of shape {whole} is cut into "
            "flat pieces, and Muon needs whole matrices; shard the model with torch's fully_shard instead"
        )
    if param.dim() < 2:
        raise ValueError(
            f"{name} has the shape {tuple(param.shape)}, and Muon is for matrices: put it into a group with "
            "use_muon=False. If it was a matrix, FSDP1 or DeepSpeed's ZeRO flattened it, and Muon needs it whole: "
            "shard the model with torch's fully_shard, or not at all"
        )
    _refuse_odd_pieces(param, name)


def _refuse_odd_pieces(param: Tensor, name: str) -> None:
    try:
        spread = spread_of(param, divide_work=False)
    except ValueError as error:
        raise ValueError(f"{name}, of shape {tuple(param.shape)}, {error}") from None
    if spread is None:
        return
    found, wanted = tuple(local(param).shape), spread.shape_in(spread.rank)
    if found != wanted:
        raise ValueError(
            f"{name}, of shape {tuple(param.shape)}, has a piece of shape {found} in process {spread.rank} of "
            f"{spread.size}, where torch.chunk would leave it {wanted}; distribute it with fully_shard or "
            "distribute_tensor"
        )
