"""The names of plugins and distributions: which are allowed, and how two are compared."""

from __future__ import annotations

import re

__all__ = ["is_name", "normalise", "normalise_distribution", "plain_name", "words_of"]

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


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


def plain_name(name: str) -> str:
    """Return a plugin's name without the distribution before it, which it has where several have that name.

    Example:
        >>> from optim_core.plugin_tools import plain_name
        >>> plain_name("optim-muon:Muon"), plain_name("AdamW")
        ('Muon', 'AdamW')
    """
    return name.rpartition(":")[2]


def words_of(name: str) -> list[str]:
    """Return the words of a name: Adam and W of ``AdamW``; Batch, Norm, 2 and d of ``BatchNorm2d``."""
    return _WORDS.findall(name)


def normalise_distribution(name: str) -> str:
    """Return a distribution's name as it is compared: in lower case, with runs of separators as one ``-`` (PEP 503)."""
    parts = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(part for part in parts if part)
