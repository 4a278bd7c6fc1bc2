"""References of OmegaConf in a file, ``${trainer.max_epochs}``: followed where the file itself holds what they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from optim_core.config.issues import ConfigPath
from optim_core.config.migrating.source import MISSING, Source
from optim_core.text.values import is_list, shown

__all__ = ["followed"]

_WHOLE = re.compile(r"\$\{(\.*)([A-Za-z_][\w\-]*(?:(?:\.|\[)[\w\-]+\]?)*)\}")
_PART = re.compile(r"\$\{[A-Za-z_][\w\-.\[\]]*\}")
_PARTS = re.compile(r"[\w\-]+")
# A reference may lead to another, and a text hold some, in which others stand: no further, and no longer a text.
_MOST = 10
_DEEPEST = 3
_LONGEST = 1000
_HINT = "give the config with its references resolved: `python train.py --cfg job --resolve > composed.yaml`"


def followed(source: Source, value: Any, path: ConfigPath) -> Any:
    """Return a value with the references in it followed; one that cannot be is told, and is `MISSING`."""
    if isinstance(value, Mapping):
        items = {key: followed(source, below, (*path, key)) for key, below in value.items()}
        return {key: below for key, below in items.items() if below is not MISSING}
    if is_list(value):
        return [followed(source, below, (*path, place)) for place, below in enumerate(value)]
    if not isinstance(value, str):
        return value
    if value == "???":
        source.wrong(path, "is `???`, a value that has to be given", "write it, or give the composed config")
        return MISSING
    return _end_of(source, value, path) if "${" in value else value


def _end_of(source: Source, text: str, path: ConfigPath, deepest: int = _DEEPEST) -> Any:
    """Return what a reference leads to, where that is no mapping; `deepest` is how often a text may be filled in."""
    value, at = text, path
    for _ in range(_MOST):
        reference = _WHOLE.fullmatch(value.strip())
        if reference is None and deepest and "${" not in _PART.sub("", value):
            return _filled_in(source, value, path, deepest)
        if reference is None:
            source.wrong(path, f"refers to what only OmegaConf computes: {shown(value)}", _HINT)
            return MISSING
        dots, keys = len(reference[1]), reference[2]
        begin = at[: len(at) - dots] if dots else ()
        at = (*begin, *(int(part) if part.isdecimal() else part for part in _PARTS.findall(keys)))
        found = source.at(at)
        if found is MISSING or isinstance(found, Mapping):
            source.wrong(path, f"refers to `{keys}`, which this file does not hold as a value", _HINT)
            return MISSING
        source.take(*at)
        if not isinstance(found, str) or "${" not in found:
            return found
        value = found
    source.wrong(path, f"refers to itself: {shown(text)}")
    return MISSING


def _filled_in(source: Source, text: str, path: ConfigPath, deepest: int) -> Any:
    """Return a text with the references in it replaced: ``torch.optim.${name}``."""
    filled = text
    for reference in _PART.findall(text)[:_MOST]:
        found = _end_of(source, reference, path, deepest - 1)
        if found is MISSING:
            return MISSING
        filled = filled.replace(reference, str(found))
    if "${" in filled or len(filled) > _LONGEST:
        source.wrong(path, f"refers to more than is followed: {shown(text)}", _HINT)
        return MISSING
    return filled
