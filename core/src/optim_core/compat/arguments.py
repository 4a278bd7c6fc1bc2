"""Problems of a config, told by the arguments from which a function made that config."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs

from optim_core.errors import ConfigError, Problem

__all__ = ["as_arguments", "key_of", "problem"]


def problem(path: str, message: str, hint: str | None = None) -> Problem:
    """Return the problem of one argument, whose name is the path."""
    return Problem(path=path, message=message, hint=hint)


def key_of(path: str) -> str:
    """Return the first key of a path: ``betas`` of ``betas[1]``."""
    return path.partition(".")[0].partition("[")[0]


@contextmanager
def as_arguments(rename: Callable[[str], str]) -> Iterator[None]:
    """Rename the paths of a ConfigError that is raised in the block; the class of the error stays.

    Args:
        rename: gives the new path for a path.
    """
    try:
        yield
    except ConfigError as error:
        renamed = [attrs.evolve(found, path=rename(found.path)) for found in error.problems]
        raise type(error)(renamed) from None
