"""What a step would wait for on a GPU, found without one: tensors that have a device, and no numbers.

Under FakeTensorMode a model lies on ``cuda:0`` of a machine that has none. A line that asks for a number of such a
tensor, or copies it to the CPU or from there, would wait for the device. It is noted, and told a number, so that
whatever comes after it is seen too.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

DEVICE = torch.device("cuda:0")
TORCH = Path(torch.__file__).parent
# Frames of torch that stand between a line and the device.
MACHINERY = ("_subclasses", "utils", "_ops.py", "_tensor.py", "functional.py", "_prims", "_prims_common", "_refs")
MACHINERY += (
    "_decomp",
    "_library",
    "_dynamo",
    "overrides.py",
    "_compile.py",
    "_meta_registrations.py",
    "optim/optimizer.py",
)
NUMBERS = {torch.ops.aten._local_scalar_dense.default, torch.ops.aten.equal.default, torch.ops.aten.is_nonzero.default}
AS_NUMBER: dict[Any, Callable[[Any], Any]] = {
    Tensor.__float__: float,
    Tensor.__int__: int,
    Tensor.__bool__: bool,
    Tensor.__index__: int,
}
BELOW: dict[Any, Callable[..., Any]] = {
    Tensor.copy_: torch.ops.aten.copy_.default,
    Tensor.cpu: lambda tensor: torch.ops.aten._to_copy.default(tensor, device="cpu"),
    Tensor.equal: torch.ops.aten.equal.default,
    torch.equal: torch.ops.aten.equal.default,
    Tensor.nonzero: torch.ops.aten.nonzero.default,
}
SIZES = {"nonzero", "masked_select", "unique", "_unique2", "unique_dim", "unique_consecutive"}


class Waits(TorchDispatchMode):
    """Note the line of each operation that would wait for the device; `lines` has each once, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, None] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Do an operation, or tell a number where it asks for one."""
        options = kwargs or {}
        if func._schema.name.startswith("aten::_fused_"):
            # Kernels that change their arguments, and which torch without CUDA cannot even pretend to call.
            return None
        if func in NUMBERS:
            if _tensors(args)[0].device.type != "cpu":
                self.note()
            return True if func is not torch.ops.aten._local_scalar_dense.default else _one(args[0])
        result = func(*args, **options)
        if func._schema.name.removeprefix("aten::") in SIZES or _crosses(func, args, options, result):
            self.note()
        return result

    def note(self) -> None:
        """Add the innermost line that is not of torch's machinery."""
        for frame in reversed(traceback.extract_stack()):
            if frame.filename != __file__ and not _is_machinery(Path(frame.filename)):
                self.lines[f"{_short(frame.filename)}:{frame.lineno} {frame.line}"] = None
                return


def _one(tensor: Tensor) -> int | float | bool:
    if tensor.dtype == torch.bool:
        return True
    # Neither 0 nor 1, by whose difference optimizers divide.
    return 0.5 if tensor.dtype.is_floating_point else 1


class WithoutCuda(TorchFunctionMode):
    """Do without CUDA what the methods of tensors that ask for the present GPU do: torch for the CPU has none of it."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the operation below a method of a tensor on the GPU, or the function itself."""
        if not (args and isinstance(args[0], Tensor) and args[0].device.type == "cuda"):
            return func(*args, **(kwargs or {}))
        if func in AS_NUMBER:
            return AS_NUMBER[func](args[0].item())
        if func in BELOW:
            return BELOW[func](*args, **(kwargs or {}))
        if func is Tensor.__getitem__ and isinstance(args[1], int):
            return args[0].select(0, args[1])
        if func is Tensor.__setitem__ and isinstance(args[1], Tensor) and not isinstance(args[2], Tensor):
            # A number for the places of a mask, which torch fills in without counting them.
            return args[0].masked_fill_(args[1], args[2])
        return func(*args, **(kwargs or {}))


def _crosses(func: Any, args: tuple[Any, ...], options: dict[str, Any], result: Any) -> bool:
    """Return whether an operation copies from one device to another, and waits until that is done."""
    name = func._schema.name.removeprefix("aten::")
    if name not in ("_to_copy", "copy_", "_foreach_copy_", "_copy_from"):
        return False
    blocking = not options.get("non_blocking", False) and not (name == "copy_" and len(args) > 2 and args[2])
    devices = {tensor.device for tensor in (*_tensors(args), *_tensors((result,)))}
    return blocking and len(devices) > 1


def _tensors(values: tuple[Any, ...]) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        found += [value] if isinstance(value, Tensor) else _tensors(tuple(value)) if isinstance(value, list) else []
    return found


def _is_machinery(file: Path) -> bool:
    inside = file.relative_to(TORCH).as_posix() if file.is_relative_to(TORCH) else ""
    return inside.startswith(MACHINERY)


def _short(filename: str) -> str:
    """Return a path from the name of its package on, such as ``optim_muon/optimizer.py``."""
    parts = Path(filename).parts
    for base in ("site-packages", "src"):
        if base in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(base) :])
    return "/".join(parts[-2:])


@contextmanager
def a_device() -> Iterator[FakeTensorMode]:
    """Let tensors on a GPU be made that have no numbers; what asks for its capability is told that of an H200."""
    with pytest.MonkeyPatch.context() as patch, FakeTensorMode(shape_env=ShapeEnv()) as mode, WithoutCuda():
        patch.setattr(torch.cuda, "get_device_capability", lambda device=None: (9, 0))
        patch.setattr(torch.cuda, "is_current_stream_capturing", lambda: False)
        patch.setattr(torch.cuda, "_lazy_init", lambda: None)
        yield mode


def waits_of(step: Callable[[], object]) -> list[str]:
    """Return the lines in `step` that would wait for the device, as ``file:line source``."""
    with Waits() as waits:
        step()
    return list(waits.lines)


def model_on_the_device(dtype: torch.dtype = torch.float32, *, vectors: bool = True) -> nn.Module:
    """Make a model with an embedding, small and large matrices, a head and, unless told otherwise, vectors."""
    body = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 16), nn.Linear(16, 1024), nn.Linear(1024, 2048))
    model = nn.ModuleDict({"embedding": nn.Embedding(5, 8), "body": body, "head": nn.Linear(2048, 4)})
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            there = nn.Parameter(torch.empty(parameter.shape, dtype=dtype, device=DEVICE))
            setattr(module, name, there if vectors or parameter.ndim > 1 else None)
    return model


def loss_on_the_device() -> Tensor:
    """Return a loss, as a closure does."""
    return torch.empty((), device=DEVICE)


def set_gradients(model: nn.Module) -> None:
    """Give each parameter a gradient."""
    for parameter in model.parameters():
        parameter.grad = torch.empty_like(parameter)
