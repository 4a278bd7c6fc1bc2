"""The names of plugins and distributions: which are allowed, and how two are compared."""

from __future__ import annotations

__all__ = ["is_name", "normalise", "normalise_distribution"]


def is_name(name: str) -> bool:
    """Whether a plugin may have this name: visible text without ``:``, which stands after a distribution's name."""
    return bool(normalise(name).strip()) and name.isprintable() and ":" not in name


def normalise(name: str) -> str:
    """The form in which plugin names are compared: without case, ``-`` and ``_``."""
    return name.casefold().replace("-", "").replace("_", "")


def normalise_distribution(name: str) -> str:
    """The form in which distribution names are compared (PEP 503, with runs of separators as one ``-``)."""
    parts = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(part for part in parts if part)
