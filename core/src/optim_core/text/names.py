"""The names of plugins and distributions: which are allowed, and how two are compared."""

from __future__ import annotations

__all__ = ["is_name", "normalise", "normalise_distribution"]


def is_name(name: str) -> bool:
    """Return whether a plugin may have this name: visible text without ``:``.

    In ``optim-muon:Muon`` the colon ends the name of the distribution.
    """
    return bool(normalise(name).strip()) and name.isprintable() and ":" not in name


def normalise(name: str) -> str:
    """Return a plugin's name as it is compared: without case, ``-`` and ``_``.

    Example:
        >>> from optim_core.plugin_tools import normalise
        >>> normalise("Fused-Adam") == normalise("fused_adam")
        True
    """
    return name.casefold().replace("-", "").replace("_", "")


def normalise_distribution(name: str) -> str:
    """Return a distribution's name as it is compared: in lower case, with runs of separators as one ``-`` (PEP 503)."""
    parts = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(part for part in parts if part)
