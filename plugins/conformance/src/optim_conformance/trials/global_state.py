"""What belongs to the whole process, and that a plugin leaves alone."""

from __future__ import annotations

import builtins
import contextlib
import decimal
import gc
import locale
import logging
import os
import random
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["RANDOM_NUMBERS", "changes", "of_python", "restored", "snapshot"]

# The parts that differ after each draw, and do nothing to whoever draws next.
OF_TORCH, OF_PYTHON, OF_NUMPY = RANDOM_NUMBERS = (
    "torch's random numbers",
    "Python's random numbers",
    "numpy's random numbers",
)
# Stands for what torch itself changes when it compiles for the first time.
BY_TORCH = "torch's own"
# What torch's compiler raises the recursion limit to.
OF_THE_COMPILER = 2000
_SIGNALS = [signal.Signals(number) for number in signal.valid_signals() if number in set(signal.Signals)]


def snapshot() -> dict[str, Any]:
    """Return the state of the process, each part by its name; parts compare by ``==``."""
    return {**_of_torch(), **_torchs_random_numbers(), **of_python()}


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
        "how tensors are printed": repr(vars(torch._tensor_str.PRINT_OPTS)),
        **{f"functions of {name}": _functions(owner) for name, owner in _owners()},
    }


def _owners() -> Iterator[tuple[str, Any]]:
    """Yield what a plugin may have put functions of its own into, by name."""
    import torch

    yield "torch", torch
    yield "torch.Tensor", torch.Tensor
    yield "torch.nn.Module", torch.nn.Module
    yield "torch.nn.functional", torch.nn.functional
    yield "torch.nn.utils", torch.nn.utils
    for module in (torch.optim, torch.optim.lr_scheduler):
        for name, value in list(vars(module).items()):
            if isinstance(value, type) and value.__module__.startswith("torch."):
                yield f"{module.__name__}.{name}", value


def _flushes_denormals() -> bool:
    """Tell whether the smallest numbers are rounded to zero, which a call of torch switches and none tells."""
    import torch

    return bool((torch.tensor([1e-310], dtype=torch.float64) * 0.5).item() == 0)


def _functions(owner: Any) -> dict[str, Any]:
    """Return what can be called in a class or module."""
    return {name: _identity(value) for name, value in list(vars(owner).items()) if callable(value)}


def _identity(function: Any) -> int | str:
    """Return the same number for the same function; for one by which torch.compile watches models, `BY_TORCH`."""
    if getattr(function, "__module__", None) == "torch._dynamo.mutation_guard":
        return BY_TORCH
    return id(_unhooked(function))


def _unhooked(function: Any) -> Any:
    """Return the function itself, where torch has put its hooks around it, as it does when the first object is made.

    So it does with functions that `torch.compile` leaves alone, at its first use.
    """
    function = getattr(function, "_torchdynamo_orig_callable", function)
    written_in = Path(getattr(getattr(function, "__code__", None), "co_filename", ""))
    if written_in.parts[-2:] == ("torch", "_compile.py"):
        function = getattr(function, "__wrapped__", function)
    return function.__wrapped__ if getattr(function, "hooked", False) is True else function


def _torchs_random_numbers() -> dict[str, Any]:
    import torch

    return {OF_TORCH: bytes(torch.random.get_rng_state().tolist())}


def of_python() -> dict[str, Any]:
    """Return the state of the process that there is without torch."""
    return {
        **_random_numbers(),
        **_of_the_system(),
        "sys.path": _path(),
        "sys.excepthook": id(sys.excepthook),
        "standard output": (id(sys.stdout), sys.stdout.closed),
        "standard error": (id(sys.stderr), sys.stderr.closed),
        "the recursion limit": _recursion_limit(),
        "garbage collection": (gc.isenabled(), gc.get_threshold()),
        "tracing": (id(sys.gettrace()), id(sys.getprofile())),
        "built-in functions": _functions(builtins),
        "what warnings are shown": _blanket_filters(),
        "the root logger": (logging.root.level, len(logging.root.handlers), logging.root.manager.disable),
        "the precision of decimal numbers": decimal.getcontext().prec,
        "running threads": sorted(thread.name for thread in threading.enumerate()),
    }


def _recursion_limit() -> int | str:
    limit = sys.getrecursionlimit()
    return BY_TORCH if limit == OF_THE_COMPILER and "torch._inductor.compile_fx" in sys.modules else limit


def _path() -> list[str]:
    """Return the entries of sys.path, without those below another one, as setuptools adds them for parts of itself."""
    return [entry for entry in sys.path if not any(entry.startswith(f"{other}{os.sep}") for other in sys.path)]


def _random_numbers() -> dict[str, Any]:
    found: dict[str, Any] = {OF_PYTHON: random.getstate()}
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        found[OF_NUMPY] = repr(numpy.get_state())
    return found


def _of_the_system() -> dict[str, Any]:
    folder = os.getcwd()  # noqa: PTH109 - a string, to compare
    mask = os.umask(0o077)
    os.umask(mask)
    return {
        "the working directory": folder,
        "files in the working directory": sorted(os.listdir(folder)),  # noqa: PTH208 - names, to compare
        "environment variables": _environment(),
        "the mask of new files": mask,
        "child processes": _children(),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the default timeout of sockets": socket.getdefaulttimeout(),
        **{f"the handler of {each.name}": id(signal.getsignal(each)) for each in _SIGNALS},
    }


# Beginnings of the variables that others read: a library may set those that it alone reads.
_OF_OTHERS = ("CUBLAS_", "CUDA_", "KMP_", "LD_", "MKL_", "NCCL_", "OMP_", "PYTHON", "PYTORCH_CUDA_ALLOC", "TORCH_")


def _environment() -> dict[str, Any]:
    """Return the variables that there are, which are to stay, and all of those that others read."""
    others = sorted(name for name in os.environ if name.startswith(_OF_OTHERS))
    return {**os.environ, "": others}


def _children() -> list[str]:
    """Return the processes that this one has started, where the system tells."""
    told = Path(f"/proc/self/task/{os.getpid()}/children")
    return told.read_text(encoding="ascii").split() if told.exists() else []


def _blanket_filters() -> list[str]:
    """Return the filters of warnings that mean all modules and all messages."""
    everybodys = [each for each in warnings.filters if each[2].__module__ == "builtins"]
    return [repr(each) for each in everybodys if each[1] is None and each[3] is None]


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the names of the parts that differ; what a mapping lacked before is no difference."""
    return [name for name, value in before.items() if not _as_before(value, after[name])]


def _as_before(value: Any, now: Any) -> bool:
    if isinstance(value, dict) and isinstance(now, dict):
        return all(name in now and now[name] in (each, BY_TORCH) for name, each in value.items())
    return bool(value == now or now == BY_TORCH)


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Put back, after a check, what would change the numbers of those that follow."""
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
