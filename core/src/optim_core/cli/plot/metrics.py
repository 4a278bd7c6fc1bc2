"""The metrics that a schedule which waits for them is drawn with."""

from __future__ import annotations

import re
from pathlib import Path

from optim_core import OptimError
from optim_core.plugin_tools import visible

__all__ = ["read_metrics"]

LARGEST = 64 * 2**20
_BETWEEN = re.compile(r"[\s,;]+")


def read_metrics(given: str) -> list[float]:
    """Return the metrics in a text such as ``0.9,0.7,0.71``, or in the file of this name.

    Args:
        given: numbers with commas between them; or a file that holds numbers, with commas, blanks or line breaks
            between them, or a JSON list of them.

    Raises:
        OptimError: it is neither, or there is no number in it.
    """
    if not given.strip():
        raise OptimError("--metrics is empty: give a list such as 0.9,0.7,0.71, or a file")
    try:
        return _numbers(given)
    except ValueError:
        pass
    try:
        # It may be a pipe or a device, whose size is not known before.
        with Path(given).open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise OptimError(f"--metrics: {visible(given)} has over {LARGEST // 2**20} MiB")
        return _numbers(content.decode("utf-8-sig"))
    except OSError as error:
        raise OptimError(
            f"--metrics: {visible(given)} is neither a list such as 0.9,0.7,0.71 nor a file: {error.strerror}"
        ) from None
    except ValueError as error:
        raise OptimError(f"--metrics: {visible(given)}: {error}") from None


def _numbers(text: str) -> list[float]:
    """Read numbers; raise ValueError with the first word that is none."""
    words = [word for word in _BETWEEN.split(text.strip().removeprefix("[").removesuffix("]")) if word]
    if not words:
        raise ValueError("holds no number")
    numbers = []
    for position, word in enumerate(words, 1):
        try:
            numbers.append(float(word))
        except ValueError:
            raise ValueError(f"`{visible(word[:40])}` is no number; it is number {position} in it") from None
    return numbers
