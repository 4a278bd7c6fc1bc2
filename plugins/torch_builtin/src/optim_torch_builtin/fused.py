"""``fused: auto``: torch's fused kernel where torch has one for every parameter, torch's own choice elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from optim_torch_builtin.arguments import keyword_arguments

if TYPE_CHECKING:
    import torch
    from torch.optim.optimizer import ParamsT

__all__ = ["fused_arguments", "has_fused_kernel"]


def fused_arguments(config: Any, params: ParamsT, kernel: str) -> dict[str, Any]:
    """The constructor's arguments for a config with a field `fused`, `params` among them.

    Args:
        config: a plugin class instance; its `fused` may be "auto".
        params: what ``torch.optim.Optimizer`` takes. It is passed on as it is, except that under "auto" generators
            become lists, as they are looked through here and once more by torch.
        kernel: the operator that does the fused step: "adamw" for ``torch._fused_adamw_``.
    """
    arguments = {**keyword_arguments(config), "params": params}
    if config.fused == "auto":
        arguments["params"] = kept = _kept(params)
        possible = not config.foreach and not config.differentiable
        arguments["fused"] = True if possible and _all_have_kernel(kept, kernel) else None
    return arguments


def has_fused_kernel(parameter: torch.Tensor, kernel: str) -> bool:
    """Whether the installed torch has this fused kernel for the parameter's device and dtype.

    Sparse and complex tensors have none, nor have tensor subclasses, DTensor excepted.
    """
    import torch
    from torch.utils._foreach_utils import _get_fused_kernels_supported_devices

    dtypes = {torch.float64, torch.float32, torch.float16, torch.bfloat16}
    device = parameter.device.type
    if device == "mps":
        dtypes = {torch.float32, torch.float16}
    plain = type(parameter) in (torch.Tensor, torch.nn.Parameter) or hasattr(parameter, "device_mesh")
    return (
        plain
        and not parameter.is_sparse
        and parameter.dtype in dtypes
        and device in _get_fused_kernels_supported_devices()
        and torch._C._dispatch_has_kernel_for_dispatch_key(
            f"aten::_fused_{kernel}_", torch._C._dispatch_key_for_device(device)
        )
    )


def _kept(params: Any) -> Any:
    """`params` with what can be iterated once made a list, here and in the groups, as torch itself does."""
    import torch

    # torch refuses a tensor and, in a group, a set: it is to see them.
    if isinstance(params, (torch.Tensor, set)) or not isinstance(params, Iterable):
        return params
    return [
        {**entry, "params": _kept(entry["params"])} if isinstance(entry, Mapping) and "params" in entry else entry
        for entry in params
    ]


def _all_have_kernel(params: Any, kernel: str) -> bool:
    seen: set[tuple[Any, ...]] = set()
    for parameter in _tensors(params):
        kind = (type(parameter), parameter.device, parameter.dtype, parameter.layout)
        if kind not in seen and not has_fused_kernel(parameter, kernel):
            return False
        seen.add(kind)
    return True


def _tensors(params: Any) -> Iterator[torch.Tensor]:
    """The tensors in what torch takes as parameters; what torch will refuse is left for torch to refuse."""
    import torch

    if isinstance(params, torch.Tensor):
        yield params
    elif isinstance(params, Iterable):
        for entry in params:
            if isinstance(entry, Mapping):
                yield from _tensors(entry.get("params"))
            else:
                tensor = entry[1] if isinstance(entry, tuple) and len(entry) == 2 else entry
                if isinstance(tensor, torch.Tensor):
                    yield tensor
