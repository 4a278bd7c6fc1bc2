"""The command `optim`."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """What the console script runs."""
    from optim_core.cli.group import cli

    cli(prog_name="optim")
