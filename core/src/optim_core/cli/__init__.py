"""The command `optim`, and how a command prints: text that the terminal can show, and JSON."""

from __future__ import annotations

from optim_core.cli.output import print_json, say

__all__ = ["main", "print_json", "say"]


def main() -> None:
    """Run the command, as the console script does.

    Example:
        >>> import sys
        >>> from unittest import mock
        >>> from optim_core.cli import main
        >>> with mock.patch.object(sys, "argv", ["optim", "list", "--kind", "clipper", "--format", "no"]):
        ...     main()
        Traceback (most recent call last):
        SystemExit: 2
    """
    from optim_core.cli.group import cli

    cli(prog_name="optim")
