"""What keeps a kernel of DeepSpeed from being had on this machine, found without compiling anything."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optim_core.plugin_tools import output_diverted, said
from optim_deepspeed_fused.kernel.build_folder import build_folder, is_compiled, left_behind, stale_lock

__all__ = ["NINJA_FOLDER", "comes_ready", "obstacles", "of_toolkit"]

INSTALL = "pip install 'optim-core[deepspeed]'"
# The folder into which pip puts the command of the package ninja; it is on PATH only in an active environment.
NINJA_FOLDER = sysconfig.get_path("scripts")


def obstacles(builder_name: str) -> list[str]:
    """Return what keeps a kernel from being loaded here, each with its repair; [] where nothing is known to.

    torch and DeepSpeed are imported for that. What DeepSpeed prints at its import goes to standard error.

    Args:
        builder_name: the class of DeepSpeed that compiles the kernel: "FusedAdamBuilder".
    """
    try:
        with output_diverted(), _without_warnings_in_the_log():
            from deepspeed.ops import op_builder

            builder = getattr(op_builder, builder_name)()
    except ImportError as error:
        return [f"DeepSpeed cannot be imported, {said(error)}: {INSTALL}"]
    except Exception as error:  # noqa: BLE001 - it asks drivers and variables, and fails in as many ways
        return [f"DeepSpeed cannot be imported, {said(error)}; mend that, or {INSTALL}"]
    if comes_ready(builder):
        return []
    return [*_of_ninja(), *_of_cuda(builder), *_of_folder(builder)]


@contextlib.contextmanager
def _without_warnings_in_the_log() -> Iterator[None]:
    """Keep DeepSpeed, in the block, from logging at its import that it found no GPU."""

    def is_error(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR

    logger = logging.getLogger("DeepSpeed")
    logger.addFilter(is_error)
    try:
        yield
    finally:
        logger.removeFilter(is_error)


def comes_ready(builder: Any) -> bool:
    """Return whether nothing is to be compiled: the kernel is loaded, or came with DeepSpeed (DS_BUILD_OPS=1)."""
    from deepspeed.accelerator import get_accelerator
    from deepspeed.git_version_info import accelerator_name, installed_ops

    installed = installed_ops.get(builder.name) and accelerator_name == get_accelerator()._name
    return builder.name in builder._loaded_ops or bool(installed)


def _of_ninja() -> Iterator[str]:
    if not shutil.which("ninja") and not shutil.which("ninja", path=NINJA_FOLDER):
        # DeepSpeed runs ninja also where the kernel is compiled already.
        yield "there is no `ninja`, which compiles it: pip install ninja"


def _of_cuda(builder: Any) -> Iterator[str]:
    """Yield what is wrong with the GPU, or with the toolkit, for a kernel that nvcc compiles."""
    import torch
    from deepspeed.ops.op_builder.builder import CUDAOpBuilder

    if not isinstance(builder, CUDAOpBuilder):
        return
    if not torch.cuda.is_available():
        if any(source.endswith(".cu") for source in builder.sources()):
            yield "DeepSpeed is to use a GPU, and torch finds none: make one visible, or unset DS_ACCELERATOR"
    elif torch.version.cuda is not None:
        yield from of_toolkit(torch.version.cuda)


def of_toolkit(wanted: str) -> Iterator[str]:
    """Yield what is wrong with the CUDA toolkit, which DeepSpeed compares with torch's CUDA.

    Args:
        wanted: the version with which torch was built: "13.0".
    """
    from deepspeed.ops.op_builder import builder

    repair = f"install the toolkit of CUDA {wanted} and set CUDA_HOME to its folder"
    try:
        major, minor = builder.installed_cuda_version()
    except builder.MissingCUDAException as error:
        yield f"there is no CUDA toolkit ({error}): {repair}"
        return
    except (ValueError, IndexError):
        yield f"`nvcc -V` does not tell its version: {repair}"
        return
    found, of_torch = f"{major}.{minor}", ".".join(wanted.split(".")[:2])
    exchangeable = found == of_torch or {found, of_torch} <= set(builder.cuda_minor_mismatch_ok.get(major, ()))
    if not exchangeable and os.environ.get("DS_SKIP_CUDA_CHECK") != "1":
        yield f"the CUDA toolkit is {found} and torch was built with CUDA {wanted}: {repair}"


def _of_folder(builder: Any) -> Iterator[str]:
    """Yield what is wrong with the folder of the kernel, and, where that is empty, with the compiler."""
    try:
        folder = build_folder(builder)
    except OSError as error:
        yield f"the folder for what is compiled cannot be made, {said(error)}: set TORCH_EXTENSIONS_DIR to one that can"
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield f"{folder} cannot be written to: set TORCH_EXTENSIONS_DIR to a folder that can"
    lock = stale_lock(folder)
    if lock is not None:
        yield left_behind(lock)
    if not is_compiled(folder, builder.name):
        yield from _of_compiler()


def _of_compiler() -> Iterator[str]:
    from torch.utils.cpp_extension import get_cxx_compiler

    command = get_cxx_compiler()
    try:
        words = shlex.split(command)
    except ValueError as error:
        yield f"CXX is `{command}`, which is no command ({error}): set it to the compiler to use, or unset it"
    else:
        if not words or not shutil.which(words[0]):
            yield f"there is no C++ compiler, `{command}`: apt-get install g++, or set CXX to the one to use"
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").is_file():
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        yield f"{headers} lacks Python.h: apt-get install python{version}-dev, or take a Python with its headers"
