"""Loading a kernel of DeepSpeed, which compiles it where it was not compiled before."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Iterator
from typing import Any

from optim_core import __version__
from optim_core.errors import PluginError
from optim_core.plugin_tools import output_diverted, said
from optim_deepspeed_fused.kernel.build_folder import build_folder, building_alone, is_compiled
from optim_deepspeed_fused.kernel.obstacles import NINJA_FOLDER, comes_ready, obstacles

__all__ = ["load_kernel"]

DISTRIBUTION = "optim-deepspeed-fused"
# How many lines of what a compiler prints are shown, and how much of a line.
MOST_LINES, LONGEST_LINE = 6, 300

logger = logging.getLogger("optim_deepspeed_fused")


def load_kernel(builder_name: str, otherwise: str | None) -> Any:
    """Load the extension module with a kernel, and return it; DeepSpeed's classes then find it loaded.

    What DeepSpeed prints goes to standard error. Where the kernel is compiled, a warning to the logger
    ``optim_deepspeed_fused`` says so.

    Args:
        builder_name: the class of DeepSpeed that compiles it: "FusedAdamBuilder".
        otherwise: what else the user can do where the kernel cannot be had, for the message.

    Raises:
        PluginError: the kernel cannot be had here.
    """
    missing = obstacles(builder_name)
    if missing:
        raise _error(builder_name, "; ".join(missing), otherwise)
    from deepspeed.ops import op_builder

    from optim_deepspeed_fused.kernel.cpu_info import cpu_info_asked_once

    try:
        with output_diverted(), cpu_info_asked_once():
            builder = getattr(op_builder, builder_name)()
            return builder.load() if comes_ready(builder) else _compiled(builder)
    except Exception as error:
        # DeepSpeed, torch, ninja and the compiler fail in many ways.
        cause = _shortened(error) if isinstance(error, (RuntimeError, ImportError, OSError)) else said(error)
        raise _error(builder_name, f"loading or compiling it failed: {cause}", otherwise) from error


def _compiled(builder: Any) -> Any:
    """Return the kernel that torch has compiled, or compiles now.

    Raises:
        ImportError: what was compiled cannot be loaded; the message has the repair.
    """
    folder = build_folder(builder)
    with _ninja_on_path(), building_alone(folder):
        if not is_compiled(folder, builder.name):
            logger.warning("compiling DeepSpeed's %s into %s, once: this takes minutes", builder.name, folder)
        try:
            return builder.load()
        except ImportError as error:
            raise ImportError(f"{error}; rm -r {folder}, and it is compiled anew") from error


@contextlib.contextmanager
def _ninja_on_path() -> Iterator[None]:
    """Let torch run, in the block, the ninja that pip installed beside Python, in an active environment or not.

    Another ninja than the one of the last build may not understand its log, and would compile everything anew.
    """
    if not shutil.which("ninja", path=NINJA_FOLDER):
        yield
        return
    before = os.environ.get("PATH")
    os.environ["PATH"] = os.pathsep.join(filter(None, (NINJA_FOLDER, before)))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before


def _error(builder_name: str, problem: str, otherwise: str | None) -> PluginError:
    kernel = builder_name.removesuffix("Builder")
    ending = f"; or {otherwise}" if otherwise else ""
    return PluginError(
        f"{DISTRIBUTION} {__version__} cannot have DeepSpeed's kernel of {kernel} here: {problem}{ending}",
        distribution=DISTRIBUTION,
        version=__version__,
    )


def _shortened(error: BaseException) -> str:
    """Return the lines of a failed build that say what is wrong: one command alone has thousands of characters."""
    lines = [line.strip() for line in str(error).splitlines()]
    said_by_tools = [line for line in lines if line and " -isystem " not in line and not line.startswith("FAILED")]
    telling = [line for line in said_by_tools if "error" in line.lower() or "not found" in line]
    chosen = telling[:MOST_LINES] or said_by_tools[-MOST_LINES:]
    return "\n".join(f"{line[:LONGEST_LINE]}…" if len(line) > LONGEST_LINE else line for line in chosen) or said(error)
