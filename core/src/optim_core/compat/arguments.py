"""What is wrong with a config, told by the arguments from which a function made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs

from optim_core.errors import ConfigError, Problem

__all__ = ["as_arguments", "key_of", "problem"]


def problem(path: str, message: str, hint: str | None = None) -> Problem:
    return Problem(path=path, message=message, hint=hint)


def key_of(path: str) -> str:
    """The first key of a path: ``betas`` of ``betas[1]``."""
    return path.partition(".")[0].partition("[")[0]


@contextmanager
def as_arguments(rename: Callable[[str], str]) -> Iterator[None]:
    """Within it, a ConfigError tells its problems by what `rename` makes of their paths; its class stays."""
    try:
        yield
    except ConfigError as error:
        renamed = [attrs.evolve(found, path=rename(found.path)) for found in error.problems]
        raise type(error)(renamed) from None
