"""What a run says to whoever started it: lines on standard error, from one process of all that train together."""

from __future__ import annotations

import os

import click

__all__ = ["counted", "is_first_process", "say"]


def is_first_process() -> bool:
    """Tell whether this is the first of the processes that train together, as far as the environment says.

    A ``SLURM_PROCID`` alone, of a program that SLURM started once, is no rank.
    """
    if "RANK" in os.environ:
        return os.environ["RANK"] == "0"
    if int(os.environ.get("SLURM_NTASKS", "1")) > 1:
        return os.environ.get("SLURM_PROCID", "0") == "0"
    return os.environ.get("LOCAL_RANK", "0") == "0" and os.environ.get("NODE_RANK", "0") == "0"


def say(text: str) -> None:
    """Print a line, on standard error, in the first process.

    Example:
        >>> from optim_training.telling import say
        >>> say("the run goes on from step 500")
    """
    if is_first_process():
        click.echo(text, err=True)


def counted(number: int, what: str) -> str:
    """Return a number of things in words.

    Example:
        >>> from optim_training.telling import counted
        >>> counted(1, "step"), counted(20, "step")
        ('1 step', '20 steps')
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
