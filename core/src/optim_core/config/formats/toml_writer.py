"""Configs as TOML, with short lists on one line."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["to_toml"]

SHORT_LIST = 72

# This is a list of plain values as tomli-w writes it, one to a line; no text in it has a line break.
_LIST = re.compile(r"^([^\n]* = )\[\n((?:    [^\n]*,\n)+)\]$", re.MULTILINE)


def to_toml(config: dict[str, Any], *, ascii_only: bool = False) -> str:
    """Return plain data without nulls as TOML, keys in their order where TOML has a choice.

    Args:
        config: a mapping.
        ascii_only: write all other letters as escapes.
    """
    import tomli_w

    text = _LIST.sub(_on_one_line, tomli_w.dumps(config))
    return re.sub(r"[^\x00-\x7f]", _escaped, text) if ascii_only else text


def _escaped(letter: re.Match[str]) -> str:
    """Return a letter as TOML's basic strings escape it; letters beyond ASCII stand nowhere else."""
    code = ord(letter.group())
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _on_one_line(match: re.Match[str]) -> str:
    items = [line.strip().removesuffix(",") for line in match[2].splitlines()]
    plain = not any(item.startswith(("{", "[")) for item in items)
    line = f"{match[1]}[{', '.join(items)}]"
    return line if plain and len(line) <= SHORT_LIST else match[0]
