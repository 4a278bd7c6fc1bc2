"""The parameters that a step changes, in the form that DeepSpeed's kernels read: dense memory on the right device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from optim_core.errors import ParamGroupError
from optim_deepspeed_fused.dtype_groups import TRAINED

__all__ = ["contiguous", "trained_parameters", "write_back"]


def trained_parameters(group: dict[str, Any], title: str, device_type: str) -> list[Tensor]:
    """The parameters of a group that have a gradient.

    The kernels read memory as it lies there, without checking what it is; so that is done here.

    Args:
        group: a parameter group.
        title: the optimizer, for messages.
        device_type: where the kernel runs: "cpu", "cuda".

    Raises:
        RuntimeError: a gradient is sparse.
        ParamGroupError: a parameter is on another device, has a dtype that is not trained, or is no plain tensor.
    """
    parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
    for parameter in parameters:
        if parameter.grad.is_sparse:
            raise RuntimeError(f"{title} does not take sparse gradients: SparseAdam (optim-torch-builtin) does")
        if parameter.device.type != device_type or parameter.dtype not in TRAINED:
            wanted = f"float32, float16 and bfloat16 on {device_type}"
            found = f"{str(parameter.dtype).removeprefix('torch.')} on {parameter.device.type}"
            raise ParamGroupError(f"{title} trains {wanted}, and a parameter is {found}: move or convert the model")
        if type(parameter) not in (Tensor, torch.nn.Parameter):
            kind = type(parameter).__name__
            raise ParamGroupError(f"{title} trains plain tensors, and a parameter is a {kind}: take AdamW for it")
    return parameters


def contiguous(tensor: Tensor) -> Tensor:
    """The tensor itself where its memory is in order, else a copy of which that is true."""
    return tensor if tensor.is_contiguous() else tensor.contiguous()


def write_back(originals: Sequence[Tensor], used: Sequence[Tensor]) -> None:
    """Copies what a kernel has changed into the tensors that it was given copies of."""
    for original, changed in zip(originals, used, strict=True):
        if changed is not original:
            original.copy_(changed)
