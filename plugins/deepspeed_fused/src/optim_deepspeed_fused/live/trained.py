"""The parameters that a step changes, as DeepSpeed's kernels read them: dense memory on the right device."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import torch
from torch import Tensor

from optim_core.errors import ParamGroupError
from optim_deepspeed_fused.live.dtype_groups import TRAINED

__all__ = ["MEANS", "contiguous", "convert_means", "say_changed", "trained_parameters", "write_back"]

MEANS = ("exp_avg", "exp_avg_sq")


def trained_parameters(
    group: dict[str, Any], state: Mapping[Tensor, Mapping[str, Any]], title: str, device_type: str
) -> list[Tensor]:
    """Return the parameters of a group that have a gradient.

    The kernels read memory as it lies there, without checking what it is; so that is checked here.

    Args:
        group: a parameter group.
        state: what the optimizer keeps of each parameter.
        title: the optimizer, for messages.
        device_type: the type of the device on which the kernel runs: "cpu", "cuda".

    Raises:
        RuntimeError: a gradient is sparse.
        ParamGroupError: a parameter is on another device, has a dtype that is not trained, or is no plain tensor, or
            its gradient or its means have another shape.
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
        means = {key: mean for key, mean in state.get(parameter, {}).items() if key in MEANS}
        for what, tensor in {"gradient": parameter.grad, **means}.items():
            if tensor.shape != parameter.shape:
                raise ParamGroupError(
                    f"{title}: a parameter has the shape {list(parameter.shape)}, and its {what} has "
                    f"{list(tensor.shape)}: load a state of this model, or build the optimizer after changing the shape"
                )
    return parameters


def convert_means(state: MutableMapping[str, Any], parameter: Tensor, dtype: torch.dtype) -> None:
    """Bring the means of a parameter to its device: a model may be converted or moved after its first step.

    Args:
        state: what the optimizer keeps of the parameter.
        parameter: the parameter.
        dtype: the dtype that the means are to have.
    """
    for key in MEANS:
        mean = state[key]
        if mean.dtype != dtype or mean.device != parameter.device:
            state[key] = mean.to(parameter.device, dtype)


def contiguous(tensor: Tensor) -> Tensor:
    """Return the tensor itself where its memory is in order, else a copy whose memory is."""
    return tensor if tensor.is_contiguous() else tensor.contiguous()


def write_back(originals: Sequence[Tensor], used: Sequence[Tensor]) -> None:
    """Copy what a kernel has changed into the tensors of which it was given copies."""
    for original, changed in zip(originals, used, strict=True):
        if changed is not original:
            original.copy_(changed)


def say_changed(parameters: Sequence[Tensor]) -> None:
    """Tell autograd that parameters were changed, which the kernels do not.

    A backward pass through a graph from before the step is an error then, as with torch's optimizers, and not a wrong
    gradient.
    """
    torch.autograd.graph.increment_version([each for each in parameters if not each.is_inference()])
