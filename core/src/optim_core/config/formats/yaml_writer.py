"""Configs as YAML that every loader reads back: numbers stay numbers, also for YAML 1.1, and texts stay texts."""

from __future__ import annotations

import re
from typing import Any

import yaml

__all__ = ["to_yaml"]

SHORT_LIST = 72
WIDTH = 100


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _list(dumper: yaml.SafeDumper, data: Any) -> yaml.Node:
    """Write short lists of plain values on one line."""
    plain = not any(isinstance(item, (dict, list, tuple)) for item in data)
    short = sum(len(str(item)) + 2 for item in data) <= SHORT_LIST
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=plain and short)


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
    """Write double quotes around line breaks, of which YAML would change some, and around invisible characters."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=None if data.isprintable() else '"')


# YAML 1.2 reads these texts as numbers, and PyYAML, which follows 1.1, would write them without quotes.
_NUMBERS_OF_1_2 = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|0o[0-7]+\Z")

_Dumper.add_representer(list, _list)
_Dumper.add_representer(tuple, _list)
_Dumper.add_representer(str, _text)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBERS_OF_1_2, list("-+.0123456789"))


def to_yaml(config: Any, *, ascii_only: bool = False) -> str:
    """Return plain data as YAML, keys in their order; with `ascii_only`, all other letters as escapes."""
    text: str = yaml.dump(config, Dumper=_Dumper, sort_keys=False, allow_unicode=not ascii_only, width=WIDTH)
    return text
