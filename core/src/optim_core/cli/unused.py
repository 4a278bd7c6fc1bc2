"""What a config holds beside the recipe, for other programs, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optim_core import Recipe
from optim_core.plugin_tools import SECTION, listing, visible

__all__ = ["unused_note", "unused_paths"]


def unused_note(built: Any) -> str:
    """Return a line that names what optim-core does not read and somebody may have meant to be; "" for none."""
    paths = unused_paths(built)
    return f"    not read by optim-core: {listing(map(visible, paths))}" if paths else ""


def unused_paths(built: Any) -> list[str]:
    """Return the keys that are not optim-core's, those of the section that also holds the recipe one by one."""
    unused: Mapping[str, Any] = built.unused if isinstance(built, Recipe) else {}
    inner = unused.get(SECTION)
    below = [f"{SECTION}.{key}" for key in inner] if isinstance(inner, Mapping) else []
    return [str(key) for key in unused if key != SECTION] + below
