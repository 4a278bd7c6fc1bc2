"""Parameter groups that hold one dtype each."""

from __future__ import annotations

from typing import Any

import torch

from optim_core.errors import ParamGroupError

__all__ = ["TRAINED", "Group", "refuse_other_dtypes", "split_by_dtype"]

# The dtypes that DeepSpeed's kernels of Adam train.
TRAINED = (torch.float32, torch.float16, torch.bfloat16)

Group = dict[str, Any]


def split_by_dtype(group: Group) -> list[Group]:
    """Divide a group into one for each dtype, in the order of their first parameters; one of one dtype stays itself.

    Args:
        group: a group as torch keeps it: "params" is a list; "param_names", where it is there, has as many names.
    """
    dtypes = list(dict.fromkeys(parameter.dtype for parameter in group["params"]))
    if len(dtypes) <= 1:
        return [group]
    return [_part(group, dtype) for dtype in dtypes]


def _part(group: Group, dtype: torch.dtype) -> Group:
    chosen = [index for index, parameter in enumerate(group["params"]) if parameter.dtype == dtype]
    lists = [key for key in ("params", "param_names") if key in group]
    return {**group, **{key: [group[key][index] for index in chosen] for key in lists}}


def refuse_other_dtypes(group: Group, title: str) -> None:
    """Refuse a group with a trainable parameter of a dtype for which the kernel has no code.

    Raises:
        ParamGroupError: the group has such a parameter.
    """
    names = group.get("param_names")
    for index, parameter in enumerate(group["params"]):
        if parameter.requires_grad and parameter.dtype not in TRAINED:
            name = f"`{names[index]}`" if names else f"parameter {index}"
            dtype = str(parameter.dtype).removeprefix("torch.")
            raise ParamGroupError(
                f"{title} trains float32, float16 and bfloat16, and {name} is {dtype}: convert it, or take AdamW"
            )
