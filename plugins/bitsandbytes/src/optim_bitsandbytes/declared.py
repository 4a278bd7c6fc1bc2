"""What classes of the library cannot do, as the conformance kit found it in bitsandbytes 0.50.2."""

from __future__ import annotations

__all__ = ["declared"]

# Property, or field, to what is declared of it, to the names of the classes.
_DECLARED: dict[str, dict[str, str]] = {}


def declared(name: str) -> dict[str, str]:
    """The declarations of one class for the conformance kit: property to ``"refuses: why"`` or ``"differs: why"``."""
    return {
        wanted: text for wanted, texts in _DECLARED.items() for text, names in texts.items() if name in names.split()
    }
