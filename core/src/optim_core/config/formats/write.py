"""A canonical config as the text of a file, in any of the formats."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from optim_core.config.formats import load
from optim_core.config.formats.format import Format
from optim_core.errors import OptimError

__all__ = ["config_text"]

# Half of a surrogate pair can only be written as an escape, which some formats do not have.
_HALF = re.compile(r"[\ud800-\udfff]")


def config_text(
    config: dict[str, Any], file_format: Format, build: Callable[[Any], Any], *, ascii_only: bool = False
) -> str:
    """Return a canonical config as text that ends with a line break and builds the same again.

    Args:
        config: as `Registry.to_config` gives it.
        file_format: the format.
        build: a config to what it builds, for formats in which something is to be left out.
        ascii_only: write all other letters as escapes.

    Raises:
        OptimError: the format cannot hold it, or a number has over 4,300 digits.

    Example:
        >>> from optim_core import registry
        >>> from optim_core.plugin_tools import config_text, format_of
        >>> config = {"optimizer": {"type": "AdamW", "config": {"lr": 0.001}}}
        >>> print(config_text(config, format_of("train.yaml"), registry.build), end="")
        optimizer:
          type: AdamW
          config:
            lr: 0.001
    """
    if not file_format.has_null:
        from optim_core.config.formats.nulls import without_nulls

        config = without_nulls(config, build, file_format.title)
    try:
        has_half = _HALF.search(json.dumps(config, ensure_ascii=False)) is not None
        if has_half and not file_format.has_half_letters:
            others = " and ".join(each.title for each in load.FORMATS if each.has_half_letters)
            raise OptimError(
                f"the config holds half a surrogate pair, which no {file_format.name} file can; {others} can"
            )
        return file_format.code().write(config, ascii_only=ascii_only or has_half)
    except ValueError as error:
        # Python reads hexadecimal numbers that are longer than those that it writes.
        raise OptimError(f"the config holds a number that cannot be written: {error}") from None
