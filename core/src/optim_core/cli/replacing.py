"""What is lost where a command replaces the file that it reads."""

from __future__ import annotations

from pathlib import Path

from optim_core import OptimError
from optim_core.plugin_tools import has_comments

__all__ = ["is_one_file", "refuse_to_lose_comments"]


def refuse_to_lose_comments(file: str, output: str) -> None:
    """Refuse to write over a file with comments, which what is written has not.

    Raises:
        OptimError: `output` is `file`, and that has comments.
        ConfigError: it cannot be read.
    """
    if is_one_file(file, output) and has_comments(file):
        raise OptimError(
            f"{file}: its comments would be lost, so it is not replaced; write to another file and carry them over, "
            "or say --drop-comments"
        )


def is_one_file(file: str, output: str) -> bool:
    """Tell whether two names lead to one file."""
    try:
        return Path(output).samefile(file)
    except (OSError, ValueError):
        # One of them is not there, or cannot be; whoever reads and writes says so.
        return False
