"""Source without what stands in its functions, which is most of it, and takes most of the time of parsing."""

from __future__ import annotations

import re
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

__all__ = ["is_compiled", "outlined"]

# Matches a function whose body stands below its head, with that: the lines that are indented deeper, and empty ones.
# The head is one line, or ends with a line that begins where the first one does.
_FUNCTION = re.compile(
    rb"^(?P<head>(?P<indent>[ \t]*+)(?:async )?def (?P<name>\w+)\((?:[^\n]*:|[^\n]*\n"
    rb"(?:(?P=indent)[ \t][^\n]*\n)*+(?P=indent)\)[^\n]*:))[ \t]*\r?\n"
    rb"(?P<body>(?:(?P=indent)[ \t][^\n]*\n|\r?\n)*+)",
    re.MULTILINE,
)
_QUOTES = b'"""'


def outlined(source: bytes) -> bytes:
    r"""Return a source with `...` in place of the body of each function but constructors; lines keep their number.

    Where texts of several lines make it hard to see where a function ends, the source is returned as it is.

    Example:
        >>> from optim_core.bridge.outlines import outlined
        >>> outlined(b"def half(x):\n    y = x / 2\n    return y\n")
        b'def half(x): ...\n\n\n'
    """
    source = source if source.endswith(b"\n") else source + b"\n"
    if b"'''" in source or source.count(_QUOTES) % 2:
        return source
    parts = []
    end = quotes = 0
    for found in _FUNCTION.finditer(source):
        quotes += source.count(_QUOTES, end, found.start())
        within = source.count(_QUOTES, found.start(), found.end())
        # After an odd number of quotes it stands in a text, such as an example in a docstring.
        is_code = quotes % 2 == 0 and within % 2 == 0
        quotes += within
        if is_code and found["name"] != b"__init__":
            parts += [source[end : found.end("head")], b" ...\n", b"\n" * found["body"].count(b"\n")]
        else:
            parts.append(source[end : found.end()])
        end = found.end()
    return b"".join([*parts, source[end:]])


def is_compiled(file: Path, stamp: tuple[int, int]) -> bool:
    """Return whether this Python has compiled a source file as it is now, so that there is no mistake of grammar in it.

    Args:
        file: the source.
        stamp: when it was last changed, in nanoseconds, and its size.
    """
    try:
        with open(cache_from_source(str(file)), "rb") as cache:  # noqa: PTH123 - a string all the way
            header = cache.read(16)
    except (OSError, NotImplementedError):
        return False
    # PEP 552: the number of the format, no flags, and the time and the size of the source, each in four bytes.
    numbers = (0, stamp[0] // 1_000_000_000, stamp[1])
    return header == MAGIC_NUMBER + b"".join((number & 0xFFFFFFFF).to_bytes(4, "little") for number in numbers)
