"""What belongs to the whole process, and that a plugin leaves alone."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["changes", "restored", "snapshot"]


def snapshot() -> dict[str, Any]:
    """The state of the process, each part by its name; parts compare by ``==``."""
    return {**_of_torch(), **_of_random_numbers(), **_of_python()}


def _of_torch() -> dict[str, Any]:
    import torch
    from torch.optim import optimizer

    return {
        "the default dtype": torch.get_default_dtype(),
        "the default device": torch.get_default_device(),
        "the number of threads": torch.get_num_threads(),
        "the number of threads between operators": torch.get_num_interop_threads(),
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "the precision of float32 products": torch.get_float32_matmul_precision(),
        "cudnn.benchmark": torch.backends.cudnn.benchmark,
        "cudnn.deterministic": torch.backends.cudnn.deterministic,
        "anomaly detection": torch.is_anomaly_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "denormal numbers": _flushes_denormals(),
        "hooks of all optimizers": (
            len(optimizer._global_optimizer_pre_hooks),
            len(optimizer._global_optimizer_post_hooks),
        ),
        "torch.optim.Optimizer": _methods(torch.optim.Optimizer),
        "torch.optim.lr_scheduler.LRScheduler": _methods(torch.optim.lr_scheduler.LRScheduler),
        "torch.nn.Module": _methods(torch.nn.Module),
    }


def _flushes_denormals() -> bool:
    """Whether the smallest numbers are rounded to zero, which a call of torch switches and none tells."""
    import torch

    return bool((torch.tensor([1e-310], dtype=torch.float64) * 0.5).item() == 0)


def _methods(cls: type[Any]) -> dict[str, int]:
    return {name: id(value) for name, value in vars(cls).items() if callable(value)}


def _of_random_numbers() -> dict[str, Any]:
    import torch

    found: dict[str, Any] = {
        "torch's random numbers": torch.random.get_rng_state().numpy().tobytes(),
        "Python's random numbers": random.getstate(),
    }
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        found["numpy's random numbers"] = repr(numpy.get_state())
    return found


def _of_python() -> dict[str, Any]:
    return {
        "the working directory": os.getcwd(),  # noqa: PTH109 - a string, to compare
        "sys.excepthook": id(sys.excepthook),
        "the handler of SIGINT": id(signal.getsignal(signal.SIGINT)),
        "the recursion limit": sys.getrecursionlimit(),
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The names of the parts that differ."""
    return [name for name, value in before.items() if after[name] != value]


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Puts back what changes the numbers of checks that come after."""
    import torch

    dtype, threads, grad = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    deterministic = torch.are_deterministic_algorithms_enabled()
    state = random.getstate()
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if torch.are_deterministic_algorithms_enabled() != deterministic:
            torch.use_deterministic_algorithms(deterministic)
        random.setstate(state)
