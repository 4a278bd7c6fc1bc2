"""``fused: auto``: torch's fused kernel where torch has one for every parameter, torch's own choice elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from optim_core.errors import ParamGroupError
from optim_core.plugin_tools import keyword_arguments

if TYPE_CHECKING:
    import torch
    from torch.optim import Optimizer
    from torch.optim.optimizer import ParamsT

__all__ = ["fused_arguments", "has_fused_kernel", "refuse_idle_sgd"]

# The options that decide which of torch's kernels does the step.
DECIDING = ("fused", "foreach", "differentiable")


def fused_arguments(config: Any, params: ParamsT, kernel: str) -> dict[str, Any]:
    """Return the constructor's arguments for a config with a field `fused`, `params` among them.

    Args:
        config: a plugin class instance; its `fused` may be "auto".
        params: what ``torch.optim.Optimizer`` takes. It is passed on as it is, except that under "auto" generators
            become lists, as they are looked through here and once more by torch. A group that sets `fused`, `foreach`
            or `differentiable` itself is looked at on its own.
        kernel: the operator that does the fused step: "adamw" for ``torch._fused_adamw_``.
    """
    arguments = {**keyword_arguments(config), "params": params}
    if config.fused != "auto" and not (isinstance(params, list) and any(map(_has_auto, params))):
        return arguments
    kept = _kept(params)
    others = [entry for entry in kept if not _decides(entry)] if isinstance(kept, list) else kept
    arguments["params"] = kept
    if config.fused == "auto":
        arguments["fused"] = _fused(arguments, others, kernel)
    if isinstance(kept, list):
        asked = {name: getattr(config, name) for name in DECIDING}
        arguments["params"] = [
            _decided({**asked, **entry}, entry, kernel) if _decides(entry) else entry for entry in kept
        ]
    return arguments


def _decides(entry: Any) -> bool:
    """Return whether a group says something about its kernel."""
    return isinstance(entry, Mapping) and not entry.keys().isdisjoint(DECIDING)


def _has_auto(entry: Any) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("fused"), str)


def _decided(asked: Mapping[str, Any], group: Mapping[str, Any], kernel: str) -> Mapping[str, Any]:
    """Return a group in which "auto" has become what torch takes."""
    return {**group, "fused": _fused(asked, [group], kernel)} if asked["fused"] == "auto" else group


def _fused(asked: Mapping[str, Any], params: Any, kernel: str) -> bool | None:
    """Return what "auto" means for some parameters."""
    possible = not asked["foreach"] and not asked["differentiable"]
    return True if possible and _all_have_kernel(params, kernel) else None


def has_fused_kernel(parameter: torch.Tensor, kernel: str) -> bool:
    """Return whether the installed torch has this fused kernel for the parameter's device and dtype.

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
        and (kernel != "sgd" or device != "cpu" or _sgd_moves(parameter.dtype))
    )


def refuse_idle_sgd(optimizer: Optimizer) -> None:
    """Refuse a fused SGD that would not train.

    Raises:
        ParamGroupError: it has parameters on a CPU of a dtype that torch's kernel leaves as they are.
    """
    for number, group in enumerate(optimizer.param_groups):
        kinds = {(parameter.device.type, parameter.dtype) for parameter in group["params"]} if group["fused"] else set()
        for device, dtype in sorted(kinds, key=str):
            if device == "cpu" and not _sgd_moves(dtype):
                raise ParamGroupError(
                    f"parameter group {number}: this torch's fused SGD leaves parameters of {dtype} on a CPU as they "
                    "are; write fused: auto, or leave it out"
                )


@cache
def _sgd_moves(dtype: torch.dtype) -> bool:
    """Return whether torch's fused SGD moves parameters of a dtype on a CPU.

    That of torch 2.13 leaves those of bfloat16 and float16 as they are where there are more than a few numbers.
    """
    import torch

    if dtype not in (torch.bfloat16, torch.float16):
        return True
    parameter, gradient = torch.zeros(64, dtype=dtype), torch.ones(64, dtype=dtype)
    torch._fused_sgd_(
        [parameter],
        [gradient],
        [],
        weight_decay=0.0,
        momentum=0.0,
        lr=1.0,
        dampening=0.0,
        nesterov=False,
        maximize=False,
        is_first_step=True,
    )
    return bool((parameter == -1).all())


def _kept(params: Any) -> Any:
    """Return `params` with what can be iterated only once made a list, here and in the groups, as torch does."""
    import torch

    # torch refuses a tensor and, in a group, a set; it must see them as they are to do so.
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
    """Yield the tensors in what torch takes as parameters; what torch refuses is left for torch to refuse."""
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
